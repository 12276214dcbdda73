import { localText } from '../schedule/timezone.ts'
import { sizeOf } from '../tasks/address.ts'
import { bareEntry } from '../tasks/host-entry.ts'
import { anyMachine } from '../tasks/hosts.ts'
import { runsOn } from '../tasks/hosts.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { formatDuration } from '../text/duration.ts'
import { grouped } from '../text/grouped.ts'
import { counted, someOf } from '../text/plural.ts'
import { type Forecast, startsPerSecond, type TaskForecast, type Warning } from './forecast.ts'
import { everywhere, type GroupEntries, taskEntryMatches } from './named-hosts.ts'
import { shortestInterval } from './window-slots.ts'

/** From this many tasks on, starts in one second on one host are a spike. */
const minSpikeTasks = 10
/** From this many machines on, a task that starts on all of them in the same second is a spike. */
const minSpikeMachines = 10
/** A warning names this many hosts and counts the rest. */
const maxNamedHosts = 4

/** The second in which a host starts the most tasks, if they are at least `minSpikeTasks`. */
export interface HostSpike {
  readonly host: string
  readonly at: number
  readonly tasks: Forecast['tasks']
  /** The number of seconds in the window with such a spike. */
  readonly seconds: number
}

/**
 * Finds the largest spike in a forecast; undefined if there is none. With `isName`, the forecast is
 * for one machine with a known name. Otherwise tasks with `H` or jitter are left out, because their
 * times differ from machine to machine.
 */
export function hostSpikeIn(forecast: Forecast, isName: boolean): HostSpike | undefined {
  const { host, from, busiest } = forecast
  if (busiest === undefined || busiest.starts < minSpikeTasks) return undefined
  // A task of the fleet starts on one of its machines, and nobody knows on which.
  const certain = forecast.tasks.filter(
    ({ task, varies }) => task.fleet === undefined && (isName || !varies),
  )
  const isAll = certain.length === forecast.tasks.length
  const counts = isAll ? forecast.perSecond : startsPerSecond(certain, forecast)
  const spikes = counts.filter((count) => count >= minSpikeTasks)
  if (spikes.length === 0) return undefined
  const largest = spikes.reduce((most, count) => Math.max(most, count))
  const at = from + 1 + counts.indexOf(largest)
  const tasks = certain.filter(({ slots, shift }) => slots.includes(at - shift))
  return { host, at, tasks, seconds: spikes.length }
}

/** Warns once about each spike; hosts with the same spike share a warning. Times are in `zone`. */
export function hostSpikeWarnings(spikes: readonly HostSpike[], zone: string): Warning[] {
  const alike = grouped(spikes, ({ at, seconds, tasks }) =>
    [at, seconds, ...tasks.map(({ task }) => task.name)].join(' '),
  )
  return [...alike.values()].flatMap((same) => {
    const hosts = [...new Set(same.map(({ host }) => host))]
    return same.slice(0, 1).map((spike) => hostSpikeWarning(spike, hosts, zone))
  })
}

function hostSpikeWarning(
  { at, seconds, tasks }: HostSpike,
  hosts: readonly string[],
  zone: string,
): Warning {
  const count = counted(tasks.length, 'task')
  const places = hosts.includes(everywhere) ? 'every machine' : someOf(hosts, maxNamedHosts)
  const where = `on ${places}, at ${localText(zone, at)}`
  const others = `${minSpikeTasks} or more start together in ${counted(seconds - 1, 'other second')} of the day`
  return {
    kind: 'herd',
    tasks: tasks.map(({ task }) => task.name),
    message: `${count} start in one second ${where}${seconds === 1 ? '' : `; ${others}`}`,
    hint: spreadHint(tasks),
  }
}

/**
 * Warns about tasks that start in the same second on many machines, because neither `H` nor jitter
 * spreads them: one warning for each set of machines. Tasks that start in every second are left out,
 * because nothing can spread them.
 */
export function manyMachinesWarnings(file: TasksFile, tasks: readonly TaskForecast[]): Warning[] {
  const namesHosts =
    Object.keys(file.groups).length > 0 || file.tasks.some((task) => task.hostEntries)
  const places = grouped(tasks.filter(canBeSpread), ({ task }) =>
    placeOf(task, file.groups, namesHosts),
  )
  places.delete('')
  return [...places].map(([place, found]) => {
    const subject = found.length === 1 ? 'starts' : `${counted(found.length, 'task')} start`
    return {
      kind: 'fleet',
      tasks: found.map(({ task }) => task.name),
      message: `${subject} in the same second on ${place}`,
      hint: spreadHint(found),
    }
  })
}

/** The task starts by the clock on each machine, is not spread yet, and is not due in every second. */
function canBeSpread(forecast: TaskForecast): boolean {
  const { task, varies, next } = forecast
  if (task.fleet !== undefined || varies || next === undefined) return false
  return shortestInterval(forecast) !== 1
}

/**
 * The many machines on which the task runs, in words; empty if they are few. `everywhere` counts as
 * many only if the file names any hosts: other files may be for one machine.
 */
function placeOf(task: Task, groups: GroupEntries, namesHosts: boolean): string {
  if (runsOn(task.hosts, anyMachine)) return namesHosts ? 'every machine' : ''
  const entries = (task.hostEntries ?? [])
    .map(bareEntry)
    .filter(({ negated }) => !negated)
    .map(({ text }) => ({ text, size: machinesIn(text, groups) }))
  const large = entries.find(({ size }) => size >= minSpikeMachines)
  if (large !== undefined) return `every machine of ${large.text}`
  const size = entries.reduce((sum, entry) => sum + entry.size, 0)
  if (size < minSpikeMachines) return ''
  return `every machine of ${entries.map(({ text }) => text).join(', ')}`
}

/** The most machines that an entry can match. A pattern counts as one: nobody knows how many match. */
function machinesIn(entry: string, groups: GroupEntries): number {
  return taskEntryMatches(entry, groups).reduce(
    (sum, match) => sum + (match.kind === 'network' ? sizeOf(match) : 1),
    0,
  )
}

/** Values of `jitter` for the hint, in seconds. */
const jitterExamples = [600, 300, 60, 30, 10, 5, 2, 1]

/** Says how to spread tasks over time, with an example for the first task that can take an `H`. */
export function spreadHint(tasks: readonly TaskForecast[]): string {
  const [first] = tasks
  const interval = first === undefined ? undefined : shortestInterval(first)
  const seconds = jitterExamples.find((each) => each <= (interval ?? Infinity) / 2) ?? 1
  const jitter = `jitter: ${formatDuration(seconds * 1000)}`
  for (const { task } of tasks) {
    for (const { text } of task.schedules) {
      const hashed = withHash(text)
      if (hashed !== undefined)
        return `"${hashed}" instead of "${wordsOf(text).join(' ')}" in ${task.name}, or ${jitter}, gives each its own time`
    }
  }
  return `${jitter} gives each its own time`
}

const nicknamesWithHash: Readonly<Record<string, string>> = {
  '@yearly': 'H H 1 1 *',
  '@annually': 'H H 1 1 *',
  '@monthly': 'H H 1 * *',
  '@weekly': 'H H * * 0',
  '@daily': 'H H * * *',
  '@midnight': 'H H * * *',
  '@hourly': 'H * * * *',
  '@minutely': 'H * * * * *',
}

/** The same schedule with its own time on each machine; undefined if `H` cannot express that. */
export function withHash(text: string): string | undefined {
  const words = wordsOf(text.toLowerCase())
  const [first = ''] = words
  if (Object.hasOwn(nicknamesWithHash, first)) return nicknamesWithHash[first]
  if (words.length < 5) return undefined
  const minuteAt = words.length - 5
  const minute = words[minuteAt] ?? ''
  // A task of every minute can only be spread over the seconds.
  if (minute === '*' && minuteAt === 0) return ['H', ...words].join(' ')
  const at = minute === '*' ? 0 : minuteAt
  const spread = hashedField(words[at] ?? '')
  return spread === undefined ? undefined : words.with(at, spread).join(' ')
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** `H` for a number, `H/15` for the step `*`/15; undefined for anything else. */
function hashedField(field: string): string | undefined {
  if (/^\d+$/.test(field)) return 'H'
  const [, step] = /^(?:\*|0)\/(\d+)$/.exec(field) ?? []
  return step === undefined || step === '1' ? undefined : `H/${step}`
}
