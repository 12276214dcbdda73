import { formatDuration } from '../../text/duration.ts'
import type { Schedule } from '../../schedule/schedule.ts'
import { defaultSettings, fleetOf } from '../defaults.ts'
import { formatUmask } from '../file/schema-values.ts'
import { resolvePath } from '../file/settings.ts'
import { entryMeaning } from '../host-entry.ts'
import { isHashed } from '../host-schedules.ts'
import { formatSize } from '../../text/size.ts'
import { daemonEvents, taskEvents } from '../notify.ts'
import { causeText } from '../retry-cause.ts'
import type { Task } from '../task.ts'
import { shownSecret } from './written-targets.ts'

/** A value as it would be written into the file; null if there is no value and no default. */
export type Written = string | number | boolean | null | readonly (string | number)[]

/** The value of a key of a task. Two values mean the same exactly if their meanings are equal. */
interface WrittenKey {
  readonly value: Written
  readonly meaning: string
}

/**
 * All keys of a task with their values, defaults included, in the order of the schema. Keys within
 * a map have a dot (`retry.attempts`, `env.PATH`). A key that has no effect on the type of the task
 * has its default. Paths within `folder`, the folder of the tasks file, are relative to it.
 */
export function writtenKeys(task: Task, folder: string): ReadonlyMap<string, WrittenKey> {
  const { retry, restart, overlap, catchup, catchupWindowMs, jitterMs } = defaultSettings
  const effective = {
    ...task,
    ...(task.type === 'daemon' ? { retry } : { restart }),
    ...(task.type !== 'common' && { overlap, catchup, catchupWindowMs }),
    ...(task.type === 'manual' && { jitterMs }),
  }
  const keys = Object.entries(valuesOf(effective, folder)).map(
    ([key, value]): [string, WrittenKey] => [key, { value, meaning: meaningOf(key, value, task) }],
  )
  return new Map(keys)
}

function valuesOf(task: Task, folder: string): Record<string, Written> {
  const { input, retry, restart, limits, output } = task
  return {
    schedule: oneOrList(task.schedules.map(({ text }) => text.trim().split(/\s+/).join(' '))),
    after: oneOrList(task.after?.tasks ?? []),
    'after.outcome': task.after?.outcome ?? null,
    command:
      typeof task.command === 'string' ? withoutLastBreak(task.command) : (task.command ?? null),
    ...scriptValues(task.script, folder),
    listen: listenValue(task.listen),
    type: task.type,
    hosts: task.hostEntries ?? null,
    ...fleetValues(task),
    overlap: task.overlap,
    ...poolValues(task.pools),
    timezone: task.timezone,
    ...limitValues(task.when),
    jitter: formatDuration(task.jitterMs),
    catchup: task.catchup,
    catchup_window: formatDuration(task.catchupWindowMs),
    'input.mode': input.mode,
    'input.format': input.format,
    ...readyValues(task.ready),
    timeout: durationOrNone(task.timeoutMs),
    kill_after: formatDuration(task.killAfterMs),
    'retry.attempts': retry.attempts,
    'retry.delay': formatDuration(retry.delayMs),
    'retry.backoff': retry.backoff,
    'retry.max_delay': formatDuration(retry.maxDelayMs),
    'retry.on': retry.on === undefined ? null : retry.on.map(causeText),
    'restart.delay': formatDuration(restart.delayMs),
    'restart.max_delay': formatDuration(restart.maxDelayMs),
    'restart.reset_after': formatDuration(restart.resetAfterMs),
    'restart.on': restart.on ?? 'always',
    'restart.limit.starts': restart.limit?.starts ?? null,
    'restart.limit.within': durationOrNone(restart.limit?.withinMs),
    success_codes: [...new Set(task.successCodes)].toSorted((a, b) => a - b),
    shell: task.shell,
    cwd: pathOrNone(task.cwd, folder),
    umask: formatUmask(task.umask),
    nice: task.nice,
    'limits.nofile': limits.nofile ?? null,
    'limits.cpu': durationOrNone(limits.cpu === undefined ? undefined : limits.cpu * 1000),
    'limits.memory': sizeOrNone(limits.memory),
    'limits.core': sizeOrNone(limits.core),
    'limits.fsize': sizeOrNone(limits.fsize),
    'limits.nproc': limits.nproc ?? null,
    user: task.user ?? null,
    group: task.group ?? null,
    ...dotted('env', task.env),
    env_file: pathOrNone(task.envFile, folder),
    'output.keep_runs': output.keepRuns,
    'output.keep_for': formatDuration(output.keepForMs),
    'output.max_size': formatSize(output.maxSizeBytes),
    ...messageValues(task),
    description: task.description === undefined ? null : withoutLastBreak(task.description),
    ...dotted('labels', task.labels),
    enabled: task.enabled,
  }
}

function scriptValues(script: Task['script'], folder: string): Record<string, Written> {
  return {
    'script.url': script?.url ?? null,
    'script.sha256': script?.sha256 ?? null,
    'script.update':
      typeof script?.update === 'number' ? formatDuration(script.update) : (script?.update ?? null),
    'script.timeout': durationOrNone(script?.timeoutMs),
    'script.max_size': sizeOrNone(script?.maxBytes),
    'script.headers_file': pathOrNone(script?.headersFile, folder),
  }
}

/** Calendars have keys of their own: a change of their days changes when the task starts. */
function limitValues(when: Task['when']): Record<string, Written> {
  const {
    from,
    until,
    cycle,
    only = [],
    except = [],
    onExcluded = 'skip',
    calendars = {},
  } = when ?? {}
  return {
    from: from ?? null,
    until: until ?? null,
    cycle: cycle === undefined ? null : `${cycle.unit}: ${cycle.count}, from: ${cycle.from}`,
    only: only.length === 0 ? null : only,
    except: except.length === 0 ? null : except,
    on_excluded: onExcluded,
    ...Object.fromEntries(
      Object.entries(calendars).map(([name, days]) => [`calendars.${name}`, days]),
    ),
  }
}

/** The sizes have keys of their own, as the days of calendars. */
function poolValues(pools: Task['pools']): Record<string, Written> {
  return {
    pool: oneOrList(pools.map(({ name }) => name)),
    ...Object.fromEntries(pools.map(({ name, size }) => [`pools.${name}`, size])),
  }
}

/** On a task without `scope: fleet` the other keys of the fleet have their defaults. */
function fleetValues({ fleet, max }: Task): Record<string, Written> {
  const { preferEntries, maxPerHost, startWithinMs, onLost, fenceMs } =
    fleet ?? fleetOf({}, 'common')
  return {
    scope: fleet === undefined ? 'host' : 'fleet',
    prefer: preferEntries.length === 0 ? null : preferEntries,
    max: max === Infinity ? 'unlimited' : max,
    max_per_host: maxPerHost,
    start_within: formatDuration(startWithinMs),
    on_lost: onLost,
    fence: fenceMs === undefined ? 'off' : formatDuration(fenceMs),
  }
}

function listenValue(listen: Task['listen']): Written {
  return oneOrList(listen.map(({ name, text }) => (name === undefined ? text : `${name}: ${text}`)))
}

function readyValues(ready: Task['ready']): Record<string, Written> {
  return {
    'ready.line': ready?.kind === 'line' ? ready.text : null,
    'ready.after': ready?.kind === 'after' ? formatDuration(ready.afterMs) : null,
    'ready.timeout': ready?.kind === 'line' ? formatDuration(ready.timeoutMs) : null,
  }
}

function messageValues({ notify, ping }: Task): Record<string, Written> {
  return {
    'notify.to': notify.to,
    // The order means nothing.
    'notify.on': [...taskEvents, ...daemonEvents].filter((event) => notify.on.includes(event)),
    'notify.late_after': durationOrNone(notify.lateAfterMs),
    'notify.stuck_after': durationOrNone(notify.stuckAfterMs),
    'notify.no_success_for': durationOrNone(notify.noSuccessForMs),
    'notify.repeat': formatDuration(notify.repeatMs),
    'ping.url': ping === undefined ? null : shownSecret(ping.url),
    'ping.on': ping === undefined || ping.form === 'healthchecks' ? null : ping.on,
  }
}

function oneOrList(texts: readonly string[]): Written {
  const [first] = texts
  if (first === undefined) return null
  return texts.length === 1 ? first : texts
}

/** Whether text ends with a line break depends only on how it is quoted. */
function withoutLastBreak(text: string): string {
  return text.replace(/\n+$/, '')
}

function durationOrNone(ms: number | undefined): string | null {
  return ms === undefined ? null : formatDuration(ms)
}

function sizeOrNone(bytes: number | undefined): string | null {
  return bytes === undefined ? null : formatSize(bytes)
}

function pathOrNone(path: string | undefined, folder: string): string | null {
  if (path === undefined) return null
  const top = resolvePath('/', folder)
  if (path === top) return '.'
  return path.startsWith(`${top}/`) ? path.slice(top.length + 1) : path
}

function dotted(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]))
}

function meaningOf(key: string, value: Written, { schedules, ping }: Task): string {
  if (key === 'ping.url') return JSON.stringify(ping?.url ?? null)
  if (key === 'notify.to' && Array.isArray(value)) return unordered(value.map(String))
  if (key === 'schedule') return unordered(schedules.map(timesOf))
  if (/^(?:only|except|calendars\.|pool$|retry\.on$)/.test(key) && Array.isArray(value))
    return unordered(value.map(String))
  if (key === 'prefer' && Array.isArray(value))
    return JSON.stringify(value.map(String).map(entryMeaning))
  if (key === 'hosts' && Array.isArray(value)) return unordered(value.map(String).map(entryMeaning))
  return JSON.stringify(value)
}

/** When a schedule is due, however it is written. `H` stays text: it differs from host to host. */
function timesOf(schedule: Schedule): string {
  const text = schedule.text.trim().toLowerCase().split(/\s+/).join(' ')
  if (schedule.kind === 'every') return `@every ${schedule.seconds}s`
  if (schedule.kind === 'reboot' || isHashed(schedule)) return text
  const { text: _1, limits: _2, ...rest } = schedule
  if (rest.kind === 'once') return text
  const { zone: _3, ...times } = rest
  return JSON.stringify(times)
}

function unordered(meanings: readonly string[]): string {
  return [...new Set(meanings)].toSorted().join('\n')
}

/** The keys of a task that differ from their defaults. `zone` is the time zone of the file. */
export function nonDefaultKeys(
  task: Task,
  folder: string,
  zone: string,
): [key: string, value: Written][] {
  const withDefaults = { ...task, ...defaultSettings, timezone: zone, command: [], schedules: [] }
  const defaults = writtenKeys(withDefaults, folder)
  // The only key whose default depends on the type of the task.
  const hasOwnFence =
    task.fleet !== undefined && task.fleet.fenceMs !== fleetOf({}, task.type).fenceMs
  return [...writtenKeys(task, folder)].flatMap(([key, { value, meaning }]) =>
    (key === 'fence' ? !hasOwnFence : defaults.get(key)?.meaning === meaning) ? [] : [[key, value]],
  )
}
