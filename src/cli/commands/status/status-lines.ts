import type { DaemonEnd, StatusReport, TaskStatus } from '../../../control/status-report.ts'
import { refusedWords } from '../../../daemon/control/trouble.ts'
import type { Host } from '../../../host/host.ts'
import { isError } from '../../../tasks/file/problem.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Call } from '../../command.ts'
import { outcomeStyle } from '../../terminal/outcomes.ts'
import { pauseWords } from '../../terminal/pause-words.ts'
import { showProblems } from '../../terminal/problems.ts'
import { shownDistance, shownTime } from '../../terminal/times.ts'
import { cutMark, cutText, table, wrapped } from '../../terminal/table.ts'
import { byUrgency, type Condition, countConditions } from './status-order.ts'
import { taskRow } from './task-row.ts'

/** A path or a list of addresses is not cut shorter than this. */
const minHeadChars = 20
/** The width of the names at the start of a line: daemon, file, host. */
const headWidth = 8
/** On a screen with fewer rows, every line of the head is missing in the table. */
const roomyRows = 16
/** The most problems of a refused file on a screen; the rest is counted. */
const maxProblemsOnScreen = 3
/** On a narrower terminal a long run has no bar, only its two durations. */
const minBarColumns = 100
/** The head of the table, and the line that counts what is left out. */
const tableFrameRows = 2

export interface StatusView {
  /** Only with the tasks that the user selects; `total` counts all. */
  readonly report: StatusReport
  /** True if a daemon exists but does not answer. */
  readonly isSilent: boolean
  readonly total: number
  /** How long each task that runs now usually takes, in ms. */
  readonly usualMs: ReadonlyMap<string, number>
  /** The rows of the screen. If there are more tasks, the most urgent ones are shown. */
  readonly rows: number
  /** Ends the line that counts the tasks that are left out. */
  readonly all: string
}

/** The lines of `torch status`: daemon, file, host, counts, and the table of tasks. */
export function statusLines(call: Pick<Call, 'host' | 'terminal'>, view: StatusView): string[] {
  const { report, total } = view
  // Without a daemon and a valid file nobody knows the tasks: "0 tasks" would be wrong.
  if (total === 0 && !report.file.ok) return headLines(call, view)
  const head = [...headLines(call, view), '', ...summary(call, report.tasks, total)]
  if (report.tasks.length === 0) return head
  const room = view.rows - head.length - tableFrameRows
  // One task fits in the row of the line that would count it.
  const fits = report.tasks.length <= room + 1
  const shown = fits ? report.tasks : byUrgency(report.tasks).slice(0, Math.max(room, 1))
  const left = report.tasks.length - shown.length
  return [
    ...head,
    ...tableLines(call, view, shown),
    ...(left === 0 ? [] : [call.terminal.paint('dim', `... and ${left} more${view.all}`)]),
  ]
}

function headLines(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { report, isSilent, rows }: StatusView,
): string[] {
  const { daemon, file, host: machine } = report
  const verdict = file.ok ? '' : daemon === null ? ', NOT VALID' : ', REFUSED'
  const addresses = [machine.name, ...machine.addresses].join('  ')
  return [
    terminal.paint('dim', 'daemon  ') + daemonWords({ host, terminal }, report, isSilent),
    ...fileLines({ host, terminal }, file, verdict, rows),
    headLine(terminal, 'host', addresses),
    ...pausedLines({ host, terminal }, report.tasks),
    ...troubleLines({ host, terminal }, report, rows),
    ...(file.ok ? [] : problemLines({ host, terminal }, file, daemon !== null, rows)),
  ]
}

/**
 * A long path is cut in the middle. If even that needs more room, the other facts move to their own
 * line, or are left out on a small screen.
 */
function fileLines(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { path, revision, loadedAt }: StatusReport['file'],
  verdict: string,
  rows: number,
): string[] {
  const facts = [
    ...(revision === null ? [] : [`revision ${revision}`]),
    ...(loadedAt === null ? [] : [`loaded ${shownTime(host, loadedAt)}`]),
  ]
  const after = facts.map((fact) => `, ${fact}`).join('')
  const painted = terminal.paint('red', verdict)
  const room = terminal.columns - headWidth - after.length - verdict.length
  if (room >= Math.min(path.length, minHeadChars))
    return [headLine(terminal, 'file', path, after + verdict) + after + painted]
  const line = headLine(terminal, 'file', path, verdict) + painted
  return rows < roomyRows ? [line] : [line, headLine(terminal, '', facts.join(', '))]
}

/** A line `name  text`; the text is cut so that `more` fits after it. */
function headLine(terminal: Call['terminal'], name: string, text: string, more = ''): string {
  const room = lineRoom(terminal, more)
  const cut = cutText(text, room, 'middle', cutMark(terminal.isUnicode))
  return terminal.paint('dim', name.padEnd(headWidth)) + cut
}

function lineRoom({ columns }: Call['terminal'], more = ''): number {
  return Math.max(columns - headWidth - more.length, minHeadChars)
}

function daemonWords(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { daemon, ended }: Pick<StatusReport, 'daemon' | 'ended'>,
  isSilent: boolean,
): string {
  if (isSilent) return terminal.paint('red', 'does not answer')
  if (daemon === null)
    return terminal.paint('red', 'NOT RUNNING') + (ended ? endWords(host, ended) : '')
  const { pid, version, startedAt, state } = daemon
  const what = state === 'draining' ? terminal.paint('yellow', 'stopping') : 'running'
  return `${what}, pid ${pid}, since ${shownTime(host, startedAt)}, torch ${version}`
}

/** How the last daemon ended: `, stopped 2026-03-08T07:00:00+00:00 (10m ago) by torch stop`. */
function endWords(host: Host, { how, at, by, left }: DaemonEnd): string {
  const when = `${shownTime(host, at)} (${shownDistance(host, at)})`
  switch (how) {
    case 'stopped': {
      const who = by === null ? '' : ` by ${by}`
      return `, stopped ${when}${who}${left ? '; it left its runs running' : ''}`
    }
    case 'died':
      return `, it crashed or was killed within a minute after ${when}`
    case 'rebooted':
      return `, the machine went down with it within a minute after ${when}`
  }
}

/** The pause of all tasks. */
function pausedLines(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  tasks: readonly TaskStatus[],
): string[] {
  const paused = tasks.find((task) => task.paused?.all === true)?.paused
  if (paused === undefined) return []
  const text = `all tasks ${pauseWords(host, paused)}`
  const cut = cutText(text, lineRoom(terminal), 'end', cutMark(terminal.isUnicode))
  return [terminal.paint('yellow', 'paused'.padEnd(headWidth)) + cut]
}

/** What the daemon cannot do until it is over. The problems of a refused file have their own lines. */
function troubleLines(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { trouble = [], file }: StatusReport,
  rows: number,
): string[] {
  const others = trouble.filter(({ message }) => file.ok || !message.startsWith(refusedWords))
  const shown = rows === Infinity ? others : others.slice(0, maxProblemsOnScreen)
  const left = others.length - shown.length
  const texts = shown.map(
    ({ message, since }) =>
      `${plainLine(message)}, since ${shownTime(host, since)} (${shownDistance(host, since)})`,
  )
  const head = terminal.paint('red', 'trouble '.padEnd(headWidth))
  const indent = ' '.repeat(headWidth)
  const width = Math.max(terminal.columns - headWidth, minHeadChars)
  return [...texts, ...(left === 0 ? [] : [`... and ${left} more: the log has them`])].flatMap(
    (text) => wrapped(text, width).map((line, at) => (at === 0 ? head : indent) + line),
  )
}

function problemLines(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { problems, lastGoodAt }: StatusReport['file'],
  runs: boolean,
  rows: number,
): string[] {
  const errorsFirst = problems.toSorted((a, b) => Number(isError(b)) - Number(isError(a)))
  const shown = rows === Infinity ? problems : errorsFirst.slice(0, maxProblemsOnScreen)
  const left = problems.length - shown.length
  return [
    '',
    ...showProblems(terminal, shown).split('\n'),
    ...(left === 0 ? [] : [`... and ${counted(left, 'more problem')}: torch validate`]),
    ...(runs ? ['The daemon keeps using the last good file.'] : []),
    ...(lastGoodAt === undefined
      ? []
      : [`Shown from the last good file, loaded ${shownTime(host, lastGoodAt)}.`]),
  ]
}

/** `200 tasks: 3 running, 2 failed, 1 missed, 194 ok`; for a selection: `12 of 200 tasks: ...`. */
function summary(
  { terminal }: Pick<Call, 'terminal'>,
  tasks: readonly TaskStatus[],
  total: number,
): string[] {
  const of = tasks.length === total ? '' : `${tasks.length} of `
  const head = `${of}${counted(total, 'task')}`
  const counts = countConditions(tasks).map(
    ([condition, count]) => [condition, `${count} ${condition}`] as const,
  )
  if (counts.length === 0) return [head]
  // A count and its word stay on one line. Colours come after wrapping, as they have no width.
  const painted = new Map(
    counts.map(([condition, text]) => [unbroken(text), paintCondition(terminal, condition, text)]),
  )
  const line = `${head}: ${[...painted.keys()].join(', ')}`
  return wrapped(line, terminal.columns, '  ').map((each) =>
    each.replace(/\d+\u00a0[^,]+/g, (text) => painted.get(text) ?? text),
  )
}

function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}

function paintCondition(terminal: Call['terminal'], condition: Condition, text: string): string {
  switch (condition) {
    case 'never ran':
    case 'ended':
    case 'not enabled':
    case 'not on this host':
      return text
    case 'given up':
      return terminal.paint('red', text)
    case 'restarting':
    case 'paused':
      return terminal.paint('yellow', text)
    default:
      return terminal.paint(outcomeStyle(condition), text)
  }
}

function tableLines(
  call: Pick<Call, 'host' | 'terminal'>,
  view: StatusView,
  tasks: readonly TaskStatus[],
): string[] {
  // Without a daemon nobody starts them.
  const isStarting = view.report.daemon !== null || view.isSilent
  const heads = [
    { text: 'TASK', cut: 'middle' },
    { text: 'TYPE', leave: 1 },
    isStarting ? 'NEXT' : '',
    { text: '', leave: 2 },
    'RUNNING',
    { text: 'LAST', cut: 'end', comfort: 40 },
  ] as const
  const withBars = call.terminal.columns >= minBarColumns
  const rows = tasks.map((task) => {
    const usualMs = view.usualMs.get(task.name)
    return taskRow(call, task, { isStarting, usualMs, withBars })
  })
  return table(call.terminal, heads, rows).split('\n')
}
