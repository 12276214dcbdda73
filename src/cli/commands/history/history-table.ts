import type { Host } from '../../../host/host.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import { readTraces, runDirectory } from '../../../run/directory.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Call } from '../../command.ts'
import { type Cell, fits, table } from '../../terminal/table.ts'
import { shownTime } from '../../terminal/times.ts'
import { attemptWords, lateWords, rowOutcome, stillRuns, timeOf, tookWords } from './row-words.ts'

/** The most retries in the table for which the number of possible attempts is read from their directories. */
const maxAttemptsRead = 200

/** How short a row is written on a narrow terminal. */
interface Form {
  /** The characters of a run id. Every command takes the beginning of one. */
  readonly idLength: number
  /** `sched` for schedule, `2 of 4` for attempt 2 of 4. */
  readonly shortTrigger: boolean
  /** Times without the offset and the year. They are in the head: all rows have the same. */
  readonly offset: string
  readonly year: string
  /** `3m10s` for `3m10s so far`: the outcome says that the run still runs. */
  readonly shortTook: boolean
}

/**
 * Rows as a table. On a narrow terminal the run ids become shorter first, then the triggers, then the
 * times. `isServed`: a daemon runs, so rows that say "running" are true. `hosts`: rows of several machines.
 */
export function historyTable(
  call: Call,
  rows: readonly HistoryRow[],
  isServed: boolean,
  hosts: 'with hosts' | 'one host' = 'one host',
): string {
  const { host, terminal } = call
  const isRunning = stillRuns(call, rows, isServed)
  const attempts = attemptsOf(call, rows)
  const cellsIn = (form: Form) =>
    rows.map((row): Cell[] => [
      shortTime(shownTime(host, timeOf(row)), form),
      ...(hosts === 'with hosts' ? [plainLine(row.host)] : []),
      row.task,
      rowOutcome(host, row, isRunning(row)),
      tookWords(host, row, isRunning(row), form.shortTook),
      [lateWords(row), 'yellow'],
      triggerWords(row, attempts.get(row.run), form.shortTrigger),
      (row.run ?? '').slice(0, form.idLength),
    ])
  const isLate = rows.some((row) => lateWords(row) !== '')
  const headsIn = (form: Form, comfort: typeof roomy) =>
    [
      headOfTimes(form),
      ...(hosts === 'with hosts' ? [{ text: 'HOST', cut: 'middle' as const }] : []),
      { text: 'TASK', cut: 'middle', comfort: comfort.task },
      { text: 'OUTCOME', cut: 'end', comfort: comfort.outcome },
      'TOOK',
      { text: isLate ? 'LATE' : '', leave: 1 },
      { text: 'TRIGGER', leave: 2 },
      { text: 'RUN', leave: 3 },
    ] as const
  let last = wholeForm
  for (const form of formsFor(host, rows)) {
    const [heads, cells] = [headsIn(form, roomy), cellsIn(form)]
    if (fits(terminal.columns, heads, cells)) return table(terminal, heads, cells)
    last = form
  }
  return table(terminal, headsIn(last, tight), cellsIn(last))
}

/** What tasks and outcomes get, in characters, before rows become shorter, and before columns are left out. */
const roomy = { task: 24, outcome: 50 }
const tight = { task: 12, outcome: 12 }

const wholeForm: Form = {
  idLength: Infinity,
  shortTrigger: false,
  offset: '',
  year: '',
  shortTook: false,
}
/** `20261121T081308`: a run id up to the second. */
const idToSecond = 15

/** From the whole form to the shortest. */
function* formsFor(host: Host, rows: readonly HistoryRow[]): Iterable<Form> {
  yield wholeForm
  const ids = rows.flatMap(({ run }) => run ?? [])
  const unique = idLengths.find(
    (length) => new Set(ids.map((id) => id.slice(0, length))).size === ids.length,
  )
  const idLength = unique ?? Infinity
  const times = rows.map((row) => shownTime(host, timeOf(row)))
  const offset = common(times.map((time) => time.slice(19)))
  const year = common(times.map((time) => time.slice(0, 4)))
  const short: Form = { ...wholeForm, idLength, shortTrigger: true }
  const shortest = { ...short, offset, idLength: idToSecond, shortTook: true }
  yield* [
    { ...wholeForm, idLength },
    short,
    { ...short, offset },
    { ...short, offset, idLength: idToSecond },
    shortest,
    { ...shortest, year },
  ]
}

/** The text that all have in common; empty if they differ. */
function common(texts: readonly string[]): string {
  const [first = '', ...others] = new Set(texts)
  return others.length === 0 ? first : ''
}

function shortTime(time: string, { year, offset }: Form): string {
  return time.slice(year === '' ? 0 : year.length + 1, time.length - offset.length)
}

function headOfTimes({ year, offset }: Form): string {
  if (offset === '' && year === '') return 'AT'
  return `AT (${[year, offset].filter((text) => text !== '').join(' ')})`
}

/** Up to the second, the millisecond, and with a part of the random end. */
const idLengths = [idToSecond, 19, 22]

function attemptsOf(
  { host, paths }: Call,
  rows: readonly HistoryRow[],
): Map<string | null, number | undefined> {
  const again = rows.filter(({ trigger, run }) => trigger === 'retry' && run !== null)
  return new Map(
    again.slice(-maxAttemptsRead).map(({ task, run }) => {
      const directory = runDirectory(paths.home, task, run ?? '')
      return [run, readTraces(host, directory).description?.attempts]
    }),
  )
}

/** What started the run: `schedule`; for a retry `attempt 2 of 4`. Short: `sched`, `2 of 4`. */
function triggerWords(
  { trigger, attempt, by }: HistoryRow,
  attempts: number | undefined,
  isShort: boolean,
): string {
  if (trigger === 'schedule' && isShort) return 'sched'
  if (by !== undefined && !isShort) return `${trigger} by ${plainLine(by)}`
  if (trigger !== 'retry' || attempt === null) return trigger ?? ''
  return `${isShort ? '' : 'attempt '}${attemptWords(attempt, attempts)}`
}
