import { askDaemon } from '../control/client.ts'
import type { Protocol } from '../control/protocol.ts'
import type { StatusReport } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import { followEvents } from '../follow/events.ts'
import type { OutputPart } from '../follow/output-part.ts'
import type { Host } from '../host/host.ts'
import { ownUsage } from '../host/process-usage.ts'
import { type HistoryRow, type Outcome, outcomes } from '../plan/history-row.ts'
import { isFailure } from '../plan/run-outcome.ts'
import type { EndedRun } from '../record/history/look-back.ts'
import type { TimelinePart } from '../record/history/window-past.ts'
import type { PageFilter } from '../record/history/history-page.ts'
import { grouped } from '../text/grouped.ts'
import { heardEvents } from './heard-events.ts'
import { rowPage } from './row-pages.ts'
import type { RunName, SeenStatus, View } from './view.ts'

/** A home of another user: only its view socket can be reached. */
export interface ViewedHome {
  readonly host: Host
  readonly paths: { readonly viewSocket: string }
}

type Ask = <N extends 'history' | 'output' | 'metrics' | 'status'>(
  name: N,
  request: Protocol[N]['request'],
) => Promise<Protocol[N]['reply']>

/** How long the daemon may take for one answer. */
const answerMs = 5_000
/** Of the rows that are counted and those that are read for the past of some tasks. */
const maxRows = 2_000
/** Of a timeline: the daemon reads at most 2,000 of them in a turn. */
const maxTimelineRows = 5_000
const ended = outcomes.filter((each) => !['running', 'skipped', 'missed'].includes(each))
const counted = outcomes.filter((each) => each !== 'ok' && each !== 'running')

/**
 * Sees a home through its view socket alone. It knows less than who may read the files: nothing while no
 * daemon runs but what it was before, and nothing of git.
 */
export function socketView({ host, paths: { viewSocket } }: ViewedHome): View {
  const ask: Ask = (name, request) => askDaemon(viewSocket, name, request, { timeoutMs: answerMs })
  const page = (filter: PageFilter) => rowPage((step) => ask('history', step), filter)
  const pastOf = async (tasks: readonly string[]): Promise<Map<string, HistoryRow[]>> => {
    const { rows } = await page({ tasks, outcomes: ended, limit: maxRows })
    return grouped(rows, ({ task }) => task)
  }
  return {
    status: statusReader(host, () => ask('status', {})),
    follow(signal) {
      const events = followEvents({ clock: host.clock, socket: viewSocket, signal })
      return heardEvents(host.clock, events, signal)
    },
    async recent(tasks, limit) {
      const past = await pastOf(tasks)
      const recent = [...past].map(
        ([task, rows]) => [task, endedRuns(rows.slice(0, limit))] as const,
      )
      return new Map(recent)
    },
    async failingSince(tasks) {
      const past = await pastOf(tasks)
      return new Map([...past].flatMap(([task, rows]) => firstFailure(task, rows)))
    },
    async countsSince(sinceMs) {
      const since = new Date(sinceMs).toISOString()
      const { rows } = await page({ outcomes: counted, since, limit: maxRows })
      const counts: Partial<Record<Outcome, number>> = {}
      for (const { outcome } of rows) counts[outcome] = (counts[outcome] ?? 0) + 1
      return counts
    },
    async between({ from, to, tasks }, limits) {
      const limit = Math.min(limits.rows, maxTimelineRows)
      const [since, until] = [new Date(from).toISOString(), new Date(to).toISOString()]
      const [inside, running, missed] = await Promise.all([
        page({ tasks, since, until, limit: limit + 1 }),
        page({ tasks, outcomes: ['running'], until: since, limit: maxRows }),
        page({ tasks, outcomes: ['missed'], since: until, limit: maxRows }),
      ])
      const early = missed.rows.filter(({ slot }) => slot !== null && Date.parse(slot) <= to)
      const rows = [...inside.rows, ...running.rows, ...early]
      const isCut = rows.length > limit
      return { parts: rows.slice(0, limit).map(timelinePart), counted: new Map(), isCut }
    },
    page,
    run: async (run) => (await ask('history', { run })).rows[0],
    output: (run, from, maxBytes) => outputPart(ask, run, from, maxBytes),
    async definition(task) {
      const report = await ask('status', { task }).catch(() => undefined)
      const written = report?.tasks[0]?.written ?? undefined
      return written && { ...written, changed: null }
    },
    // The tasks file and its copy belong to another user.
    fileChange: async () => null,
    async metrics() {
      const { metricsText } = await import('../metrics/metrics-text.ts')
      return metricsText(await ask('metrics', {}), ownUsage())
    },
    start: notAllowed,
    kill: notAllowed,
  }
}

/** While no daemon answers, the last status without a daemon. */
function statusReader(host: Host, ask: () => Promise<StatusReport>): () => Promise<SeenStatus> {
  let last: StatusReport | undefined
  return async () => {
    try {
      last = await ask()
      return { report: last, isSilent: false }
    } catch (error) {
      const code = error instanceof TorchError ? error.code : undefined
      const isSilent = code === 'daemon-silent'
      if (code !== 'no-daemon' && code !== 'daemon-gone' && !isSilent) throw error
      return { report: { ...withoutDaemon(last ?? unknownHome(host)), ended: null }, isSilent }
    }
  }
}

/** What a daemon said before it ended. If it had refused a file, its tasks are those of the last good one. */
function withoutDaemon(last: StatusReport): StatusReport {
  const { file } = last
  const { loadedAt } = file
  const lastGood = !file.ok && loadedAt !== null ? { lastGoodAt: loadedAt } : {}
  return { ...last, daemon: null, file: { ...file, loadedAt: null, ...lastGood } }
}

function unknownHome({ network }: Host): StatusReport {
  return {
    daemon: null,
    host: { name: network.name(), addresses: network.addresses() },
    file: { path: '', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [],
  }
}

/** Rows, newest first, as ended runs, oldest first. */
function endedRuns(rows: readonly HistoryRow[]): EndedRun[] {
  return rows
    .toReversed()
    .flatMap(({ run, outcome, startedAt, durationMs }): EndedRun[] =>
      run === null || startedAt === null ? [] : [[run, outcome, Date.parse(startedAt), durationMs]],
    )
}

/** When the failures in a row began. */
function firstFailure(task: string, rows: readonly HistoryRow[]): [task: string, since: string][] {
  const firstOk = rows.findIndex(({ outcome }) => outcome === 'ok')
  const since = rows.slice(0, firstOk === -1 ? rows.length : firstOk).filter(isFailure)
  const startedAt = since.at(-1)?.startedAt ?? null
  return startedAt === null ? [] : [[task, startedAt]]
}

function timelinePart(row: HistoryRow): TimelinePart {
  const { task, run, outcome, startedAt, endedAt, durationMs, exitCode, signal, reason } = row
  const { attempt, lateMs, revision, slot, lastSlot, count } = row
  const atMs = Date.parse(startedAt ?? endedAt ?? lastSlot ?? slot ?? '')
  return [
    ...([task, run, outcome, atMs, durationMs, exitCode, signal, reason] as const),
    ...([attempt, lateMs, revision, slot, lastSlot, count] as const),
  ]
}

/** The most bytes of one answer of the daemon. */
const maxOutputBytes = 256 * 1024

/** undefined if the output is not kept. With 0 bytes only the size is wanted. */
async function outputPart(
  ask: Ask,
  { run }: RunName,
  from: number,
  maxBytes: number,
): Promise<OutputPart | undefined> {
  const chunks: Buffer[] = []
  let [begin, to, left]: [number | undefined, number, number] = [undefined, from, maxBytes]
  for (;;) {
    const bytes = Math.min(Math.max(left, 1), maxOutputBytes)
    const part = await ask('output', { run, from: to, bytes }).catch(unlessGone)
    if (part === undefined) return undefined
    const isEmpty = part.text === '' || left <= 0
    if (!isEmpty) {
      const chunk = Buffer.from(part.text, 'base64')
      chunks.push(chunk)
      begin ??= part.from
      left -= chunk.length
      to = part.next
    }
    if (isEmpty || left <= 0)
      return {
        ...{ bytes: Buffer.concat(chunks), from: begin ?? from, to },
        ...{ size: part.size, isWhole: part.isWhole },
      }
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof TorchError && error.code === 'no-run') return undefined
  throw error
}

function notAllowed(): Promise<never> {
  const message = 'this page reaches only the view socket, which lets nobody run or kill'
  const hint = 'run torch web as the user of the daemon'
  return Promise.reject(new TorchError('not-allowed', message, { hint }))
}
