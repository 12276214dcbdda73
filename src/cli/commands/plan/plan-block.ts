import {
  type Forecast,
  startsPerCell,
  sumPerCell,
  type TaskForecast,
} from '../../../forecast/forecast.ts'
import type { HostBlock, NamedTask } from '../../../forecast/named-hosts.ts'
import { isOver } from '../../../schedule/due.ts'
import { localText, offsetAt } from '../../../schedule/timezone.ts'
import { addressWords } from '../../../tasks/sockets.ts'
import type { Task } from '../../../tasks/task.ts'
import { afterWords } from '../../../text/after-words.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { type Cell, cutMark, cutText, gap, table, textOf, wrapped } from '../../terminal/table.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** Where a plan is shown. */
export interface PlanView {
  readonly paint: Terminal['paint']
  readonly isUnicode: boolean
  /** In characters. */
  readonly width: number
  /** The zone of the times in the text. */
  readonly zone: string
}

/** The column widths that all blocks of a plan share. */
export interface Layout extends PlanView {
  readonly nameWidth: number
  readonly nextWidth: number
  /** Cells of a timeline; 0 if there is no room for one. */
  readonly cells: number
}

/** After a task that only some of the machines run. No task name contains it. */
export const partMark = '*'
/** Before a time that differs between the machines. */
export const variesMark = '~'

/** The longest lists of hosts and tasks in a block; the rest is counted. */
const maxNamedHosts = 8
const maxNamedTasks = 12

/** `2026-03-08T03:00:00-04:00`, and the mark before it. */
const nextWidth = 26
/** The seconds of a day have five digits; a greater count is rounded. */
const countWidth = 5
/** Names are cut to a fifth of the width, but never shorter than this. */
const minNameWidth = 12

/** The layout for a plan with these tasks. */
export function layoutFor(view: PlanView, tasks: readonly NamedTask[]): Layout {
  const longest = tasks.reduce(
    (most, { task, part }) => Math.max(most, task.name.length + (part ? partMark.length : 0)),
    0,
  )
  const nameWidth = Math.min(longest, Math.max(minNameWidth, Math.floor(view.width / 5)))
  const left = view.width - nameWidth - nextWidth - countWidth - 3 * gap.length
  return { ...view, nameWidth, nextWidth, cells: cellsWithin(left) }
}

/** A text that is wrapped to the width; all lines but the first are indented. */
export function paragraph({ width }: Layout, text: string): string {
  return wrapped(text, width, '  ').join('\n')
}

/**
 * Hosts with the same tasks: their names, what they start in 24 hours, and a row for each task. A
 * timeline that an earlier block shows for the same task is not repeated; `seen` remembers them.
 */
export function blockText(
  layout: Layout,
  block: HostBlock,
  forecast: Forecast,
  seen: Set<string>,
): string {
  const hosts = [...new Set(block.hosts.map(({ host }) => host))]
  const lines = [
    layout.paint('bold', paragraph(layout, someOf(hosts, maxNamedHosts))),
    paragraph(layout, summaryOf(layout, block, forecast)),
  ]
  if (block.lacks.length > 0) {
    const names = block.lacks.map(({ name }) => name)
    const run = names.length === 1 ? 'runs' : 'run'
    const list = someOf(names, maxNamedTasks)
    lines.push(paragraph(layout, `without ${list}, which ${run} everywhere else`))
  }
  if (block.own.length > 0) lines.push(tableOf(layout, block, forecast, seen))
  lines.push(...block.own.flatMap(({ task }) => taskLines(layout, task)))
  return lines.join('\n')
}

/** What a task fetches before it runs, and where it listens. */
function taskLines(layout: Layout, { name, script, listen }: Task): string[] {
  const sum = script?.sha256 === undefined ? 'without sha256' : `sha256 ${script.sha256}`
  const lines = [
    ...(script === undefined ? [] : [`${name}: script ${script.url}, ${sum}`]),
    ...(listen.length === 0 ? [] : [`${name}: listens ${listen.map(addressWords).join(', ')}`]),
  ]
  return lines.map((line) => paragraph(layout, line))
}

/** True if the times are exact: the block is one machine with a known name. */
export function isKnown({ hosts }: HostBlock): boolean {
  return hosts.length === 1 && hosts.every(({ isName }) => isName)
}

function summaryOf(layout: Layout, block: HostBlock, forecast: Forecast): string {
  if (block.tasks.length === 0) return 'no tasks'
  return `${tasksWords(block)}, ${startsWords(layout, block, forecast)}`
}

/** `2 tasks and 2 of the 3 that run everywhere`. */
function tasksWords({ own, shared, common }: HostBlock): string {
  if (shared === 0) return counted(own.length, 'task')
  const every = common === 1 ? 'the one that runs everywhere' : `the ${common} that run everywhere`
  const all = shared === common ? every : `${shared} of ${every}`
  return own.length === 0 ? all : `${counted(own.length, 'task')} and ${all}`
}

function startsWords({ zone }: Layout, block: HostBlock, forecast: Forecast): string {
  const starts = `${counted(forecast.starts, 'start')} in 24 h`
  const { busiest } = forecast
  if (busiest === undefined) return starts
  const isVague = !isKnown(block) && forecast.tasks.some(({ varies }) => varies)
  if (busiest.starts === 1) return isVague ? starts : `${starts}, never two in one second`
  const most = `at most ${isVague ? 'about ' : ''}${busiest.starts} in one second`
  return `${starts}, ${most}: ${localText(zone, busiest.at)}`
}

function tableOf(layout: Layout, block: HostBlock, forecast: Forecast, seen: Set<string>): string {
  const { cells, zone, nameWidth } = layout
  const found = new Map(forecast.tasks.map((each) => [each.task, each]))
  const rows = block.own.flatMap(({ task, part }): Cell[][] => {
    const its = found.get(task)
    return its === undefined ? [] : [rowOf(layout, its, part, isKnown(block), forecast)]
  })
  if (block.tasks.length > 1 && forecast.starts > 0) rows.push(totalRow(layout, forecast))
  const shown = rows.map((row) => withoutRepeats(row, seen))
  const hasTimeline = shown.some((row) => ![asAbove, ''].includes(textOf(row.at(-1))))
  const hours = hasTimeline ? axis(forecast.from, cells, zone) : ''
  return table(
    { ...layout, columns: layout.width },
    [
      { text: 'TASK', least: nameWidth, cut: 'middle' },
      { text: ' NEXT', least: nextWidth, leave: 2 },
      { text: '24H'.padStart(countWidth), leave: 1 },
      hours,
    ],
    shown,
  )
}

/** In place of a timeline that is shown before. */
const asAbove = 'as above'

/** The row of the same task (or `total`) with the same timeline says where to look. */
function withoutRepeats(row: Cell[], seen: Set<string>): Cell[] {
  const [name, next, count, drawn] = row.map(textOf)
  if (drawn === undefined || drawn === '') return row
  const key = `${name} ${count} ${drawn}`
  if (!seen.has(key)) {
    seen.add(key)
    return row
  }
  return [row[0] ?? '', next ?? '', count ?? '', [asAbove, 'dim']]
}

function rowOf(
  layout: Layout,
  forecast: TaskForecast,
  part: boolean,
  known: boolean,
  window: Forecast,
): Cell[] {
  const { task, varies, starts } = forecast
  const mark = part ? partMark : ''
  const width = layout.nameWidth - mark.length
  const name = cutText(task.name, width, 'middle', cutMark(layout.isUnicode)) + mark
  const next = (varies && !known ? variesMark : ' ') + nextWords(layout, forecast, window.from)
  if (task.type !== 'common' || task.after !== undefined) return [name, next, '', '']
  const counts = layout.cells === 0 ? [] : startsPerCell(forecast, window, layout.cells)
  return [name, next, countText(starts), timeline(counts)]
}

/** The next start: its slot and the jitter. */
function nextWords(
  { zone, isUnicode }: Layout,
  { task, schedules, next, shift }: TaskForecast,
  from: number,
): string {
  if (next !== undefined) return localText(zone, next + shift)
  if (task.type === 'daemon') return `always ${task.max}${task.fleet ? ' in the fleet' : ''}`
  if (task.type === 'manual') return task.input.mode === 'queue' ? 'by hand or message' : 'by hand'
  if (task.after !== undefined)
    return cutText(afterWords(task.after, 2), nextWidth - 1, 'end', cutMark(isUnicode))
  if (schedules.some(({ kind }) => kind === 'reboot')) return 'at boot'
  return isOver(schedules, from) ? 'done' : 'never'
}

/** All starts of the host, including tasks that run everywhere. */
function totalRow(layout: Layout, forecast: Forecast): Cell[] {
  const counts = layout.cells === 0 ? [] : sumPerCell(forecast.perSecond, layout.cells)
  const cells = ['total', '', countText(forecast.starts), profile(counts, layout.isUnicode)]
  return cells.map((text): Cell => [text, 'cyan'])
}

function countText(count: number): string {
  const text = count < 100_000 ? String(count) : `${Math.round(count / 1000)}k`
  return text.padStart(countWidth)
}

/** Minutes per cell. Each makes three hours a whole number of cells, so that hour labels fit. */
const cellMinutes = [1, 2, 3, 4, 5, 6, 9, 10, 12, 15, 18, 20, 30, 36, 45, 60, 90, 180]
const minutesPerDay = 1440

/** The number of cells that show a day best in this width; 0 if there is no room. */
export function cellsWithin(width: number): number {
  const minutes = cellMinutes.find((each) => minutesPerDay / each <= width)
  return minutes === undefined ? 0 : minutesPerDay / minutes
}

/** The starts of a task in each cell: `.` for none, a digit, `+` for more than nine. */
export function timeline(counts: readonly number[]): string {
  return counts.map((count) => (count === 0 ? '.' : count > 9 ? '+' : String(count))).join('')
}

const bars = '▁▂▃▄▅▆▇█'
const digits = '123456789'

/** The starts of many tasks in each cell, relative to the busiest cell. */
export function profile(counts: readonly number[], isUnicode: boolean): string {
  const marks = isUnicode ? bars : digits
  const most = Math.max(...counts)
  return counts
    .map((count) => (count === 0 ? '.' : marks[Math.ceil((count / most) * marks.length) - 1]))
    .join('')
}

const labelHours = [1, 2, 3, 6, 12]
/** A label and a blank. */
const labelWidth = 3

/**
 * Labels for the hours of the day, in local time. A label stands above the cell in which its hour
 * begins, or at whose end it begins.
 */
export function axis(from: number, cells: number, zone: string): string {
  const cellSeconds = 86_400 / cells
  const step = labelHours.find((hours) => (hours * 3600) / cellSeconds >= labelWidth) ?? 12
  const stepsAt = (second: number) => Math.floor((second + offsetAt(zone, second)) / (step * 3600))
  let text = ''
  for (let cell = 0; cell < cells; cell++) {
    const start = from + cell * cellSeconds
    const steps = stepsAt(start + cellSeconds)
    const fits = text === '' || text.length < cell
    if (steps > stepsAt(start) && fits && cell + 2 <= cells)
      text = text.padEnd(cell) + String((steps * step) % 24).padStart(2, '0')
  }
  return text
}
