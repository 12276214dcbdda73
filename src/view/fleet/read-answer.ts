import type {
  StatusReport,
  TaskFacts,
  TaskStatus,
  WrittenDefinition,
} from '../../control/status-report.ts'
import type { HostReason, HostStatus } from '../../daemon/fleet/answer-asks.ts'
import { isHeartbeat } from '../../plan/fleet/hints.ts'
import { type HistoryRow, outcomes, type Trigger } from '../../plan/history-row.ts'
import { isRunId } from '../../run/directory.ts'
import { fieldsOf } from '../../text/fields-of.ts'

/*
 * What machines answer comes from other versions of torch, and perhaps from somebody who has taken one over. Here it
 * becomes what the page can show: every field has its type, and what has not is left out.
 */

/** The status of a machine; undefined: it is none. */
export function readStatus(host: string, value: unknown): HostStatus | undefined {
  const { report: given, more, drift, beat } = fieldsOf(value)
  const { daemon, file, tasks, trouble, host: machine } = fieldsOf(given)
  if (!Array.isArray(tasks)) return undefined
  const { startedAt, state, pid, version } = fieldsOf(daemon)
  const started = timeOf(startedAt)
  const { path, revision, loadedAt, ok, problems } = fieldsOf(file)
  const report: StatusReport = {
    daemon:
      started === null
        ? null
        : {
            ...{ startedAt: started, pid: numberOf(pid) ?? 0, version: textOf(version) ?? '' },
            state: state === 'draining' ? 'draining' : 'running',
          },
    trouble: listOf(trouble).flatMap((each) => {
      const { message, since } = fieldsOf(each)
      const at = timeOf(since)
      return typeof message === 'string' && at !== null ? [{ message, since: at }] : []
    }),
    host: {
      name: textOf(fieldsOf(machine)['name']) ?? host,
      addresses: textsOf(fieldsOf(machine)['addresses']),
    },
    file: {
      ...{ path: textOf(path) ?? '', revision: textOf(revision), loadedAt: timeOf(loadedAt) },
      ok: ok !== false,
      problems: listOf(problems).flatMap(readProblem),
    },
    tasks: tasks.flatMap((task) => readTask(host, task)),
  }
  return {
    report,
    beat: null,
    drift: listOf(drift).flatMap((each) => {
      const { task, kind } = fieldsOf(each)
      return typeof task === 'string' ? [{ task, kind: textOf(kind) ?? '' }] : []
    }),
    more: textOf(more),
    ...(isHeartbeat(beat) && beat.host === host && { beat }),
  }
}

type Problem = StatusReport['file']['problems'][number]

/** Without the line of the file: a machine that does not hide its secrets is none of this one's business. */
function readProblem(value: unknown): Problem[] {
  const { file, line, column, path, message, hint } = fieldsOf(value)
  if (typeof message !== 'string') return []
  return [
    {
      ...{ severity: 'error', source: null, message, hint: textOf(hint) },
      ...{ file: textOf(file) ?? '', line: numberOf(line), column: numberOf(column) },
      path: textOf(path) ?? '',
    },
  ]
}

function readTask(host: string, value: unknown): TaskStatus[] {
  const given = fieldsOf(value)
  const { name, type, counts, last, definition, written } = given
  const { paused, waiting, closed, ended } = given
  if (typeof name !== 'string') return []
  const { failures, skips, restarts } = fieldsOf(counts)
  return [
    {
      ...{ name, type: type === 'daemon' || type === 'manual' ? type : 'common' },
      description: textOf(given['description']),
      labels: Object.fromEntries(
        Object.entries(fieldsOf(given['labels'])).flatMap(([key, text]) =>
          typeof text === 'string' ? [[key, text]] : [],
        ),
      ),
      here: given['here'] === true,
      reason: textOf(given['reason']),
      next: timeOf(given['next']),
      ...(Array.isArray(ended) && { ended: textsOf(ended) }),
      ...(given['done'] === true && { done: true }),
      ...pausePart(paused),
      jitterMs: numberOf(given['jitterMs']) ?? 0,
      running: textsOf(given['running']).filter(isRunId),
      ...waitingPart(waiting),
      last: readRow(host, last) ?? null,
      counts: {
        failures: numberOf(failures) ?? 0,
        skips: numberOf(skips) ?? 0,
        restarts: numberOf(restarts) ?? 0,
      },
      nextRestart: timeOf(given['nextRestart']),
      ...closedPart(closed),
      ...(definition !== undefined && { definition: readFacts(definition, timeOf(given['next'])) }),
      written: readWritten(written),
    },
  ]
}

/** Without a time at which it began it is no pause. */
function pausePart(value: unknown): Pick<TaskStatus, 'paused'> {
  const { since, until, reason, by, all, slots } = fieldsOf(value)
  const at = timeOf(since)
  if (at === null) return {}
  return {
    paused: {
      ...{ since: at, until: timeOf(until), reason: textOf(reason), by: textOf(by) ?? '' },
      ...{ all: all === true, slots: numberOf(slots) ?? 0 },
    },
  }
}

function waitingPart(value: unknown): Pick<TaskStatus, 'waiting'> {
  const { slot, for: what, pool, runs } = fieldsOf(value)
  if (what !== 'max' && what !== 'pool') return {}
  return {
    waiting: {
      ...{ slot: timeOf(slot), for: what, pool: textOf(pool) },
      runs: listOf(runs).flatMap((each) => {
        const { task, run } = fieldsOf(each)
        return typeof task === 'string' && typeof run === 'string' && isRunId(run)
          ? [{ task, run }]
          : []
      }),
    },
  }
}

function closedPart(value: unknown): Pick<TaskStatus, 'closed'> {
  const { ended, givenUp, since } = fieldsOf(value)
  const at = timeOf(since)
  if (at === null) return {}
  return { closed: { ended: numberOf(ended) ?? 0, givenUp: numberOf(givenUp) ?? 0, since: at } }
}

function readFacts(value: unknown, next: string | null): TaskFacts | null {
  if (value === null) return null
  const { schedule, after, timezone, hosts, scope, max, timeoutMs, limits } = fieldsOf(value)
  const { pools } = fieldsOf(value)
  const zone = zoneOf(timezone)
  return {
    schedule: textsOf(schedule),
    ...(after !== undefined && { after: readAfter(after) }),
    timezone: zone,
    ...(fieldsOf(limits)['compiled'] !== undefined && { limits: onlyNext(zone, next) }),
    // The page shows it as a part of what is written, which has no secrets.
    command: null,
    hosts: Array.isArray(hosts) ? textsOf(hosts) : null,
    ...(scope === 'fleet' && { scope }),
    ...{ max: numberOf(max), timeoutMs: numberOf(timeoutMs) },
    ...(pools !== undefined && { pools: listOf(pools).flatMap(readPool) }),
  }
}

function readPool(value: unknown): { readonly name: string; readonly size: number }[] {
  const { name, size } = fieldsOf(value)
  const most = numberOf(size)
  return typeof name === 'string' && most !== null ? [{ name, size: most }] : []
}

function readAfter(value: unknown): NonNullable<TaskFacts['after']> {
  const { tasks, outcome } = fieldsOf(value)
  const known = outcome === 'failed' || outcome === 'any' ? outcome : 'ok'
  return { tasks: textsOf(tasks), outcome: known }
}

/** A zone that this machine does not know would stop whoever computes with it. */
function zoneOf(value: unknown): string {
  const zone = textOf(value) ?? 'UTC'
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).format()
    return zone
  } catch {
    return 'UTC'
  }
}

/** What limits a schedule is not computed from the word of another machine: only its next start is known. */
function onlyNext(zone: string, next: string | null): NonNullable<TaskFacts['limits']> {
  const until = next === null ? 0 : Math.floor(Date.parse(next) / 1000) + 1
  const none = { from: undefined, cycle: undefined, calendar: undefined }
  return { compiled: { zone, until, id: `until ${until}`, ...none }, words: [] }
}

function readWritten(value: unknown): WrittenDefinition | null {
  const { file, line, keys } = fieldsOf(value)
  if (typeof file !== 'string' || !Array.isArray(keys)) return null
  const known = keys.flatMap((each): [string, string][] => {
    const [key, text] = listOf(each)
    return typeof key === 'string' && typeof text === 'string' ? [[key, text]] : []
  })
  return { file, line: numberOf(line) ?? 0, keys: known }
}

const triggers: readonly Trigger[] = [
  ...(['schedule', 'after', 'catchup', 'retry', 'manual', 'reboot', 'daemon', 'message'] as const),
]

/** A row of the history of a machine, whose name it gets; undefined: it is none. */
export function readRow(host: string, value: unknown): HistoryRow | undefined {
  const row = fieldsOf(value)
  const { run, task, trigger, by, token } = row
  const outcome = outcomes.find((each) => each === row['outcome'])
  if (typeof task !== 'string' || outcome === undefined) return undefined
  if (run !== null && (typeof run !== 'string' || !isRunId(run))) return undefined
  return {
    ...{ run, task, outcome, host },
    ...{ slot: timeOf(row['slot']), lastSlot: timeOf(row['lastSlot']) },
    ...{ startedAt: timeOf(row['startedAt']), endedAt: timeOf(row['endedAt']) },
    ...{ durationMs: numberOf(row['durationMs']), lateMs: numberOf(row['lateMs']) },
    ...{ exitCode: numberOf(row['exitCode']), signal: textOf(row['signal']) },
    ...{ reason: textOf(row['reason']), revision: textOf(row['revision']) },
    trigger: triggers.find((each) => each === trigger) ?? null,
    ...{ attempt: numberOf(row['attempt']), count: numberOf(row['count']) },
    script: readScript(row['script']),
    ...(typeof by === 'string' && { by }),
    ...(typeof token === 'number' && { token }),
  }
}

function readScript(value: unknown): HistoryRow['script'] {
  const { url, sha256, stale } = fieldsOf(value)
  return typeof url === 'string' ? { url, sha256: textOf(sha256), stale: textOf(stale) } : null
}

/** What a machine knows about a slot; undefined: it is none of that. */
export function readReason(host: string, value: unknown): HostReason | undefined {
  const given = fieldsOf(value)
  const { hasTask, isHere, rank, candidates, definition, whyNot, offsetMs, rows, due } = given
  if (typeof hasTask !== 'boolean') return undefined
  return {
    ...{ hasTask, isHere: isHere === true, rank: numberOf(rank) },
    ...{ candidates: numberOf(candidates) ?? 0, definition: textOf(definition) },
    ...{ whyNot: textOf(whyNot), offsetMs: numberOf(offsetMs) },
    rows: listOf(rows).flatMap((row) => readRow(host, row) ?? []),
    due: readNearSlots(due),
  }
}

function readNearSlots(value: unknown): HostReason['due'] {
  const { isDue, before, after } = fieldsOf(value)
  return typeof isDue === 'boolean' ? { isDue, before: timeOf(before), after: timeOf(after) } : null
}

/** A part of the history, as a machine answers it. */
export function readRows(
  host: string,
  value: unknown,
): { readonly rows: HistoryRow[]; readonly more: string | null } {
  const { rows, more } = fieldsOf(value)
  return { rows: listOf(rows).flatMap((row) => readRow(host, row) ?? []), more: textOf(more) }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

function textsOf(value: unknown): string[] {
  return listOf(value).filter((each) => typeof each === 'string')
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function timeOf(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null
}
