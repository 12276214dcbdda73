import type { HistoryRow } from '../../../plan/history-row.ts'
import { readTraces, runDirectory } from '../../../run/directory.ts'
import type { Call } from '../../command.ts'
import { lateWords, rowOutcome, timeOf, tookWords, triggerWords } from './history-words.ts'
import { liveRuns } from '../../daemon/live-runs.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { shownTime } from '../../terminal/times.ts'

/** Of so many runs at most it is looked up how many attempts they could have. */
const maxLookedUp = 200

/** The rows as a table, in their order. */
export function historyTable(call: Call, rows: readonly HistoryRow[], isServed: boolean): string {
  const { host, terminal } = call
  const lives = livesNow(call, rows, isServed)
  const attempts = attemptsOf(call, rows)
  const cells = rows.map((row): Cell[] => [
    shownTime(host, timeOf(row)),
    row.task,
    rowOutcome(host, row, lives(row)),
    tookWords(host, row, lives(row)),
    [lateWords(row), 'yellow'],
    triggerWords(row, attempts.get(row.run)),
    row.run ?? '',
  ])
  const isLate = rows.some((row) => lateWords(row) !== '')
  const heads = [
    'AT',
    { text: 'TASK', cut: 'middle' },
    { text: 'OUTCOME', cut: 'end', comfort: 50 },
    'TOOK',
    { text: isLate ? 'LATE' : '', leave: 2 },
    { text: 'TRIGGER', leave: 1 },
    { text: 'RUN', leave: 3 },
  ] as const
  return table(terminal, heads, cells)
}

/** Without a daemon that says so, what is on record as running may be over since long. */
export function livesNow(
  { host, paths }: Call,
  rows: readonly HistoryRow[],
  isServed: boolean,
): (row: HistoryRow) => boolean {
  if (isServed || rows.every(({ outcome }) => outcome !== 'running')) return () => true
  const living = new Set([...liveRuns(host, paths.home).values()].flat())
  return ({ run }) => living.has(run ?? '')
}

function attemptsOf(
  { host, paths }: Call,
  rows: readonly HistoryRow[],
): Map<string | null, number | undefined> {
  const again = rows.filter(({ trigger, run }) => trigger === 'retry' && run !== null)
  return new Map(
    again.slice(-maxLookedUp).map(({ task, run }) => {
      const directory = runDirectory(paths.home, task, run ?? '')
      return [run, readTraces(host, directory).description?.attempts]
    }),
  )
}
