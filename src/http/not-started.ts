import { badOutcomes, type HistoryRow } from '../plan/history-row.ts'
import { whyNotStarted } from '../text/why-not-started.ts'
import type { View } from '../view/view.ts'
import type { TaskAnswer } from './api.ts'

const maxSlots = 20
/** Among the last runs of a task, those in the way of its starts are looked for. */
const maxRuns = 200

/**
 * The last slots of a task that did not start, newest first, each with its reason. `mates`: all tasks that have a
 * pool in common with it.
 */
export async function slotsNotStarted(
  view: Pick<View, 'page'>,
  task: string,
  mates: readonly string[] = [],
): Promise<TaskAnswer['notRun']> {
  const runsOf = async (tasks: string[]): Promise<readonly HistoryRow[]> => {
    const outcomes = [...badOutcomes, 'ok', 'running'] as const
    return (await view.page({ tasks, outcomes: [...outcomes], limit: maxRuns })).rows
  }
  const { rows } = await view.page({
    tasks: [task],
    outcomes: ['missed', 'skipped'],
    limit: maxSlots,
  })
  const atMax = rows.some((row) => isSkipped(row, 'max')) ? await runsOf([task]) : []
  const inPool = rows.some((row) => isSkipped(row, 'pool'))
    ? await runsOf([...new Set([task, ...mates])])
    : []
  return rows.map((row) => ({
    slot: row.slot ?? row.endedAt ?? '',
    lastSlot: row.lastSlot,
    count: row.count ?? 1,
    why: whyNotStarted(row.reason ?? '', row.outcome),
    inTheWay: isSkipped(row, 'max')
      ? runInTheWay(row, atMax)
      : isSkipped(row, 'pool')
        ? runInTheWay(row, inPool)
        : null,
  }))
}

function isSkipped({ outcome, reason }: HistoryRow, why: 'max' | 'pool'): boolean {
  return outcome === 'skipped' && reason === why
}

/** The newest run that had begun and not ended then. */
function runInTheWay(
  { task: name, slot, endedAt }: HistoryRow,
  runs: readonly HistoryRow[],
): TaskAnswer['notRun'][number]['inTheWay'] {
  const atMs = Date.parse(endedAt ?? slot ?? '')
  for (const { task, run, startedAt, endedAt: end } of runs) {
    if (run === null || startedAt === null || Date.parse(startedAt) > atMs) continue
    if (end === null || Date.parse(end) >= atMs)
      return { run, startedAt, ...(task !== name && { task }) }
  }
  return null
}
