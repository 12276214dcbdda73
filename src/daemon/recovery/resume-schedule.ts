import path from 'node:path'
import type { Host } from '../../host/host.ts'
import type { AgendaEntry } from '../../plan/agenda.ts'
import { freshEntry, nextEntry, type Timetable, timetableOf } from '../../plan/slots.ts'
import { readHistory } from '../../record/history/read-history.ts'
import { slotText } from '../../record/history/rows.ts'
import { readTraces } from '../../run/directory.ts'
import type { RunContext } from '../../run/live-run.ts'
import type { Faults } from '../../run/faults.ts'
import { runStamp } from '../../run/directory.ts'
import type { Task } from '../../tasks/task.ts'
import type { HomePaths } from '../settings.ts'
import type { StartQueue } from '../starts/start-queue.ts'
import type { TickClock } from '../starts/tick-clock.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import { readSavedState, type SavedState } from './saved-state.ts'

interface ResumeParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
  readonly tasks: TasksState
  readonly queue: StartQueue
  readonly tickClock: TickClock
  readonly runContext: RunContext
}

/**
 * Makes the first agenda. A task that the previous daemon had too continues from the last second that
 * was done: what was due since then is caught up or missed, and starts that were left undone in that
 * second are made now. A new task begins now. Called when all runs and pending starts are recovered.
 */
export function resumeSchedule(parts: ResumeParts): void {
  const { tasks, tickClock } = parts
  const saved = readSavedState(parts)
  const now = tickClock.tick.done
  const last = saved.slots ?? { done: now, high: now }
  const { known, wasDue, fresh, young, added } = sortTasks(parts, saved, last.done)
  tasks.noteNewTasks(0, [
    { second: last.done, tasks: young },
    { second: now, tasks: added },
  ])
  const left = saved.slots === undefined ? [] : leftOfSecond(parts, wasDue, last)
  const again = new Map(left.map((entry) => [entry.task, entry]))
  const entries = [
    ...known.map((table) => again.get(table.task) ?? nextEntry(table, last.done, last.high)),
    ...fresh.map((table) => freshEntry(table, now, now)),
  ].filter((entry) => entry !== undefined)
  tickClock.setAgenda(left.length === 0 ? last : secondBefore(last), entries)
}

interface SortedTasks {
  /** The previous daemon had them, with the same definition. */
  readonly known: Timetable[]
  /** The known tasks that were loaded before the last second. */
  readonly wasDue: Timetable[]
  /** The known tasks that were loaded in the last second. */
  readonly young: Task[]
  /** New, or with another definition. */
  readonly fresh: Timetable[]
  readonly added: Task[]
}

function sortTasks(
  { tasks, runContext }: ResumeParts,
  saved: SavedState,
  last: number,
): SortedTasks {
  const sorted: SortedTasks = { known: [], wasDue: [], young: [], fresh: [], added: [] }
  for (const task of tasks.here.values()) {
    const table = timetableOf(task, runContext.hostName)
    const before = saved.loaded.get(task.name)
    if (before?.hash !== task.definition) {
      sorted.fresh.push(table)
      sorted.added.push(task)
      continue
    }
    sorted.known.push(table)
    if (before.since < last) sorted.wasDue.push(table)
    else sorted.young.push(task)
  }
  return sorted
}

/** A task whose runs are removed sooner than this may have had a run that left no trace. */
const minKeepForMs = 60_000

/**
 * The second that the previous daemon did last is on disk before anything is started in it, so a crash
 * may have left it half done: the interrupted second. Returns what was due in it and left no trace,
 * neither a run nor a row nor a pending start. That was not started, and is still due.
 */
function leftOfSecond(
  parts: ResumeParts,
  tables: readonly Timetable[],
  last: { readonly done: number; readonly high: number },
): AgendaEntry[] {
  const before = secondBefore(last)
  const due = tables.flatMap((table) => {
    const entry = nextEntry(table, before.done, before.high)
    return entry?.at === last.done && isKept(parts, entry.task) ? [entry] : []
  })
  if (due.length === 0) return []
  const known = recordsSince(parts, Math.min(...due.map(({ slot }) => slot)))
  if (known === undefined) return []
  return due.filter(
    (entry) => !known.has(keyOf(entry.task, slotText(entry.slot))) && !isUnderWay(parts, entry),
  )
}

/** From here a second is done again. A second from before the clock was set back stays the highest. */
function secondBefore({ done, high }: { readonly done: number; readonly high: number }) {
  return { done: done - 1, high: high === done ? done - 1 : high }
}

function isKept({ tasks }: ResumeParts, name: string): boolean {
  const output = tasks.here.get(name)?.output
  return output !== undefined && output.keepRuns > 0 && output.keepForMs >= minKeepForMs
}

/** Rows of one second, and rows without a slot since then. */
const maxRows = 100_000

/** What the history has since then; undefined if it cannot be read, and so proves nothing. */
function recordsSince({ paths }: ResumeParts, slot: number): Set<string> | undefined {
  try {
    const reader = readHistory(paths.history)
    const since = new Date(slot * 1000).toISOString()
    const rows = reader.rows({ since, limit: maxRows })
    reader.close()
    return new Set(rows.map((row) => keyOf(row.task, row.slot)))
  } catch {
    return undefined
  }
}

function keyOf(task: string, slot: string | null): string {
  return `${task} ${slot ?? ''}`
}

function isUnderWay({ host, paths, queue }: ResumeParts, { task, slot }: AgendaEntry): boolean {
  const pending = [...queue.waiting.values(), ...queue.timed.keys()]
  if (pending.some((start) => start.task === task && start.slot === slot)) return true
  const folder = path.join(paths.runs, task)
  // Ids sort by time: an older run was not started for this slot.
  const oldest = runStamp(slot * 1000)
  return host.files
    .list(folder)
    .filter((run) => run >= oldest)
    .some((run) => readTraces(host, path.join(folder, run)).description?.slot === slot)
}
