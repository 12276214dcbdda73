import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import { mountDisk } from '../support/disk.ts'
import { isAlive, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, linesOf, type LogLine, logOf, readIfThere } from '../support/daemon.ts'

/** Each start writes to a file outside the home. `held` runs wait until they are released. */
const tasks = `
defaults: { output: { keep_runs: 1000 } }
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
  held: { schedule: "@yearly", command: "echo begun >>FOLDER/held; read x <FOLDER/gate; exit 7" }
`

export interface Fault {
  /** Causes the fault under a running daemon. Returns what undoes it. */
  strike(site: Site, pid: number): () => void
  /** If set, the home is a tmpfs with these mount options (tmpfs(5)). */
  readonly disk?: string
  /** The daemon runs as this user and group. */
  readonly uid?: number
  /** The daemon starts runs with Node's own spawn. */
  readonly withoutKoffi?: boolean
  /** This many runs are in progress when the fault begins, and end while it lasts. */
  readonly held?: number
  /** How long the fault lasts, in seconds. */
  readonly lasts?: number
}

export interface Aftermath {
  readonly rows: readonly HistoryRow[]
  /** The trouble lines of the log, in order, without paths and run ids. */
  readonly told: readonly string[]
  readonly log: readonly LogLine[]
}

/**
 * Lets a fault begin, last and end. Checks that the daemon stays alive, starts tasks again within
 * seconds, and has recorded what started and what did not.
 */
export function survive(fault: Fault): Promise<Aftermath> {
  return within(fault, async (site) => {
    const pid = await started(site, fault)
    await until(() => linesOf(site, 'second').length >= 2, 'two starts')
    const { held = 0 } = fault
    for (let n = 0; n < held; n += 1) await ask(site, 'run', { task: 'held', force: true })
    await until(() => linesOf(site, 'held').length === held, `${held} runs at work`)
    // Wait for a quiet moment: earlier starts have finished.
    await passed(1)
    const undo = fault.strike(site, pid)
    try {
      if (held > 0) letGo(site)
      await passed(fault.lasts ?? 3)
      expect(isAlive(pid), logText(site)).toBe(true)
    } finally {
      undo()
    }
    await expectStart(site)
    return settled(site, pid, held)
  })
}

/** Makes a site with these tasks, and removes it after `act`, even if that throws. */
export async function within<T>(
  { disk, uid }: Pick<Fault, 'disk' | 'uid'>,
  act: (site: Site) => Promise<T>,
): Promise<T> {
  const site = newSite('')
  site.write('tasks.yaml', tasks.replaceAll('FOLDER', site.folder))
  execFileSync('mkfifo', ['-m', '666', path.join(site.folder, 'gate')])
  const unmount = disk === undefined ? undefined : mountDisk(site.home, disk)
  if (uid !== undefined) fs.chownSync(site.folder, uid, uid)
  try {
    return await act(site)
  } finally {
    unmount?.()
    await site.close()
  }
}

/** Starts the daemon of a site and returns its pid. */
export async function started(
  site: Site,
  { uid, withoutKoffi = false }: Pick<Fault, 'uid' | 'withoutKoffi'> = {},
): Promise<number> {
  const env = withoutKoffi
    ? { NODE_OPTIONS: `--require=${path.join(root, 'test/fixtures/hide-koffi.cjs')}` }
    : {}
  const { status, stderr } = await site.torchWith({ env, ...(uid && { uid }) }, 'start')
  expect(status, stderr).toBe(0)
  return site.pid() ?? 0
}

/** Releases the runs that wait at the gate. */
export function letGo(site: Site): void {
  fs.closeSync(fs.openSync(path.join(site.folder, 'gate'), 'w'))
}

/** Waits until this many seconds have begun, and a little longer for the starts of the last one. */
export async function passed(seconds: number): Promise<void> {
  const end = Math.floor(Date.now() / 1000) + seconds + 0.3
  await until(() => Date.now() / 1000 > end, `${seconds} seconds`)
}

/** Kills the daemon and waits for its last thread: until then it is the parent of its runs. */
export function killDaemon(pid: number): Promise<boolean> {
  process.kill(pid, 'SIGKILL')
  return until(() => !fs.existsSync(`/proc/${pid}`), 'the end of the daemon')
}

/** Waits until a task that is due from now on has started. */
export async function expectStart(site: Site): Promise<void> {
  const now = Date.now()
  const isLater = (): boolean => Date.parse(linesOf(site, 'second').at(-1) ?? '') > now
  await until(isLater, 'a start', 5_000)
}

/** Stops the daemon, which must still be the same one, and compares its records with the witness file. */
export async function settled(site: Site, pid: number, held = 0): Promise<Aftermath> {
  expect((await ask(site, 'status', {})).daemon?.pid).toBe(pid)
  await ask(site, 'stop', { graceMs: null, leave: false })
  await until(() => !isAlive(pid), 'the end of the daemon', 20_000)
  const reader = readHistory(path.join(site.home, 'history.db'))
  const rows = reader.rows({ limit: 100_000 })
  reader.close()
  expect(disagreements(linesOf(site, 'second'), rows)).toEqual([])
  expect(rows.filter(({ task, exitCode }) => task === 'held' && exitCode === 7)).toHaveLength(held)
  expect(fs.readdirSync(path.join(site.home, 'active'))).toEqual([])
  expect(withoutOutcome(site)).toEqual([])
  const log = logOf(site)
  const troubles = log.filter(({ event }) => event === 'trouble' || event === 'rebuilt')
  const told = troubles.map(({ msg }) => plainly(site, msg))
  const kinds = told.map((words) => words.replace(/:.*/, ''))
  expect(kinds).toEqual([...new Set(kinds)])
  return { rows, log, told }
}

/** The differences between the slots the task wrote and the history. */
function disagreements(witness: readonly string[], rows: readonly HistoryRow[]): string[] {
  const seconds = witness.map((slot) => Date.parse(slot))
  const found: string[] = []
  for (let at = Math.min(...seconds); at <= Math.max(...seconds); at += 1000) {
    const starts = seconds.filter((second) => second === at).length
    const its = rows.filter((row) => row.task === 'second' && covers(row, at))
    const words = its.map(({ outcome }) => outcome).join(', ')
    const expected = starts > 0 ? ['ok'] : ['spawn-failed', 'missed', 'skipped']
    if (starts > 1 || !expected.includes(words))
      found.push(`${new Date(at).toISOString()}: ${starts} starts, on record: ${words}`)
  }
  return found
}

function covers({ slot, lastSlot }: HistoryRow, at: number): boolean {
  return Date.parse(slot ?? '') <= at && at <= Date.parse(lastSlot ?? slot ?? '')
}

/** The run folders without an outcome. */
function withoutOutcome(site: Site): string[] {
  const runs = path.join(site.home, 'runs')
  return fs
    .readdirSync(runs)
    .flatMap((task) => fs.readdirSync(path.join(runs, task)).map((run) => path.join(task, run)))
    .filter((run) => readIfThere(path.join(runs, run, 'outcome.json')) === '')
}

function plainly(site: Site, words: string): string {
  return words.replaceAll(site.home, 'HOME').replaceAll(/\d{8}T\d{6}\.\d{3}-\w+/g, 'RUN')
}

/** The reasons of failed starts, each one once. */
export function reasonsOf({ rows }: Aftermath): string[] {
  const failed = rows.filter(({ outcome }) => outcome === 'spawn-failed')
  return [...new Set(failed.map(({ reason }) => (reason ?? '').replace(/ '.*/, '')))]
}

function logText(site: Site): string {
  return readIfThere(path.join(site.home, 'daemon.log'))
}
