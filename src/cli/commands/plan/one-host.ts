import { aloneBlock } from '../../../forecast/blocks.ts'
import { type Forecast, forecastOf } from '../../../forecast/forecast.ts'
import { herdOn } from '../../../forecast/host-spikes.ts'
import type { NamedHost } from '../../../forecast/hosts.ts'
import type { Warning } from '../../../forecast/warning.ts'
import { hostWarnings } from '../../../forecast/warnings.ts'
import { whyNot, type WhyNot } from '../../../forecast/why-not.ts'
import { type HostFacts, matchHosts } from '../../../tasks/hosts.ts'
import type { TasksFile } from '../../../tasks/task.ts'
import { isSingleAddress } from '../../args/asked-host.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { blockText } from './block.ts'
import { legendText, warningsText } from './closing.ts'
import { type Page, pageFor, type Paper } from './page.ts'

/** What one machine would run, and for each other task why not. */
export interface OneHost {
  readonly host: NamedHost
  readonly forecast: Forecast
  readonly not: readonly WhyNot[]
  readonly warnings: readonly Warning[]
}

/** As the host is `called`: its name, or an address where that is all that is known of it. */
export function planOne(
  file: TasksFile,
  called: string,
  facts: HostFacts,
  { from, zone }: { readonly from: number; readonly zone: string },
): OneHost {
  const tasks = file.tasks.filter((task) => task.enabled && matchHosts(task.hosts, facts))
  const isName = !isSingleAddress(called)
  const forecast = forecastOf(tasks, called, from)
  const herd = herdOn(forecast, isName)
  return {
    host: { host: called, isName, tasks: tasks.map((task) => ({ task, part: false })) },
    forecast,
    not: file.tasks.flatMap((task) => whyNot(task, facts, file) ?? []),
    warnings: hostWarnings(forecast.tasks, herd, { from, zone, isName }),
  }
}

/** The same as people read it, part by part. */
export function* onePlan(paper: Paper, one: OneHost): Generator<string> {
  const { host, forecast, not, warnings } = one
  const page = pageFor(paper, host.tasks)
  yield blockText(page, aloneBlock([host], host.tasks), forecast)
  if (not.length > 0) yield notText(page, not)
  const varies = !host.isName && forecast.tasks.some((task) => task.varies)
  yield legendText(page, { varies, part: false })
  yield warningsText(page, warnings)
}

function notText(page: Page, not: readonly WhyNot[]): string {
  const rows = not.map((each): Cell[] => [each.task.name, whyWords(each)])
  return table(
    { ...page, columns: page.width },
    [
      { text: 'NOT HERE', least: page.nameWidth, cut: 'middle' },
      { text: 'WHY', cut: 'end' },
    ],
    rows,
  )
}

function whyWords({ reason, excludedBy, wants = [] }: WhyNot): string {
  if (reason === 'enabled') return 'not enabled'
  if (excludedBy !== undefined) return `excluded by "!${excludedBy}"`
  return `runs on ${wants.join(', ')}`
}
