import type { Protocol } from '../control/protocol.ts'
import { TorchError } from '../errors.ts'
import type { OutputPart } from '../follow/output-part.ts'
import { type HistoryRow, type Outcome, outcomes } from '../plan/history-row.ts'
import { failuresInRow } from '../plan/run-outcome.ts'
import type { EndedRun } from '../record/history/look-back.ts'
import type { TimelinePart } from '../record/history/window-past.ts'
import { grouped } from '../text/grouped.ts'
import type { RunName, View } from './view.ts'

/** Asks one daemon, in whichever way it can be reached. */
export type Asking = {
  readonly [N in 'history' | 'output' | 'status']: (
    request: Protocol[N]['request'],
  ) => Promise<Protocol[N]['reply']>
}

/** Of the rows that are counted and those that are read for the past of some tasks. */
const maxRows = 2_000
/** Of a timeline: the daemon reads at most 2,000 of them in a turn. */
const maxTimelineRows = 5_000
const ended = outcomes.filter((each) => !['running', 'skipped', 'missed'].includes(each))
const counted = outcomes.filter((each) => each !== 'ok' && each !== 'running')

/** What pages of the history say of the past. `withHost`: rows are of several machines. */
export function pastByPages(
  page: View['page'],
  withHost = false,
): Pick<View, 'recent' | 'failingSince' | 'countsSince' | 'between'> {
  const pastOf = async (tasks: readonly string[]): Promise<Map<string, HistoryRow[]>> => {
    const { rows } = await page({ tasks, outcomes: ended, limit: maxRows })
    return grouped(rows, ({ task }) => task)
  }
  return {
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
      const parts = rows.slice(0, limit).map((row) => timelinePart(row, withHost))
      return { parts, counted: new Map(), isCut }
    },
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
  const startedAt = failuresInRow(rows).at(-1)?.startedAt ?? null
  return startedAt === null ? [] : [[task, startedAt]]
}

function timelinePart(row: HistoryRow, withHost: boolean): TimelinePart {
  const { task, run, outcome, startedAt, endedAt, durationMs, exitCode, signal, reason } = row
  const { attempt, lateMs, revision, slot, lastSlot, count, host } = row
  const atMs = Date.parse(startedAt ?? endedAt ?? lastSlot ?? slot ?? '')
  const part = [
    ...([task, run, outcome, atMs, durationMs, exitCode, signal, reason] as const),
    ...([attempt, lateMs, revision, slot, lastSlot, count] as const),
  ] as const
  return withHost ? [...part, host] : part
}

/** All that the tasks file of a daemon says of a task; undefined if it does not say. */
export async function askedDefinition(
  asking: Asking,
  task: string,
): Promise<Awaited<ReturnType<View['definition']>>> {
  const report = await asking.status({ task }).catch(() => undefined)
  const written = report?.tasks.find(({ name }) => name === task)?.written ?? undefined
  return written && { ...written, changed: null }
}

/**
 * Some of what a run printed, in answers of at most `maxBytes` each; undefined if it is not kept. With 0 bytes
 * only the size is wanted.
 */
export async function askedOutput(
  asking: Pick<Asking, 'output'>,
  { run }: RunName,
  wanted: { readonly from: number; readonly bytes: number },
  maxBytes: number,
): Promise<OutputPart | undefined> {
  const chunks: Buffer[] = []
  let [begin, to, left]: [number | undefined, number, number] = [
    undefined,
    wanted.from,
    wanted.bytes,
  ]
  for (;;) {
    const bytes = Math.min(Math.max(left, 1), maxBytes)
    const part = await asking.output({ run, from: to, bytes }).catch(unlessGone)
    if (part === undefined) return undefined
    const chunk = Buffer.from(part.text, 'base64')
    const isEmpty = chunk.length === 0 || left <= 0
    if (!isEmpty) {
      chunks.push(chunk)
      begin ??= part.from
      left -= chunk.length
      to = part.next
    }
    if (isEmpty || left <= 0)
      return {
        ...{ bytes: Buffer.concat(chunks), from: begin ?? wanted.from, to },
        ...{ size: part.size, isWhole: part.isWhole },
      }
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof TorchError && error.code === 'no-run') return undefined
  throw error
}
