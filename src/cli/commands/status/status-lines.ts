import type { StatusReport, TaskStatus } from '../../../control/protocol.ts'
import { startOfRun } from '../../../run/directory.ts'
import { counted } from '../../../text/plural.ts'
import type { Call } from '../../command.ts'
import { nextStart } from './next-start.ts'
import { outcomeCell, outcomeStyle } from '../../terminal/outcomes.ts'
import { showProblems } from '../../terminal/problems.ts'
import { progressOf } from '../../terminal/progress.ts'
import { byNeed, countedStandings, type Standing } from './order.ts'
import { cutMark, cutText } from '../../terminal/table-fit.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { shownDistance, shownTime } from '../../terminal/times.ts'
import { wrapped } from '../../terminal/wrap.ts'

/** Of a path, or of addresses, so much is shown on the narrowest terminal. */
const minHeadChars = 20
/** Of the names before what is said of daemon, file and host. */
const headWidth = 8
/** With fewer rows each line is one that the table has not. */
const roomyRows = 16
/** So many problems of a bad file are shown where the rest has to fit on a screen. */
const maxProblemsOnScreen = 3
/** Rows of the table's head, and of the line that says how many are left out. */
const tableFrameRows = 2

export interface StatusView {
  /** With the tasks that are asked for; `total` is the number of all. */
  readonly report: StatusReport
  /** A daemon is there, and does not answer. */
  readonly isSilent: boolean
  readonly total: number
  /** How long tasks that run usually take, in ms. */
  readonly usualMs: ReadonlyMap<string, number>
  /** Rows that there are: of more tasks the most urgent ones are shown. */
  readonly rows: number
  /** What shows those that are left out. */
  readonly all: string
}

/** What `torch status` shows, line by line. */
export function statusLines(call: Pick<Call, 'host' | 'terminal'>, view: StatusView): string[] {
  const { report, total } = view
  const head = [...headLines(call, view), '', ...summary(call, report.tasks, total)]
  if (report.tasks.length === 0) return head
  const room = view.rows - head.length - tableFrameRows
  // One more than fits without the line that says so fits as well.
  const fits = report.tasks.length <= room + 1
  const shown = fits ? report.tasks : byNeed(report.tasks).slice(0, Math.max(room, 1))
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
  const verdict = file.ok ? '' : daemon === null ? ', NOT VALID' : ', NOT TAKEN'
  const addresses = [machine.name, ...machine.addresses].join('  ')
  return [
    terminal.paint('dim', 'daemon  ') + daemonWords({ host, terminal }, daemon, isSilent),
    ...fileLines({ host, terminal }, file, verdict, rows),
    headLine(terminal, 'host', addresses),
    ...(file.ok ? [] : problemLines(terminal, file.problems, daemon !== null, rows)),
  ]
}

/** Of the path the middle is cut; what else is known of the file has a line of its own, or none, rather than that. */
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

/** `more` stands behind it, and is not cut. */
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
    ...(runs ? ['The daemon goes on with the last good file.'] : []),
  ]
}

/** `200 tasks: 3 running, 2 failed, 1 missed, 194 ok`; of some of all `12 of 200 tasks: ...`. */
function summary(
  { terminal }: Pick<Call, 'terminal'>,
  tasks: readonly TaskStatus[],
  total: number,
): string[] {
  const of = tasks.length === total ? '' : `${tasks.length} of `
  const head = `${of}${counted(total, 'task')}`
  const counts = countedStandings(tasks).map(
    ([standing, count]) => [standing, `${count} ${standing}`] as const,
  )
  if (counts.length === 0) return [head]
  // A count and its word stay in one line; colours come last, for they have no width.
  const painted = new Map(
    counts.map(([standing, text]) => [unbroken(text), paintStanding(terminal, standing, text)]),
  )
  const line = `${head}: ${[...painted.keys()].join(', ')}`
  return wrapped(line, terminal.columns, '  ').map((each) =>
    each.replace(/\d+\u00a0[^,]+/g, (text) => painted.get(text) ?? text),
  )
}

function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}

function paintStanding(terminal: Call['terminal'], standing: Standing, text: string): string {
  switch (standing) {
    case 'never ran':
    case 'not enabled':
    case 'not on this host':
      return text
    default:
      return terminal.paint(outcomeStyle(standing), text)
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

/** A slot of this very second may be on its way. */
function dueWords(host: Call['host'], next: string): string {
  return Date.parse(next) <= host.clock.now() ? 'now' : shownDistance(host, next)
}

const notHere: Readonly<Record<string, string>> = {
  enabled: 'not enabled',
  hosts: 'not on this host',
}

/** How many run, and of a task that is to end how far the oldest is. */
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
