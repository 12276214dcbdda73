import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import { mountDisk } from '../support/disk.ts'
import { isAlive, newSite, type Site, until } from '../support/torch.ts'
import { ask, linesOf, type LogLine, logOf, readIfThere } from '../system/support.ts'

/** Each start tells a witness outside of the home. `held` runs wait until they are let go. */
const tasks = `
defaults: { output: { keep_runs: 1000 } }
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
  held: { schedule: "@yearly", command: "echo begun >>FOLDER/held; read x <FOLDER/gate; exit 7" }
`

export interface Fault {
  /** Does it to a daemon that runs. Gives what undoes it. */
  strike(site: Site, pid: number): () => void
  /** The home is a disk of its own, with these options of tmpfs(5). */
  readonly disk?: string
  /** The daemon is of this user and group. */
  readonly uid?: number
  /** It starts runs by Node's own spawn. */
  readonly withoutKoffi?: boolean
  /** So many runs are at work when it comes, and end while it lasts. */
  readonly held?: number
  /** Seconds. */
  readonly lasts?: number
}

export interface Aftermath {
  readonly rows: readonly HistoryRow[]
  /** What the log says of trouble, in its order, without what differs from time to time. */
  readonly told: readonly string[]
  readonly log: readonly LogLine[]
}

/**
 * A fault comes, lasts, and goes. The daemon stays, starts again what is due within seconds, and has
 * on record what it started, and what not.
 */
export function survive(fault: Fault): Promise<Aftermath> {
  return within(fault, async (site) => {
    const pid = await started(site, fault)
    await until(() => linesOf(site, 'second').length >= 2, 'two starts')
    const { held = 0 } = fault
    for (let n = 0; n < held; n += 1) await ask(site, 'run', { task: 'held', force: true })
    await until(() => linesOf(site, 'held').length === held, `${held} runs at work`)
    // In a quiet moment: what the seconds before it began is over.
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

/** A site with all its tasks, which is gone after `act`, whatever that does. */
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

/** Starts the daemon of a site as `torch start` does, and gives its pid. */
export async function started(
  site: Site,
  { uid, withoutKoffi = false }: Pick<Fault, 'uid' | 'withoutKoffi'> = {},
): Promise<number> {
  const env = withoutKoffi ? { NODE_OPTIONS: `--require=${hideKoffi(site)}` } : {}
  const { status, stderr } = await site.torchWith({ env, ...(uid && { uid }) }, 'start')
  expect(status, stderr).toBe(0)
  return site.pid() ?? 0
}

/** As on a machine on which the optional package was not installed. */
function hideKoffi(site: Site): string {
  return site.write(
    'hide.cjs',
    `const Module = require('node:module')
     const resolve = Module._resolveFilename
     Module._resolveFilename = (name, ...more) => {
       if (name === 'koffi') throw new Error("Cannot find module 'koffi'")
       return resolve(name, ...more)
     }`,
  )
}

/** Whoever waits at the gate goes on. */
export function letGo(site: Site): void {
  fs.closeSync(fs.openSync(path.join(site.folder, 'gate'), 'w'))
}

/** So many seconds begin, and some time for what is due in the last. */
export async function passed(seconds: number): Promise<void> {
  const end = Math.floor(Date.now() / 1000) + seconds + 0.3
  await until(() => Date.now() / 1000 > end, `${seconds} seconds`)
}

/** As a crash ends it; settles when the last of its threads is gone, which is its children's parent until then. */
export function killDaemon(pid: number): Promise<boolean> {
  process.kill(pid, 'SIGKILL')
  return until(() => !fs.existsSync(`/proc/${pid}`), 'the end of the daemon')
}

/** What is due is started again, within seconds from now. */
export async function expectStart(site: Site): Promise<void> {
  const now = Date.now()
  const isLater = (): boolean => Date.parse(linesOf(site, 'second').at(-1) ?? '') > now
  await until(isLater, 'a start', 5_000)
}

/** Stops the daemon, which is the same as before: what it leaves agrees with the witness. */
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

/** Between what the task says that was started, and what torch has on record. */
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

/** Directories of runs that do not tell how these ended. */
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

/** Why the starts failed that did, each reason once. */
export function reasonsOf({ rows }: Aftermath): string[] {
  const failed = rows.filter(({ outcome }) => outcome === 'spawn-failed')
  return [...new Set(failed.map(({ reason }) => (reason ?? '').replace(/ '.*/, '')))]
}

function logText(site: Site): string {
  return readIfThere(path.join(site.home, 'daemon.log'))
}
