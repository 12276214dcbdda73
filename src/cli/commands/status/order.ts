import type { TaskStatus } from '../../../control/protocol.ts'
import { outcomes } from '../../../plan/history-row.ts'
import { nextStart } from './next-start.ts'

/** How a task does, in the order in which it is counted: `running`, how it ended last, or why it is not here. */
const standings = [
  'running',
  ...outcomes.filter((outcome) => outcome !== 'running' && outcome !== 'ok'),
  'ok',
  'never ran',
  'not enabled',
  'not on this host',
] as const
export type Standing = (typeof standings)[number]

export function standingOf({ running, reason, last }: TaskStatus): Standing {
  if (running.length > 0) return 'running'
  if (reason !== null) return reason === 'enabled' ? 'not enabled' : 'not on this host'
  return last?.outcome ?? 'never ran'
}

/** How many tasks do how, each counted once: `3 running, 2 failed, 1 missed, 194 ok`. */
export function countedStandings(tasks: readonly TaskStatus[]): [Standing, number][] {
  const found = tasks.map(standingOf)
  return standings
    .map((each): [Standing, number] => [each, found.filter((one) => one === each).length])
    .filter(([, count]) => count > 0)
}

/**
 * What needs eyes first: what runs, longest first; what failed, and then what did not start, newest
 * first; then by when they are due. Daemon tasks, which always run, come after the runs that end.
 */
export function byNeed(tasks: readonly TaskStatus[]): TaskStatus[] {
  return tasks.toSorted((a, b) => urgency(a) - urgency(b) || tie(a, b))
}

function urgency(task: TaskStatus): number {
  switch (standingOf(task)) {
    case 'running':
      return task.type === 'common' ? 0 : 1
    case 'failed':
    case 'timeout':
    case 'killed':
    case 'spawn-failed':
    case 'unknown':
      return 2
    case 'skipped':
    case 'missed':
      return 3
    case 'ok':
    case 'never ran':
      return 4
    case 'not enabled':
    case 'not on this host':
      return 5
  }
}

/** Texts of times and run ids sort by time. */
function tie(a: TaskStatus, b: TaskStatus): number {
  switch (urgency(a)) {
    case 0:
    case 1:
      return compare(a.running[0] ?? '', b.running[0] ?? '')
    case 2:
    case 3:
      return compare(b.last?.endedAt ?? '', a.last?.endedAt ?? '')
    default:
      return compare(nextStart(a) ?? 'never', nextStart(b) ?? 'never')
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
