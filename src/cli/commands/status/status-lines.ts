import type { StatusReport, TaskStatus } from '../../../control/protocol.ts'
import { startOfRun } from '../../../run/directory.ts'
import { counted } from '../../../text/plural.ts'
import type { Call } from '../../command.ts'
import { outcomeCell, outcomeStyle } from '../../terminal/outcomes.ts'
import { showProblems } from '../../terminal/problems.ts'
import { progressOf, shownDistance, shownTime } from '../../terminal/times.ts'
import { type Cell, cutMark, cutText, table, wrapped } from '../../terminal/table.ts'
import { byUrgency, type Condition, countConditions, nextStart } from './status-order.ts'

/** A path or a list of addresses is not cut shorter than this. */
const minHeadChars = 20
/** The width of the names at the start of a line: daemon, file, host. */
const headWidth = 8
/** On a screen with fewer rows, every line of the head is missing in the table. */
const roomyRows = 16
/** The most problems of a refused file on a screen; the rest is counted. */
const maxProblemsOnScreen = 3
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
  { report: { daemon, file, host: machine }, isSilent, rows }: StatusView,
): string[] {
  const verdict = file.ok ? '' : daemon === null ? ', NOT VALID' : ', REFUSED'
  const addresses = [machine.name, ...machine.addresses].join('  ')
  return [
    terminal.paint('dim', 'daemon  ') + daemonWords({ host, terminal }, daemon, isSilent),
    ...fileLines({ host, terminal }, file, verdict, rows),
    headLine(terminal, 'host', addresses),
    ...(file.ok ? [] : problemLines(terminal, file.problems, daemon !== null, rows)),
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
  const room = Math.max(terminal.columns - headWidth - more.length, minHeadChars)
  const cut = cutText(text, room, 'middle', cutMark(terminal.isUnicode))
  return terminal.paint('dim', name.padEnd(headWidth)) + cut
}

function daemonWords(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  daemon: StatusReport['daemon'],
  isSilent: boolean,
): string {
  if (isSilent) return terminal.paint('red', 'does not answer')
  if (daemon === null) return terminal.paint('yellow', 'not running')
  const { pid, version, startedAt, state } = daemon
  const what = state === 'draining' ? terminal.paint('yellow', 'stopping') : 'running'
  return `${what}, pid ${pid}, since ${shownTime(host, startedAt)}, torch ${version}`
}

function problemLines(
  terminal: Call['terminal'],
  problems: StatusReport['file']['problems'],
  runs: boolean,
  rows: number,
): string[] {
  const shown = rows === Infinity ? problems : problems.slice(0, maxProblemsOnScreen)
  const left = problems.length - shown.length
  return [
    '',
    ...showProblems(terminal, shown).split('\n'),
    ...(left === 0 ? [] : [`... and ${counted(left, 'more problem')}: torch validate`]),
    ...(runs ? ['The daemon keeps using the last good file.'] : []),
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
    case 'not enabled':
    case 'not on this host':
      return text
    default:
      return terminal.paint(outcomeStyle(condition), text)
  }
}

function tableLines(
  call: Pick<Call, 'host' | 'terminal'>,
  view: StatusView,
  tasks: readonly TaskStatus[],
): string[] {
  const heads = [
    { text: 'TASK', cut: 'middle' },
    { text: 'TYPE', leave: 1 },
    { text: 'NEXT', leave: 2 },
    '',
    'RUNNING',
    { text: 'LAST', cut: 'end' },
  ] as const
  const rows = tasks.map((task) => row(call, task, view.usualMs.get(task.name)))
  return table(call.terminal, heads, rows).split('\n')
}

function row(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  task: TaskStatus,
  usualMs: number | undefined,
): Cell[] {
  const { last, reason } = task
  const next = nextStart(task)
  const when = last?.endedAt ?? last?.slot ?? null
  const ended = when === null ? '' : shownDistance(host, when)
  const due: Cell[] =
    reason === null
      ? [shownTime(host, next), next === null ? '' : dueWords(host, next)]
      : ['', [notHere[reason] ?? reason, 'dim']]
  return [
    task.name,
    task.type,
    ...due,
    runningCell({ host, terminal }, task, usualMs),
    ...(last === null ? [] : [outcomeCell(last, { more: ended })]),
  ]
}

/** A start in the past is due this second: the daemon is about to start it. */
function dueWords(host: Call['host'], next: string): string {
  return Date.parse(next) <= host.clock.now() ? 'now' : shownDistance(host, next)
}

const notHere: Readonly<Record<string, string>> = {
  enabled: 'not enabled',
  hosts: 'not on this host',
}

/** The number of runs, and the progress of the oldest one. Daemon tasks have no progress. */
function runningCell(
  { host, terminal }: Pick<Call, 'host' | 'terminal'>,
  { type, running: [oldest, ...more] }: TaskStatus,
  usualMs: number | undefined,
): Cell {
  if (oldest === undefined) return ''
  const count = String(more.length + 1)
  if (type === 'daemon') return [count, 'green']
  const elapsedMs = Math.max(host.clock.now() - startOfRun(oldest), 0)
  const { text, isOver } = progressOf(elapsedMs, usualMs, terminal.isUnicode)
  const words = text === '' ? count : more.length === 0 ? text : `${count}: ${text}`
  return [words, isOver ? 'yellow' : 'green']
}
