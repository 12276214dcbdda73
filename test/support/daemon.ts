import fs from 'node:fs'
import path from 'node:path'
import { askDaemon } from '../../src/control/client.ts'
import type { Protocol, RequestName } from '../../src/control/protocol.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import { type Site } from './torch.ts'
import { until } from './until.ts'

/** The time limit of tests that start real daemons and wait for real seconds. */
export const maxTestMs = 120_000

const maxRows = 100_000

/** The fields of a line of the daemon's log that tests look at. */
export interface LogLine {
  readonly time: string
  readonly event: string
  readonly msg: string
  readonly task?: string
  readonly run?: string
  readonly cause?: string
  readonly outcome?: string
  readonly added?: readonly string[]
  readonly changed?: readonly string[]
  /** Such as `tasks.yaml:12:5: ...`. */
  readonly problems?: readonly string[]
}

/** Parses the complete lines: the daemon may be writing the next one. */
export function parseLog(text: string): LogLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
}

export function logOf(site: Site, file = path.join(site.home, 'daemon.log')): LogLine[] {
  return parseLog(readIfThere(file))
}

/** Waits for a line of the log that satisfies `isIt`, ignoring the first `after` lines. */
export function logged(
  site: Site,
  what: string,
  isIt: (line: LogLine) => boolean,
  after = 0,
): Promise<LogLine> {
  return until(() => logOf(site).slice(after).find(isIt), what)
}

/** A restart on a busy machine takes longer than the 10 s that a command waits. */
const askedMs = 30_000

/** Asks the daemon of a site directly, without starting a process. */
export function ask<N extends RequestName>(
  site: Site,
  name: N,
  request: Protocol[N]['request'],
): Promise<Protocol[N]['reply']> {
  return askDaemon(path.join(site.home, 'torch.sock'), name, request, { timeoutMs: askedMs })
}

/** The whole history, newest last, after the daemon, if one runs, has written what it holds back. */
export async function historyOf(site: Site): Promise<HistoryRow[]> {
  if (site.pid() !== undefined) await ask(site, 'flush', {}).catch(() => {})
  const reader = readHistory(path.join(site.home, 'history.db'))
  try {
    return reader.rows({ limit: maxRows })
  } finally {
    reader.close()
  }
}

/** Starts the daemon of a site, and gives its pid. */
export async function startDaemon(site: Site): Promise<number> {
  const { status, stderr } = await site.torch('start')
  const pid = site.pid()
  if (status !== 0 || pid === undefined) throw new Error(`torch start: ${stderr}`)
  return pid
}

/** The lines that a task wrote into a file of its site. */
export function linesOf(site: Site, name: string): string[] {
  return readIfThere(path.join(site.folder, name)).split('\n').slice(0, -1)
}

/** How many descriptors a process has open, and how many of its children are zombies. */
export function heldBy(pid: number): { descriptors: number; zombies: number } {
  const children = readIfThere(`/proc/${pid}/task/${pid}/children`).trim().split(' ')
  const zombies = children.filter((child) => /\) Z /.test(readIfThere(`/proc/${child}/stat`)))
  return { descriptors: fs.readdirSync(`/proc/${pid}/fd`).length, zombies: zombies.length }
}

/** Whether a process has a handler for this signal number: see SigCgt in proc(5). */
export function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? '0'
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
}

export function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Replaces the tasks file by a rename, as most editors do. */
export function renameOver(site: Site, text: string): void {
  fs.renameSync(site.write('.tasks.new', text), site.tasks)
}

/**
 * Checks tasks that are due every second. Compares the slots that the tasks themselves wrote with
 * the history, and reports each slot that started twice, and each slot that neither started nor is
 * recorded as missed (the daemon was down, the machine stood still) or as skipped by a stop.
 */
export function faultsOf(
  site: Site,
  names: readonly string[],
  rows: readonly HistoryRow[],
): string[] {
  const witnesses = names.map((name) => linesOf(site, name).map(secondOf))
  const all = witnesses.flat()
  const [first, last] = [Math.min(...all), Math.max(...all)]
  return names.flatMap((name, index) => {
    const seconds = witnesses[index] ?? []
    const hasStarted = new Set(seconds)
    const faults = hasStarted.size < seconds.length ? [`${name}: a slot started twice`] : []
    // A stop in the middle of a second skips what has not started yet.
    const misses = rows.filter(
      (row) => row.task === name && (row.outcome === 'missed' || row.reason === 'draining'),
    )
    const isMissed = (second: number): boolean =>
      misses.some(
        (row) => second >= secondOf(row.slot) && second <= secondOf(row.lastSlot ?? row.slot),
      )
    for (let second = first; second <= last; second++) {
      const at = new Date(second * 1000).toISOString()
      if (hasStarted.has(second) && isMissed(second))
        faults.push(`${name}: ${at} is recorded as missed but started`)
      if (!hasStarted.has(second) && !isMissed(second)) faults.push(`${name}: ${at} is lost`)
    }
    return faults
  })
}

function secondOf(iso: string | null): number {
  return Date.parse(iso ?? '') / 1000
}
