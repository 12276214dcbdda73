import type { Block } from '../../../forecast/blocks.ts'
import type { Forecast, TaskForecast } from '../../../forecast/forecast.ts'
import { startsPerCell, sumPerCell } from '../../../forecast/starts.ts'
import { localText } from '../../../schedule/timezone.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { cutMark, cutText } from '../../terminal/table-fit.ts'
import { countWidth, type Page, paragraph, partMark, variesMark } from './page.ts'
import { axis, profile, timeline } from './timeline.ts'

/** So many hosts are named above their block, and so many tasks in a sentence. */
const maxNamedHosts = 8
const maxNamedTasks = 12

/** A block as people read it: whose it is, what they start in a day, and a row for each task of its own. */
export function blockText(page: Page, block: Block, forecast: Forecast): string {
  const hosts = [...new Set(block.hosts.map(({ host }) => host))]
  const lines = [
    page.paint('bold', paragraph(page, someOf(hosts, maxNamedHosts))),
    paragraph(page, summaryOf(page, block, forecast)),
  ]
  if (block.lacks.length > 0) {
    const names = block.lacks.map(({ name }) => name)
    lines.push(paragraph(page, `without ${someOf(names, maxNamedTasks)} of everywhere`))
  }
  if (block.own.length > 0) lines.push(tableOf(page, block, forecast))
  return lines.join('\n')
}

/** Are its times known: is it one machine, by its name? */
export function isKnown({ hosts }: Block): boolean {
  return hosts.length === 1 && hosts.every(({ isName }) => isName)
}

function summaryOf(page: Page, block: Block, forecast: Forecast): string {
  if (block.tasks.length === 0) return 'no tasks'
  return `${tasksWords(block)}, ${startsWords(page, block, forecast)}`
}

function tasksWords({ own, shared, common }: Block): string {
  const every = common === 1 ? 'the one' : `the ${common}`
  const all = shared === common ? every : `${shared} of ${every}`
  if (shared === 0) return counted(own.length, 'task')
  const others = `${all} of everywhere`
  return own.length === 0 ? others : `${counted(own.length, 'task')} and ${others}`
}

function startsWords({ zone }: Page, block: Block, forecast: Forecast): string {
  const starts = `${counted(forecast.starts, 'start')} in 24 h`
  const { busiest } = forecast
  if (busiest === undefined) return starts
  const isVague = !isKnown(block) && forecast.tasks.some(({ varies }) => varies)
  if (busiest.starts === 1) return isVague ? starts : `${starts}, never two in a second`
  const most = `${isVague ? 'about ' : ''}${busiest.starts} at most in a second`
  return `${starts}, ${most}: ${localText(zone, busiest.at)}`
}

function tableOf(page: Page, block: Block, forecast: Forecast): string {
  const { cells, zone, nameWidth, nextWidth } = page
  const hours = cells === 0 ? '' : axis(forecast.from, cells, zone)
  const found = new Map(forecast.tasks.map((each) => [each.task, each]))
  const rows = block.own.flatMap(({ task, part }): Cell[][] => {
    const its = found.get(task)
    return its === undefined ? [] : [rowOf(page, its, part, isKnown(block), forecast)]
  })
  if (block.tasks.length > 1 && forecast.starts > 0) rows.push(totalRow(page, forecast))
  return table(
    { ...page, columns: page.width },
    [
      { text: 'TASK', least: nameWidth, cut: 'middle' },
      { text: ' NEXT', least: nextWidth, leave: 2 },
      { text: '24H'.padStart(countWidth), leave: 1 },
      hours,
    ],
    rows,
  )
}

function rowOf(
  page: Page,
  forecast: TaskForecast,
  part: boolean,
  known: boolean,
  window: Forecast,
): Cell[] {
  const { task, varies, starts } = forecast
  const mark = part ? partMark : ''
  const width = page.nameWidth - mark.length
  const name = cutText(task.name, width, 'middle', cutMark(page.isUnicode)) + mark
  const next = (varies && !known ? variesMark : ' ') + nextWords(page, forecast)
  if (task.type === 'daemon') return [name, next, '', '']
  const counts = page.cells === 0 ? [] : startsPerCell(forecast, window, page.cells)
  return [name, next, countText(starts), timeline(counts)]
}

function nextWords({ zone }: Page, { task, schedules, next }: TaskForecast): string {
  if (next !== undefined) return localText(zone, next)
  if (task.type === 'daemon') return `always ${task.max}`
  return schedules.some(({ kind }) => kind === 'reboot') ? 'at boot' : 'never'
}

/** All starts of the host, those of everywhere too. */
function totalRow(page: Page, forecast: Forecast): Cell[] {
  const counts = page.cells === 0 ? [] : sumPerCell(forecast.perSecond, page.cells)
  const cells: string[] = ['total', '', countText(forecast.starts), profile(counts, page.isUnicode)]
  return cells.map((text): Cell => [text, 'cyan'])
}

function countText(count: number): string {
  const text = count < 100_000 ? String(count) : `${Math.round(count / 1000)}k`
  return text.padStart(countWidth)
}
