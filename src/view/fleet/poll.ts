import { type Clock, newSleep } from '../../host/clock.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import type { Heard } from '../view.ts'

/** How often another machine is looked at. Heartbeats come every 5 seconds. */
const lookMs = 3_000
/** To look takes at most this part of the time of all machines together. */
const restPerLook = 9

/**
 * What a look now and then tells: first that the status is to be asked, then the rows that are new. `newRows` gives
 * them, each with the next start of its task; where it fails, there are none. Ends when the signal is aborted.
 */
export async function* polled(
  clock: Clock,
  newRows: () => Promise<readonly { readonly row: HistoryRow; readonly next: string | null }[]>,
  signal: AbortSignal,
): AsyncGenerator<Heard, void, undefined> {
  const { sleep, wake } = newSleep(clock)
  signal.addEventListener('abort', wake)
  try {
    while (!signal.aborted) {
      const beganMs = clock.monotonic()
      // Whoever hears this looks before it asks for more.
      yield { kind: 'look' }
      // The daemon of this machine may be gone: the next look tries again.
      const found = await newRows().catch(() => [])
      for (const { row, next } of found) yield { kind: 'row', row, next }
      const tookMs = clock.monotonic() - beganMs
      if (!signal.aborted) await sleep(Math.max(lookMs, restPerLook * tookMs))
    }
  } finally {
    signal.removeEventListener('abort', wake)
  }
}

/** Tells which rows have not been seen in this state before. The first call only takes note. */
export function newRowFilter(): (rows: readonly HistoryRow[]) => HistoryRow[] {
  let seen: Set<string> | undefined
  return (rows) => {
    const keys = new Set(rows.map(stateOf))
    const before = seen
    seen = keys
    return before === undefined ? [] : rows.filter((row) => !before.has(stateOf(row))).toReversed()
  }
}

function stateOf({ host, task, run, slot, outcome, endedAt }: HistoryRow): string {
  return [host, task, run ?? slot, outcome, run === null ? endedAt : ''].join('\n')
}
