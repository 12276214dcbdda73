import type { Settings } from './file/settings.ts'
import { noNotify, type TaskNotify } from './notify.ts'
import type { Limits, Ready, Task, TaskFleet } from './task.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Defaults that are objects. All tasks share them, so that they take memory once. */
const builtIn = {
  retry: { attempts: 0, delayMs: second, backoff: 2, maxDelayMs: 5 * minute },
  restart: { delayMs: second, maxDelayMs: minute, resetAfterMs: minute },
  output: { keepRuns: 20, keepForMs: 7 * day, maxSizeBytes: 10_000_000 },
  successCodes: [0],
  input: { mode: 'none', format: 'text' } as const,
  limits: {},
  env: {},
  labels: {},
}

/** Maps that a task and the defaults of its file share, key by key. */
export const mergedKeys = [
  'input',
  'retry',
  'restart',
  'limits',
  'output',
  'env',
  'labels',
  'notify',
] as const

/**
 * A task's own settings over the `defaults` of its file. Key by key, and within maps key by key
 * again: a task that sets `retry: {attempts: 5}` keeps the delay of the defaults, and one that sets
 * a variable keeps the others. Lists are replaced as a whole.
 */
export function withFileDefaults<T extends Settings>(defaults: Settings, own: T): T {
  const merged = { ...defaults, ...own }
  for (const key of mergedKeys) {
    if (defaults[key] === undefined || own[key] === undefined) continue
    Object.assign(merged, { [key]: { ...defaults[key], ...own[key] } })
  }
  return merged
}

/** The settings in the form of a task, with torch's own default for each key that is not set. */
export function withBuiltInDefaults(settings: Settings, timezone: string) {
  return {
    type: settings.type ?? 'common',
    input: inputOf(settings),
    hosts: settings.hosts,
    hostEntries: settings.hostEntries,
    max: settings.max ?? 1,
    overlap: settings.overlap ?? 'skip',
    timezone,
    jitterMs: settings.jitter ?? 0,
    catchup: settings.catchup ?? 'off',
    catchupWindowMs: settings.catchup_window ?? hour,
    timeoutMs: settings.timeout,
    killAfterMs: settings.kill_after ?? 10 * second,
    retry: retryOf(settings),
    restart: restartOf(settings),
    successCodes: settings.success_codes ?? builtIn.successCodes,
    shell: settings.shell ?? '/bin/sh',
    cwd: settings.cwd,
    umask: settings.umask ?? 0o022,
    nice: settings.nice ?? 0,
    limits: limitsOf(settings),
    user: settings.user,
    group: settings.group,
    env: settings.env ?? builtIn.env,
    envFile: settings.env_file,
    output: outputOf(settings),
    description: settings.description,
    labels: settings.labels ?? builtIn.labels,
    notify: notifyOf(settings.notify),
    enabled: settings.enabled ?? true,
  } as const
}

/** The settings of a task that sets nothing. */
export const defaultSettings = {
  ...withBuiltInDefaults({}, 'UTC'),
  ...({ script: undefined, listen: [], ready: undefined, fleet: undefined } as const),
  ping: undefined,
  when: undefined,
  pools: [],
  after: undefined,
}

/** When a run of a daemon task is ready. With a socket, the default is to wait for a second. */
export function readyOf(ready: Settings['ready'], listen: Task['listen']): Ready | undefined {
  if (ready === undefined && listen.length === 0) return undefined
  const timeoutMs = ready?.timeout ?? 30 * second
  if (ready?.line !== undefined) return { kind: 'line', text: ready.line, timeoutMs }
  const afterMs = ready?.after ?? second
  // Later than `after`, which ends the wait by itself.
  return { kind: 'after', afterMs, timeoutMs: afterMs + timeoutMs }
}

/** How the fleet shares a task, without its definition. A run of a daemon task is fenced by default. */
export function fleetOf(settings: Settings, type: Task['type']): Omit<TaskFleet, 'definition'> {
  const { fence = type === 'daemon' ? 30 * second : 'off' } = settings
  return {
    prefer: settings.prefer ?? [],
    preferEntries: settings.preferEntries ?? [],
    maxPerHost: Math.min(settings.max_per_host ?? 1, settings.max ?? 1),
    startWithinMs: settings.start_within ?? minute,
    onLost: settings.on_lost ?? 'skip',
    fenceMs: fence === 'off' ? undefined : fence,
  }
}

function inputOf({ input }: Settings): Task['input'] {
  if (input === undefined) return builtIn.input
  const { mode = 'none', format = 'text' } = input
  // Only a queue has a format.
  return { mode, format: mode === 'queue' ? format : 'text' }
}

/** Who gets messages, with torch's own defaults. */
export function notifyOf(notify: Settings['notify']): TaskNotify {
  if (notify === undefined) return noNotify
  return {
    to: notify.to ?? noNotify.to,
    on: notify.on ?? noNotify.on,
    lateAfterMs: notify.late_after,
    stuckAfterMs: notify.stuck_after,
    noSuccessForMs: notify.no_success_for,
    repeatMs: notify.repeat ?? noNotify.repeatMs,
  }
}

function retryOf({ retry }: Settings): Task['retry'] {
  if (retry === undefined) return builtIn.retry
  return {
    attempts: retry.attempts ?? builtIn.retry.attempts,
    delayMs: retry.delay ?? builtIn.retry.delayMs,
    backoff: retry.backoff ?? builtIn.retry.backoff,
    maxDelayMs: retry.max_delay ?? builtIn.retry.maxDelayMs,
    ...(retry.on && { on: retry.on }),
  }
}

function restartOf({ restart }: Settings): Task['restart'] {
  if (restart === undefined) return builtIn.restart
  const { on, limit: { starts, within } = {} } = restart
  const isLimited = starts !== undefined && within !== undefined
  return {
    delayMs: restart.delay ?? builtIn.restart.delayMs,
    maxDelayMs: restart.max_delay ?? builtIn.restart.maxDelayMs,
    resetAfterMs: restart.reset_after ?? builtIn.restart.resetAfterMs,
    ...(on !== undefined && on !== 'always' && { on }),
    ...(isLimited && { limit: { starts, withinMs: within } }),
  }
}

function outputOf({ output }: Settings): Task['output'] {
  if (output === undefined) return builtIn.output
  return {
    keepRuns: output.keep_runs ?? builtIn.output.keepRuns,
    keepForMs: output.keep_for ?? builtIn.output.keepForMs,
    maxSizeBytes: output.max_size ?? builtIn.output.maxSizeBytes,
  }
}

function limitsOf({ limits }: Settings): Limits {
  if (limits === undefined) return builtIn.limits
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}
