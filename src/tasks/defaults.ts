import type { Settings } from './file/settings.ts'
import type { Limits, Task } from './task.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** What torch does where nothing is said: the same values for all tasks, not only equal ones. */
const unsaid = {
  retry: { attempts: 0, delayMs: second, backoff: 2, maxDelayMs: 5 * minute },
  restart: { delayMs: second, maxDelayMs: minute, resetAfterMs: minute },
  output: { keepRuns: 20, keepForMs: 7 * day, maxSizeBytes: 10_000_000 },
  successCodes: [0],
  limits: {},
  env: {},
  labels: {},
}

/** The settings with torch's own defaults where nothing is said. */
export function filledIn(settings: Settings, timezone: string) {
  return {
    type: settings.type ?? 'common',
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
    successCodes: settings.success_codes ?? unsaid.successCodes,
    shell: settings.shell ?? '/bin/sh',
    cwd: settings.cwd,
    umask: settings.umask ?? 0o022,
    nice: settings.nice ?? 0,
    limits: limitsOf(settings),
    user: settings.user,
    group: settings.group,
    env: settings.env ?? unsaid.env,
    envFile: settings.env_file,
    output: outputOf(settings),
    description: settings.description,
    labels: settings.labels ?? unsaid.labels,
    enabled: settings.enabled ?? true,
  } as const
}

/** What a task is that says nothing. */
export const withoutSettings = filledIn({}, 'UTC')

function retryOf({ retry }: Settings): Task['retry'] {
  if (retry === undefined) return unsaid.retry
  return {
    attempts: retry.attempts ?? unsaid.retry.attempts,
    delayMs: retry.delay ?? unsaid.retry.delayMs,
    backoff: retry.backoff ?? unsaid.retry.backoff,
    maxDelayMs: retry.max_delay ?? unsaid.retry.maxDelayMs,
  }
}

function restartOf({ restart }: Settings): Task['restart'] {
  if (restart === undefined) return unsaid.restart
  return {
    delayMs: restart.delay ?? unsaid.restart.delayMs,
    maxDelayMs: restart.max_delay ?? unsaid.restart.maxDelayMs,
    resetAfterMs: restart.reset_after ?? unsaid.restart.resetAfterMs,
  }
}

function outputOf({ output }: Settings): Task['output'] {
  if (output === undefined) return unsaid.output
  return {
    keepRuns: output.keep_runs ?? unsaid.output.keepRuns,
    keepForMs: output.keep_for ?? unsaid.output.keepForMs,
    maxSizeBytes: output.max_size ?? unsaid.output.maxSizeBytes,
  }
}

function limitsOf({ limits }: Settings): Limits {
  if (limits === undefined) return unsaid.limits
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}
