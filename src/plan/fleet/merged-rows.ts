import { grouped } from '../../text/grouped.ts'
import type { HistoryRow } from '../history-row.ts'
import { rowId } from './shared-rows.ts'

/** What is known about machines when their rows are put together. */
export interface MergeFacts {
  /** The machine says nothing, and has said nothing for longer than any promise of it lasts. */
  readonly isGone: (host: string) => boolean
  readonly isOfFleet: (task: string) => boolean
}

/** A machine that has said nothing for this long has lost its places, with the fence that tasks have by themselves. */
const goneMs = 45_000

/** Whether a machine is gone that was last heard so many milliseconds ago; without a number it was never heard. */
export function isGoneAfter(heardAgoMs: number | null | undefined): boolean {
  return (heardAgoMs ?? Infinity) > goneMs
}

/**
 * The rows of several sources as one history, newest first: of each run the row that says most. A source that
 * comes first is believed: the machine itself before what the engine keeps. A run of a machine that is gone is
 * shown as lost. Slots that one machine missed and another one had are no misses.
 */
export function mergedRows(
  sources: readonly (readonly HistoryRow[])[],
  { isGone, isOfFleet }: MergeFacts,
): HistoryRow[] {
  const rows = new Map<string, HistoryRow>()
  for (const row of sources.flat()) {
    const key = row.run === null ? `${row.host} ${rowId(row)}` : `${row.host} ${row.run}`
    const known = rows.get(key)
    if (known === undefined || (known.outcome === 'running' && row.outcome !== 'running'))
      rows.set(key, row)
  }
  const seen = [...rows.values()].map((row) =>
    row.outcome === 'running' && isGone(row.host) ? lostRow(row) : row,
  )
  const plain = seen.filter((row) => row.outcome !== 'missed' || !isOfFleet(row.task))
  const missed = seen.filter((row) => row.outcome === 'missed' && isOfFleet(row.task))
  return [...plain, ...trulyMissed(missed, plain)].toSorted((a, b) => timeOfRow(b) - timeOfRow(a))
}

/** When an event happened, in milliseconds since the epoch: the start of a run, or when torch noticed it. */
export function timeOfRow({ startedAt, endedAt, lastSlot, slot }: HistoryRow): number {
  return Date.parse(startedAt ?? endedAt ?? lastSlot ?? slot ?? '') || 0
}

function lostRow(row: HistoryRow): HistoryRow {
  return { ...row, outcome: 'unknown', reason: 'lost' }
}

/** Several machines miss the same slots while the engine is away: that is one row, with all their names. */
function trulyMissed(missed: readonly HistoryRow[], others: readonly HistoryRow[]): HistoryRow[] {
  const slots = new Map(
    [...grouped(others, ({ task }) => task)].map(([task, rows]) => [task, slotsOf(rows)]),
  )
  const same = grouped(missed, ({ task, slot, lastSlot }) => `${task} ${slot} ${lastSlot}`)
  return [...same.values()].flatMap((group): HistoryRow[] => {
    const [row] = group
    if (row === undefined) return []
    const had = [...(slots.get(row.task) ?? [])].filter((slot) => isWithin(row, slot)).length
    const count = (row.count ?? 1) - had
    if (count <= 0) return []
    return [
      {
        ...row,
        count,
        host: group
          .map(({ host }) => host)
          .toSorted()
          .join(', '),
      },
    ]
  })
}

/** The slots that some machine started, or skipped for a reason of the whole fleet. */
function slotsOf(rows: readonly HistoryRow[]): Set<string> {
  const had = rows.filter(({ run, reason }) => run !== null || reason?.startsWith('max') === true)
  return new Set(had.flatMap(({ slot }) => slot ?? []))
}

function isWithin({ slot, lastSlot }: HistoryRow, at: string): boolean {
  return slot !== null && slot <= at && (lastSlot ?? slot) >= at
}
