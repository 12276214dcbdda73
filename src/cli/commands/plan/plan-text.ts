import { type Forecast, forecastOf, type Warning } from '../../../forecast/forecast.ts'
import {
  blockOf,
  blocksOf,
  type Exclusion,
  exclusionsOf,
  type HostBlock,
  type NamedHost,
  namedHosts,
  type WhyNot,
  whyNot,
} from '../../../forecast/named-hosts.ts'
import { type HostSpike, hostSpikeIn } from '../../../forecast/start-spikes.ts'
import { fileWarnings, hostWarnings } from '../../../forecast/warnings.ts'
import { bareEntry } from '../../../tasks/host-entry.ts'
import { type HostFacts, matchHosts } from '../../../tasks/hosts.ts'
import type { Task, TasksFile } from '../../../tasks/task.ts'
import { grouped } from '../../../text/grouped.ts'
import { someOf } from '../../../text/plural.ts'
import { isSingleAddress } from '../../args/host-facts.ts'
import { type Cell, table } from '../../terminal/table.ts'
import {
  blockText,
  isKnown,
  type Layout,
  layoutFor,
  paragraph,
  partMark,
  type PlanView,
  variesMark,
} from './plan-block.ts'

/** The longest lists of machines and tasks that are excluded; the rest is counted. */
const maxNamedHosts = 8
/** The longest list of tasks before a warning; the rest is counted. */
const maxNamedTasks = 3

/** What one machine would run, and why it would not run each of the other tasks. */
export interface HostPlan {
  readonly host: NamedHost
  readonly forecast: Forecast
  readonly not: readonly WhyNot[]
  readonly warnings: readonly Warning[]
  readonly groups: TasksFile['groups']
}

/** The plan of all hosts of a file in the 24 hours after `from`, in parts. Parts may be empty. */
export function* filePlan(view: PlanView, file: TasksFile, from: number): Generator<string> {
  const hosts = namedHosts(file)
  const exclusions = exclusionsOf(file)
  const isExcluded = (name: string) => exclusions.some(({ host }) => host === name)
  const blocks = blocksOf(hosts.filter(({ host }) => !isExcluded(host)))
  const shown = blocks.flatMap(({ own }) => own)
  const layout = layoutFor(view, shown)
  const spikes: HostSpike[] = []
  const seen = new Set<string>()
  let varies = false
  for (const block of blocks) {
    const forecast = forecastOfBlock(block, from)
    const spike = hostSpikeIn(forecast, isKnown(block))
    if (spike !== undefined) spikes.push(...block.hosts.map(({ host }) => ({ ...spike, host })))
    varies ||= !isKnown(block) && forecast.tasks.some((task) => task.varies)
    yield blockText(layout, block, forecast, seen)
  }
  yield exclusionsText(layout, exclusions)
  const disabled = file.tasks.filter((task) => !task.enabled).map(({ name }) => name)
  if (disabled.length > 0) yield paragraph(layout, `not enabled: ${disabled.join(', ')}`)
  const enabled = file.tasks.filter((task) => task.enabled)
  yield fleetText(layout, enabled, file.groups)
  yield messagesText(layout, enabled)
  yield legendText(layout, { varies, part: shown.some(({ part }) => part) })
  yield warningsText(layout, fileWarnings(file, hosts, spikes, { from, zone: view.zone }))
}

/** The forecast for a machine that has the name of the first host of the block. */
function forecastOfBlock({ hosts, tasks }: HostBlock, from: number): Forecast {
  return forecastOf(
    tasks.map(({ task }) => task),
    hosts[0]?.host ?? '',
    from,
  )
}

/** Plans one machine; `called` is its name, or an address if nothing else is known. */
export function planHost(
  file: TasksFile,
  called: string,
  facts: HostFacts,
  { from, zone }: { readonly from: number; readonly zone: string },
): HostPlan {
  const tasks = file.tasks.filter((task) => task.enabled && matchHosts(task.hosts, facts))
  const isName = !isSingleAddress(called)
  const forecast = forecastOf(tasks, called, from)
  const spike = hostSpikeIn(forecast, isName)
  return {
    host: { host: called, isName, tasks: tasks.map((task) => ({ task, part: false })) },
    forecast,
    not: file.tasks.flatMap((task) => whyNot(task, facts, file) ?? []),
    warnings: hostWarnings(forecast.tasks, spike, { from, zone, isName }),
    groups: file.groups,
  }
}

/** The plan of one machine, in parts. Parts may be empty. */
export function* hostPlan(view: PlanView, planned: HostPlan): Generator<string> {
  const { host, forecast, not, warnings } = planned
  const layout = layoutFor(view, host.tasks)
  yield blockText(layout, blockOf([host], host.tasks), forecast, new Set())
  if (not.length > 0) yield notText(layout, not)
  const tasks = host.tasks.map(({ task }) => task)
  yield fleetText(layout, tasks, planned.groups)
  yield messagesText(layout, tasks)
  const varies = !host.isName && forecast.tasks.some((task) => task.varies)
  yield legendText(layout, { varies, part: false })
  yield warningsText(layout, warnings)
}

/** `not on web-9*, 10.0.9.0/24: backup, sync` */
function exclusionsText(layout: Layout, exclusions: readonly Exclusion[]): string {
  const some = exclusions.filter(({ tasks }) => tasks.length > 0)
  const alike = grouped(some, ({ tasks }) => tasks.map(({ name }) => name).join(' '))
  return [...alike.values()]
    .map((same) => {
      const hosts = someOf(
        same.map(({ host }) => host),
        maxNamedHosts,
      )
      const tasks = same[0]?.tasks.map(({ name }) => name) ?? []
      return paragraph(layout, `not on ${hosts}: ${someOf(tasks, maxNamedHosts)}`)
    })
    .join('\n')
}

/** `fleet: one of web1 web2 web3: backup, sync`: which machines share which tasks. */
function fleetText(layout: Layout, tasks: readonly Task[], groups: TasksFile['groups']): string {
  const shared = tasks.filter(({ fleet }) => fleet !== undefined)
  const alike = grouped(shared, (task) => fleetWords(task, groups))
  return [...alike]
    .map(([words, same]) => {
      const names = same.map(({ name }) => name)
      return paragraph(layout, `fleet: ${words}: ${someOf(names, maxNamedHosts)}`)
    })
    .join('\n')
}

/** `2 of web1 web2 web3, first web1`: a slot starts on one machine, a daemon task keeps `max` runs. */
function fleetWords(
  { type, max, hostEntries = [], fleet }: Task,
  groups: TasksFile['groups'],
): string {
  const machines = hostEntries.flatMap((entry) => {
    const { text, negated } = bareEntry(entry)
    const inside = Object.hasOwn(groups, text) ? (groups[text] ?? []) : [text]
    return inside.map((machine) => ({ machine, negated }))
  })
  const namesOf = (isNegated: boolean): string =>
    machines
      .filter(({ negated }) => negated === isNegated)
      .map(({ machine }) => machine)
      .join(' ')
  const count = type === 'daemon' && max > 1 ? String(max) : 'one'
  const excluded = namesOf(true)
  const first = fleet?.preferEntries.join(', then ') ?? ''
  return [
    `${count} of ${namesOf(false) || 'all machines'}${excluded && ` except ${excluded}`}`,
    ...(first === '' ? [] : [`first ${first}`]),
  ].join(', ')
}

/** `messages to ops, oncall: backup, sync`: who hears of which task. */
function messagesText(layout: Layout, tasks: readonly Task[]): string {
  const told = tasks.filter(({ notify }) => notify.to.length > 0)
  const alike = grouped(told, ({ notify }) => [...new Set(notify.to)].join(', '))
  return [...alike]
    .map(([to, same]) => {
      const names = same.map(({ name }) => name)
      return paragraph(layout, `messages to ${to}: ${someOf(names, maxNamedHosts)}`)
    })
    .join('\n')
}

function notText(layout: Layout, not: readonly WhyNot[]): string {
  const rows = not.map((each): Cell[] => [each.task.name, whyWords(each)])
  return table(
    { ...layout, columns: layout.width },
    [
      { text: 'NOT HERE', least: layout.nameWidth, cut: 'middle' },
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

/** Explains the marks that the plan contains. */
function legendText(
  layout: Layout,
  used: { readonly varies: boolean; readonly part: boolean },
): string {
  const varies = `${variesMark} the time differs between machines (H or jitter); shown for a machine named like its block`
  const lines = [
    ...(used.varies ? [varies] : []),
    ...(used.part ? [`${partMark} runs on some of these machines only`] : []),
  ]
  return lines.map((line) => paragraph(layout, line)).join('\n')
}

/** Warnings for a reviewer, each with a hint. */
function warningsText(layout: Layout, warnings: readonly Warning[]): string {
  return warnings
    .map(({ tasks, message, hint }) => {
      const line = `warning: ${someOf(tasks, maxNamedTasks)}: ${message}`
      return `${layout.paint('yellow', paragraph(layout, line))}\n${paragraph(layout, `hint: ${hint}`)}`
    })
    .join('\n')
}
