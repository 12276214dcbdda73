import path from 'node:path'
import type { Host } from '../../../host/host.ts'
import type { HistoryRow, RunScript } from '../../../plan/history-row.ts'
import { readTraces, runDirectory, type RunTraces } from '../../../run/directory.ts'
import { formatDuration } from '../../../text/duration.ts'
import { counted } from '../../../text/plural.ts'
import { commandLines, plainLine } from '../../../text/sanitize.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import type { Call } from '../../command.ts'
import { liveRuns } from '../../../follow/kept-runs.ts'
import { outcomeCell } from '../../terminal/outcomes.ts'
import { type Cell, fits, table } from '../../terminal/table.ts'
import { exactTime, roughly, shownTime } from '../../terminal/times.ts'

/** The most retries in the table for which the number of possible attempts is read from their directories. */
const maxAttemptsRead = 200
/** Starts later than this count as late, in milliseconds. */
const maxPunctualMs = 1_000

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
 * times. `isServed`: a daemon runs, so rows that say "running" are true.
 */
export function historyTable(call: Call, rows: readonly HistoryRow[], isServed: boolean): string {
  const { host, terminal } = call
  const isRunning = stillRuns(call, rows, isServed)
  const attempts = attemptsOf(call, rows)
  const cellsIn = (form: Form) =>
    rows.map((row): Cell[] => [
      shortTime(shownTime(host, timeOf(row)), form),
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

type Fact = readonly [name: string, text: string]

/** Everything about one run: its row, and what its directory still has. */
export function runFacts(call: Call, row: HistoryRow, isServed: boolean): string {
  const { host, terminal, paths } = call
  const directory = runDirectory(paths.home, row.task, row.run ?? '')
  const traces = readTraces(host, directory)
  const facts = [
    ...recordFacts(call, row, traces, stillRuns(call, [row], isServed)(row)),
    ...directoryFacts(call, row, directory, traces),
  ].filter(([, text]) => text !== '')
  const width = Math.max(...facts.map(([name]) => name.length))
  const indented = (text: string): string => text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)
  return facts
    .map(([name, text]) => `${terminal.paint('dim', name.padEnd(width))}  ${indented(text)}`)
    .join('\n')
}

function recordFacts(
  { host, terminal }: Call,
  row: HistoryRow,
  { description, ending }: RunTraces,
  isRunning: boolean,
): Fact[] {
  const outcome = rowOutcome(host, row, isRunning)
  const isExact = row.lateMs !== null && row.lateMs > 0
  const late = lateWords(row) || (isExact ? `${roughly(row.lateMs)} late` : 'in time')
  return [
    ['run', row.run ?? ''],
    ['task', row.task],
    ['outcome', typeof outcome === 'string' ? outcome : terminal.paint(outcome[1], outcome[0])],
    ['trigger', row.trigger ?? ''],
    ['attempt', row.attempt === null ? '' : attemptWords(row.attempt, description?.attempts)],
    ['slot', row.slot === null ? '' : `${shownTime(host, row.slot)}, started ${late}`],
    ['started', row.startedAt === null ? '' : exactTime(host, row.startedAt)],
    ['ending', ending ? `${ending.signal} since ${exactTime(host, ending.sinceMs)}` : ''],
    ['ended', row.endedAt === null ? '' : exactTime(host, row.endedAt)],
    ['took', tookWords(host, row, isRunning)],
    ['script', row.script === null ? '' : scriptWords(row.script)],
    ['host', plainLine(row.host)],
    ['revision', row.revision ?? ''],
  ]
}

function scriptWords({ url, sha256, stale }: RunScript): string {
  const lines = [url, sha256 === null ? '' : `sha256 ${sha256}`]
  const why = stale === null ? '' : `${sha256 === null ? 'missing' : 'stale'}: ${stale}`
  return [...lines, why]
    .filter((line) => line !== '')
    .map(plainLine)
    .join('\n')
}

function directoryFacts(
  { host, paths, from }: Call,
  { run, task }: HistoryRow,
  directory: string,
  { description, conclusion, command }: RunTraces,
): Fact[] {
  if (description === undefined)
    return [['directory', `${directory} (removed: the run is too old)`]]
  const { timeoutMs, killAfterMs, definition } = description
  const size = host.files.facts(path.join(directory, 'output'))?.size ?? 0
  const home = from.home === 'flag' ? ` --home ${shellQuoted(paths.home)}` : ''
  const { stragglers: left = 0, unread = 0 } = conclusion ?? {}
  return [
    ['definition', definition],
    ['command', commandLines(description.command).join('\n')],
    ['timeout', timeoutMs === null ? '' : formatDuration(timeoutMs)],
    ['kill after', formatDuration(killAfterMs)],
    ['pid', conclusion === undefined && command !== undefined ? String(command.pid) : ''],
    ['unread', unread === 0 ? '' : `${counted(unread, 'byte')} of its input`],
    ['left behind', left === 0 ? '' : left === 1 ? '1 process' : `${left} processes`],
    ['directory', directory],
    ['output', `${counted(size, 'byte')}: torch logs ${task} --run ${run}${home}`],
  ]
}

/**
 * Whether a run that the history calls running still runs. Without a daemon it may have ended long
 * ago.
 */
function stillRuns(
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
    again.slice(-maxAttemptsRead).map(({ task, run }) => {
      const directory = runDirectory(paths.home, task, run ?? '')
      return [run, readTraces(host, directory).description?.attempts]
    }),
  )
}

/** The time by which rows are sorted: the start of a run, or when torch noticed a skip or a miss. */
function timeOf(row: HistoryRow): string | null {
  return row.startedAt ?? row.endedAt ?? row.slot
}

/** The outcome, for misses with their slots. `isRunning`: a run that the row calls running still runs. */
function rowOutcome(host: Host, row: HistoryRow, isRunning: boolean): Cell {
  if (row.outcome === 'running' && !isRunning) return ['ended, not recorded yet', 'yellow']
  return outcomeCell(row, row.outcome === 'missed' ? gapWords(host, row) : '')
}

/** `02:00 to 04:45`; with the day if it differs from the day of the row, and both days of a longer gap. */
function gapWords(host: Host, row: HistoryRow): string {
  const day = shownTime(host, timeOf(row)).slice(0, 10)
  const ends = [row.slot, row.lastSlot ?? row.slot].map((slot) => {
    const [date = '', clock = ''] = shownTime(host, slot).slice(0, 19).split('T')
    return { date, time: clock.replace(/:00$/, '') }
  })
  const isLong = ends[0]?.date !== ends[1]?.date
  const times = ends.map(({ date, time }, at) =>
    isLong || (at === 0 && date !== day) ? `${date} ${time}` : time,
  )
  return row.slot === row.lastSlot || row.lastSlot === null ? (times[0] ?? '') : times.join(' to ')
}

/** What started the run: `schedule`; for a retry `attempt 2 of 4`. Short: `sched`, `2 of 4`. */
function triggerWords(
  { trigger, attempt }: HistoryRow,
  attempts: number | undefined,
  isShort: boolean,
): string {
  if (trigger === 'schedule' && isShort) return 'sched'
  if (trigger !== 'retry' || attempt === null) return trigger ?? ''
  return `${isShort ? '' : 'attempt '}${attemptWords(attempt, attempts)}`
}

/** `2 of 4`, or `2` if the number of possible attempts is unknown. */
function attemptWords(attempt: number, attempts: number | undefined): string {
  return attempts === undefined || attempts < attempt
    ? String(attempt)
    : `${attempt} of ${attempts}`
}

/** `3.2s late`; empty for a start in time. */
function lateWords({ lateMs }: HistoryRow): string {
  return lateMs !== null && lateMs > maxPunctualMs ? `${roughly(lateMs)} late` : ''
}

/** The duration; for a run that still runs `3m so far`, or in short `3m`. */
function tookWords(
  host: Host,
  { durationMs, startedAt, outcome }: HistoryRow,
  isRunning: boolean,
  isShort = false,
): string {
  if (durationMs !== null) return roughly(durationMs)
  if (outcome !== 'running' || startedAt === null || !isRunning) return ''
  return `${roughly(Math.max(host.clock.now() - Date.parse(startedAt), 0))}${isShort ? '' : ' so far'}`
}
