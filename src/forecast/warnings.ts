import type { Task, TasksFile } from '../tasks/task.ts'
import { nextLocal } from '../schedule/calendar.ts'
import { isOver } from '../schedule/due.ts'
import { secondsPerDay } from '../schedule/civil-date.ts'
import type { CronSchedule } from '../schedule/schedule.ts'
import { localText, spansIn } from '../schedule/timezone.ts'
import { isHashed } from '../tasks/host-schedules.ts'
import { formatDuration } from '../text/duration.ts'
import { grouped } from '../text/grouped.ts'
import { someOf } from '../text/plural.ts'
import { forecastOf, type TaskForecast, type Warning } from './forecast.ts'
import { everywhere, type NamedHost } from './named-hosts.ts'
import { type HostSpike, hostSpikeWarnings, manyMachinesWarnings } from './start-spikes.ts'
import { shortestInterval } from './window-slots.ts'

/**
 * Everything a reviewer of a tasks file should know, from the second `from` on. `spikes` are the
 * spikes of its hosts, in order. Times are in `zone`.
 */
export function fileWarnings(
  file: TasksFile,
  hosts: readonly NamedHost[],
  spikes: readonly HostSpike[],
  { from, zone }: { readonly from: number; readonly zone: string },
): Warning[] {
  const enabled = file.tasks.filter((task) => task.enabled)
  const { tasks } = forecastOf(enabled, everywhere, from)
  return [
    ...nowhereWarnings(tasks, hosts),
    ...neverWarnings(tasks, from),
    ...hostSpikeWarnings(spikes, zone),
    ...manyMachinesWarnings(file, tasks),
    ...clockWarnings(tasks, from, false),
    ...timeoutWarnings(tasks),
    ...claimsWarnings(enabled, from),
  ]
}

/** The warnings about the tasks of one host. */
export function hostWarnings(
  tasks: readonly TaskForecast[],
  spike: HostSpike | undefined,
  {
    from,
    zone,
    isName,
  }: { readonly from: number; readonly zone: string; readonly isName: boolean },
): Warning[] {
  return [
    ...neverWarnings(tasks, from),
    ...hostSpikeWarnings(spike === undefined ? [] : [spike], zone),
    ...clockWarnings(tasks, from, isName),
    ...timeoutWarnings(tasks),
  ]
}

function nowhereWarnings(tasks: readonly TaskForecast[], hosts: readonly NamedHost[]): Warning[] {
  const placed = new Set(hosts.flatMap((host) => host.tasks.map(({ task }) => task.name)))
  return warningFor(
    'nowhere',
    tasks.filter(({ task }) => !placed.has(task.name)),
    {
      message: 'no machine can match: hosts excludes every machine that it names',
      hint: 'fix hosts, or set enabled: false if the task should not run',
    },
  )
}

function neverWarnings(tasks: readonly TaskForecast[], from: number): Warning[] {
  const never = tasks.filter(
    ({ task, schedules, next }) =>
      task.type === 'common' &&
      task.after === undefined &&
      next === undefined &&
      !schedules.some(({ kind }) => kind === 'reboot'),
  )
  const done = never.filter(({ schedules }) => isOver(schedules, from))
  const limited = never.filter((each) => each.task.when !== undefined && !done.includes(each))
  const others = never.filter((each) => !done.includes(each) && !limited.includes(each))
  return [
    ...warningFor('never', others, {
      message: 'never starts: there is no such date',
      hint: 'L is the last day of a month; try a schedule with: torch next --schedule "0 0 L 2 *"',
    }),
    ...warningFor('never', limited, {
      message: 'never starts: its limits leave no slot',
      hint: 'look at from, until, cycle, only and except',
    }),
    ...warningFor('done', done, {
      message: 'is done: its last time has passed',
      hint: 'remove it, or write a later time',
    }),
  ]
}

function warningFor(
  kind: Warning['kind'],
  tasks: readonly TaskForecast[],
  text: Pick<Warning, 'message' | 'hint'>,
): Warning[] {
  return tasks.length === 0 ? [] : [{ kind, tasks: tasks.map(({ task }) => task.name), ...text }]
}

/** Within this time every zone with daylight saving changes its clock twice. */
const maxAheadSeconds = 400 * secondsPerDay
/** A warning names this many local times and counts the rest. */
const maxNamedTimes = 4

/** A change of a zone's clock. Local times are in seconds, read as if the clock were in UTC. */
interface ClockChange {
  readonly kind: 'gap' | 'overlap'
  readonly zone: string
  /** The first second with the new offset. */
  readonly at: number
  /** The local times that the clock skips or repeats: from `localFrom`, before `localTo`. */
  readonly localFrom: number
  readonly localTo: number
}

/**
 * Warns about fixed-time schedules that the next changes of their zone's clock affect: one warning
 * for each change. Interval schedules follow real time and are not affected. With `isName`, the
 * schedules are those of one host; otherwise schedules with `H` are left out, because their times
 * differ from host to host.
 */
function clockWarnings(tasks: readonly TaskForecast[], from: number, isName: boolean): Warning[] {
  const fixed = tasks.flatMap(({ task, schedules }) =>
    schedules.flatMap((schedule) =>
      schedule.kind === 'cron' &&
      !schedule.interval &&
      (isName || task.fleet !== undefined || !isHashed(schedule))
        ? [{ task: task.name, schedule }]
        : [],
    ),
  )
  const zones = grouped(fixed, ({ schedule }) => schedule.zone)
  return [...zones].flatMap(([zone, schedules]) =>
    nextClockChanges(zone, from).flatMap((change) => {
      const affected = schedules.flatMap(({ task, schedule }) => {
        if (schedule.frequent && followsRealTime(schedule, change)) return []
        const local = nextLocal(schedule, change.localFrom)
        return local !== undefined && local < change.localTo ? [{ task, local }] : []
      })
      return affected.length === 0 ? [] : [clockWarning(change, affected)]
    }),
  )
}

/**
 * Whether a frequent schedule fires here as an interval does: in both passes of a repeated hour, and
 * at the end of a gap only because that is one of its times.
 */
function followsRealTime(schedule: CronSchedule, { kind, localTo }: ClockChange): boolean {
  return kind === 'overlap' || nextLocal(schedule, localTo) === localTo
}

/** The next gap and the next overlap, in order of time. */
function nextClockChanges(zone: string, from: number): ClockChange[] {
  const changes: ClockChange[] = []
  let before: number | undefined
  for (const { from: at, offset } of spansIn(zone, from, from + maxAheadSeconds)) {
    if (before !== undefined && offset !== before) {
      const kind = offset > before ? 'gap' : 'overlap'
      const [low, high] = [Math.min(before, offset), Math.max(before, offset)]
      if (!changes.some((each) => each.kind === kind))
        changes.push({ kind, zone, at, localFrom: at + low, localTo: at + high })
    }
    before = offset
  }
  return changes
}

function clockWarning(
  { kind, zone, at, localFrom, localTo }: ClockChange,
  affected: readonly { readonly task: string; readonly local: number }[],
): Warning {
  const tasks = [...new Set(affected.map(({ task }) => task))]
  const locals = [...new Set(affected.map(({ local }) => local))].toSorted((a, b) => a - b)
  const times = someOf(locals.map(clockText), maxNamedTimes)
  const date = localText('UTC', locals[0] ?? localFrom).slice(0, 10)
  const where = `on ${date} in ${zone}`
  const [does, comes] = locals.length === 1 ? ['does', 'comes'] : ['do', 'come']
  const fires = tasks.length === 1 ? 'fires' : 'each task fires'
  const end = localText(zone, at).slice(11)
  return {
    kind,
    tasks,
    message:
      kind === 'gap'
        ? `${times} ${does} not exist ${where}: ${fires} once at ${end}`
        : `${times} ${comes} twice ${where}: ${fires} the first time only`,
    hint: `choose a time outside ${clockText(localFrom)}-${clockText(localTo)}, or set timezone: UTC`,
  }
}

/** `02:30`, or `02:30:15` if the seconds are not zero. */
function clockText(local: number): string {
  return localText('UTC', local).slice(11, local % 60 === 0 ? 16 : 19)
}

/**
 * Warns about a timeout so long that a slot can find `max` runs: longer than the time between `max`
 * slots. Tasks with the same numbers share a warning.
 */
function timeoutWarnings(tasks: readonly TaskForecast[]): Warning[] {
  const tooLong = tasks.flatMap((forecast) => {
    const { task } = forecast
    if (task.timeoutMs === undefined) return []
    const interval = shortestInterval(forecast) ?? Infinity
    const isTooLong = task.timeoutMs > interval * 1000 * task.max
    return isTooLong ? [{ name: task.name, ...timeoutText(task, interval) }] : []
  })
  return [...grouped(tooLong, ({ message }) => message).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ message, hint }): Warning => {
      return { kind: 'timeout', tasks: alike.map(({ name }) => name), message, hint }
    }),
  )
}

function timeoutText(
  { timeoutMs = 0, max, overlap }: Task,
  interval: number,
): Pick<Warning, 'message' | 'hint'> {
  const between = formatDuration(interval * 1000)
  const room = max === 1 ? between : `${between} times max: ${max}`
  const most = formatDuration(interval * 1000 * max)
  const effects: Readonly<Record<Task['overlap'], string>> = {
    skip: 'while runs take that long, slots are skipped',
    queue: 'while runs take that long, one slot waits and the others are skipped',
    replace: 'a slot ends the oldest run before its timeout does',
  }
  const message = `timeout: ${formatDuration(timeoutMs)} is longer than the time between slots (${room}): ${effects[overlap]}`
  const hint =
    overlap === 'replace'
      ? `timeout: ${most}, or none`
      : `timeout: ${most}, or a greater max if runs may overlap`
  return { message, hint }
}

/** The fleet remembers each slot that was started for this long. */
const rememberedSeconds = 2 * secondsPerDay
/** It remembers at most twice as many, and starts nothing more when it is full. */
const maxClaims = 500_000

/** Warns if all tasks of the fleet together have so many slots that the fleet cannot remember them. */
function claimsWarnings(enabled: readonly Task[], from: number): Warning[] {
  const shared = enabled.filter(({ fleet }) => fleet !== undefined)
  if (shared.length === 0) return []
  const { starts, tasks } = forecastOf(shared, everywhere, from, rememberedSeconds)
  if (starts <= maxClaims) return []
  const most = tasks.filter((task) => task.starts > 0).toSorted((a, b) => b.starts - a.starts)
  return warningFor('claims', most, {
    message: `tasks with scope: fleet have ${starts} slots in 48 h: the fleet remembers at most ${2 * maxClaims}, and starts nothing more when it is full`,
    hint: 'start them less often, or write scope: host if every machine may run them',
  })
}
