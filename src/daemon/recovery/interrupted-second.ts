import path from 'node:path'
import type { AgendaEntry } from '../../plan/agenda.ts'
import { nextEntry, type Timetable } from '../../plan/slots.ts'
import { readHistory } from '../../record/history/read-history.ts'
import { slotText } from '../../record/history/rows.ts'
import { readTraces, runStamp } from '../../run/directory.ts'
import type { Torch } from '../state.ts'

/** A task whose runs are removed sooner than this may have had one of which nothing is left. */
const minKeepForMs = 60_000

/**
 * The second that the daemon before did last is on disk before anything is started in it, so a
 * crash may have left it half done. Gives what was due in it and left no trace, neither a run nor a
 * record nor something pending: that was not started, and is due still. To be asked of the tasks that
 * were loaded before that second, when all that was left is taken up.
 */
export function leftOfSecond(
  torch: Torch,
  tables: readonly Timetable[],
  { done, high }: { readonly done: number; readonly high: number },
): AgendaEntry[] {
  const before = secondBefore({ done, high })
  const due = tables.flatMap((table) => {
    const entry = nextEntry(table, before.done, before.high)
    return entry?.at === done && isKept(torch, entry.task) ? [entry] : []
  })
  if (due.length === 0) return []
  const known = recordsOf(torch, Math.min(...due.map(({ slot }) => slot)))
  return known === undefined
    ? []
    : due.filter(
        (entry) => !known.has(keyOf(entry.task, slotText(entry.slot))) && !isUnderWay(torch, entry),
      )
}

/** From where a second is done again. A second of before the clock was set back stays the highest. */
export function secondBefore({ done, high }: { done: number; high: number }): {
  done: number
  high: number
} {
  return { done: done - 1, high: high === done ? done - 1 : high }
}

function isKept(torch: Torch, name: string): boolean {
  const output = torch.here.get(name)?.output
  return output !== undefined && output.keepRuns > 0 && output.keepForMs >= minKeepForMs
}

/** What the history has since then; undefined where it cannot be read, and so tells nothing. */
function recordsOf(torch: Torch, slot: number): Set<string> | undefined {
  try {
    const reader = readHistory(torch.paths.history)
    const since = new Date(slot * 1000).toISOString()
    const rows = reader.rows({ since, limit: maxRows })
    reader.close()
    return new Set(rows.map((row) => keyOf(row.task, row.slot)))
  } catch {
    return undefined
  }
}

/** Of one second, and of what had no slot since then. */
const maxRows = 100_000

function keyOf(task: string, slot: string | null): string {
  return `${task} ${slot ?? ''}`
}

function isUnderWay(torch: Torch, { task, slot }: AgendaEntry): boolean {
  if (torch.waiting.get(task)?.slot === slot) return true
  for (const start of torch.timed.keys())
    if (start.task === task && start.slot === slot) return true
  const { files } = torch.host
  const folder = path.join(torch.paths.runs, task)
  // Ids sort by time: what is older was not started for this slot.
  const oldest = runStamp(slot * 1000)
  return files
    .list(folder)
    .filter((run) => run >= oldest)
    .some((run) => readTraces(torch.host, path.join(folder, run)).description?.slot === slot)
}
