import { badOutcomes, type HistoryRow } from '../plan/history-row.ts'
import { whyNotStarted } from '../text/why-not-started.ts'
import type { View } from '../view/view.ts'
import type { TaskAnswer } from './api.ts'

const maxSlots = 20
/** Among the last runs of a task, those in the way of its starts are looked for. */
const maxRuns = 200

/** The last slots of a task that did not start, newest first, each with its reason. */
export async function slotsNotStarted(
  view: Pick<View, 'page'>,
  task: string,
): Promise<TaskAnswer['notRun']> {
  const tasks = [task]
  const { rows } = await view.page({ tasks, outcomes: ['missed', 'skipped'], limit: maxSlots })
  const runs = rows.some(isAtMax)
    ? await view.page({ tasks, outcomes: [...badOutcomes, 'ok', 'running'], limit: maxRuns })
    : { rows: [] }
  return rows.map((row) => ({
    slot: row.slot ?? row.endedAt ?? '',
    lastSlot: row.lastSlot,
    count: row.count ?? 1,
    why: whyNotStarted(row.reason ?? ''),
    inTheWay: isAtMax(row) ? runInTheWay(row, runs.rows) : null,
  }))
}

function isAtMax({ outcome, reason }: HistoryRow): boolean {
  return outcome === 'skipped' && reason === 'max'
}

/** The newest run that had begun and not ended then. */
function runInTheWay(
  { slot, endedAt }: HistoryRow,
  runs: readonly HistoryRow[],
): TaskAnswer['notRun'][number]['inTheWay'] {
  const atMs = Date.parse(endedAt ?? slot ?? '')
  for (const { run, startedAt, endedAt: end } of runs) {
    if (run === null || startedAt === null || Date.parse(startedAt) > atMs) continue
    if (end === null || Date.parse(end) >= atMs) return { run, startedAt }
  }
  return null
}
