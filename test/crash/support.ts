import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { ask, historyOf, linesOf, readIfThere } from '../support/daemon.ts'
import { isAlive, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

export { ask, historyOf, linesOf, readIfThere }

const entry = path.join(root, 'test/fixtures/crash-entry.mjs')

/** What fails, and when: see test/fixtures/crash-entry.mjs. */
export interface Plan {
  readonly role?: 'daemon' | 'next-daemon'
  readonly after?: 'start' | 'said' | 'go' | 'armed'
  readonly at?: number
  readonly do?: 'kill' | 'tear' | 'throw' | 'hang' | 'stall'
  readonly armed?: string
  readonly bootId?: string
}

/** A site whose tasks may name its folder as FOLDER. */
export function siteOf(tasks: string): Site {
  const site = newSite('')
  site.write('tasks.yaml', tasks.replaceAll('FOLDER', site.folder))
  return site
}

/** The plan applies to every daemon that starts from now on; without a plan nothing fails. */
export function setPlan(site: Site, plan: Plan | undefined): void {
  if (plan === undefined) fs.rmSync(planFile(site), { force: true })
  else site.write('plan.json', JSON.stringify({ ...plan, trace: path.join(site.folder, 'trace') }))
}

function planFile(site: Site): string {
  return path.join(site.folder, 'plan.json')
}

export interface Launched {
  readonly child: ChildProcess
  readonly pid: number
  /** The first line on its channel: that it is ready, or why not; undefined if it ended without a line. */
  readonly said: { ok: boolean; error?: { code: string; message: string } } | undefined
  /** Its exit status or signal. */
  readonly ended: Promise<number | string | null>
}

/** Starts a daemon that can fail, as `torch start` does, and reads its first line. */
export async function launch(site: Site, env: Record<string, string> = {}): Promise<Launched> {
  fs.mkdirSync(site.home, { recursive: true, mode: 0o700 })
  const log = fs.openSync(path.join(site.home, 'daemon.log'), 'a', 0o600)
  const foreground = env['NOTIFY_SOCKET'] !== undefined
  const settings = {
    ...{ home: site.home, tasks: site.tasks, addresses: [], graceMs: 30_000, foreground },
    ...{ pretty: false, logLevel: 'info', version: 'test' },
  }
  const own = { PATH: process.env['PATH'], HOME: site.folder, TORCH_HOME: site.home, TZ: 'UTC' }
  const child = spawn(process.execPath, [entry, 'daemon', JSON.stringify(settings)], {
    cwd: '/',
    detached: true,
    env: { ...own, ...env, TEST_SITE: site.folder, CRASH_PLAN: planFile(site) },
    stdio: ['ignore', log, log, 'pipe'],
  })
  fs.closeSync(log)
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code))
  })
  const channel = child.stdio[3] as Readable
  const lines = createInterface({ input: channel })
  const line = new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(undefined))
  })
  const heard = await line
  channel.destroy()
  const said = heard === undefined ? undefined : (JSON.parse(heard) as Launched['said'])
  return { child, pid: child.pid ?? 0, said, ended }
}

/** Starts a daemon that must become ready. */
export async function up(site: Site, env: Record<string, string> = {}): Promise<Launched> {
  const launched = await launch(site, env)
  if (launched.said?.ok !== true)
    throw new Error(`no daemon: ${launched.said?.error?.message ?? readIfThere(logFile(site))}`)
  return launched
}

function logFile(site: Site): string {
  return path.join(site.home, 'daemon.log')
}

/** Sends KILL and waits until the process is gone. */
export async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await gone(pid)
}

export function gone(pid: number, boundMs?: number): Promise<boolean> {
  return until(() => !isAlive(pid), `the end of ${pid}`, boundMs)
}

/** The pid of the daemon that answers at the control socket. */
export async function daemonOf(site: Site): Promise<number | undefined> {
  return (await ask(site, 'status', {})).daemon?.pid
}

/** Asks the daemon that answers for a restart with its own program. Settles with the pid of the next daemon. */
export function restart(site: Site): Promise<{ pid: number }> {
  return ask(site, 'restart', { command: undefined })
}

/** Stops the daemon that answers, and waits until it and all runs are gone. */
export async function stopped(site: Site): Promise<void> {
  const { pid } = await ask(site, 'stop', { graceMs: null, leave: false })
  await gone(pid, 30_000)
}

/** Starts a task by hand. Returns the directory of the run. */
export async function begun(site: Site, task: string): Promise<string> {
  return (await ask(site, 'run', { task, force: true })).directory
}

/** The pids that the recorder and the command of a run wrote. */
export async function pidsOf(directory: string): Promise<{ recorder: number; command: number }> {
  const pid = (name: string) =>
    until(() => Number.parseInt(readIfThere(path.join(directory, name)), 10) || undefined, name)
  return { recorder: await pid('claim'), command: await pid('command') }
}

/** The rows of a task, oldest first, in short form: `failed 3`, `killed SIGKILL`, `missed`. */
export function endsOf(rows: readonly HistoryRow[], task: string): string[] {
  return rows
    .filter((row) => row.task === task)
    .map(({ outcome, exitCode, signal }) =>
      [outcome, exitCode, signal].filter((part) => part !== null).join(' '),
    )
}

/** The entries of runs that are not yet on record. */
export function activeOf(site: Site): string[] {
  return fs.readdirSync(path.join(site.home, 'active'))
}
