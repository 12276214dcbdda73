import { z } from 'zod'
import { maxTextChars } from './limits.ts'
import * as value from './schema-values.ts'
import { words } from './expected.ts'

/**
 * The tasks file as people write it: the one source of what is checked, of the types, and of the
 * JSON Schema for editors. What one value cannot tell (is there such a group? does a daemon have a
 * schedule?) is checked in check-settings.ts and build.ts.
 */

const nested = {
  retry: z.strictObject({
    attempts: key(value.whole(0, 1000), 'further attempts after one that failed or timed out', 0),
    delay: key(value.duration, 'before the first further attempt', '1s'),
    backoff: key(value.factor(1, 100), 'each delay is so many times the one before', 2),
    max_delay: key(value.duration, 'no delay is longer', '5m'),
  }),
  restart: z.strictObject({
    delay: key(
      value.longDuration,
      'of a `daemon`: from the end of a run to the next start; doubles each time',
      '1s',
    ),
    max_delay: key(value.longDuration, 'of a `daemon`: no delay is longer', '1m'),
    reset_after: key(
      value.duration,
      'of a `daemon`: after a run that lived this long the delay is the first one again',
      '1m',
    ),
  }),
  limits: z.strictObject({
    nofile: key(value.whole(1), 'open files; without it the soft limit is 1024'),
    cpu: key(value.seconds, 'processor time'),
    memory: key(value.size, 'address space'),
    core: key(value.size, 'core files'),
    fsize: key(value.size, 'any file that it writes'),
    nproc: key(value.whole(1), 'processes of its user'),
  }),
  output: z.strictObject({
    keep_runs: key(value.whole(0), 'how many finished runs are kept', 20),
    keep_for: key(value.longDuration, 'how long finished runs are kept', '7d'),
    max_size: key(
      value.size,
      "of one run's output: what is over it loses its middle, never its end",
      '10MB',
    ),
  }),
}

const settings = {
  type: key(
    z.enum(['common', 'daemon']),
    '`common`: started by its schedule; `daemon`: kept running',
    'common',
  ),
  hosts: key(
    value.hostEntries,
    'where it runs: groups, addresses, CIDR blocks, host names, patterns, and `!` for where not; everywhere without it',
  ),
  max: key(
    value.max,
    'most runs at one time on one machine; of a `daemon` how many are kept running (not `unlimited`)',
    1,
  ),
  overlap: key(
    z.enum(['skip', 'queue', 'replace']),
    'what a slot does that finds `max` runs: `skip`: it is skipped; `queue`: it waits for a place (one at most does); `replace`: it has the oldest run ended, and takes its place',
    'skip',
  ),
  timezone: key(value.zone, "of its schedules, instead of the file's; also `TZ` of the run"),
  jitter: key(
    value.duration,
    'every start is later by a fixed part of this, which follows from task and machine',
    '0s',
  ),
  catchup: key(
    z.enum(['off', 'latest']),
    'slots that were missed while torch was down or the machine slept: forget them, or run once for all of them',
    'off',
  ),
  catchup_window: key(
    value.duration,
    'how old the latest missed slot may be to be caught up',
    '1h',
  ),
  timeout: key(value.longDuration, 'a run that takes longer is ended'),
  kill_after: key(value.duration, 'from TERM to KILL, whenever torch ends a run', '10s'),
  retry: key(nested.retry, 'after a run that failed or timed out'),
  restart: key(nested.restart, 'of a `daemon` whose run ended'),
  success_codes: key(value.exitCodes, 'exit codes that are `ok`', [0]),
  shell: key(value.shell, 'runs a command that is text, as `SHELL -c TEXT`', '/bin/sh'),
  cwd: key(value.path, "working directory; without it the user's home, or `/` where there is none"),
  umask: key(value.umask, 'rights that files made by it do not get', '022'),
  nice: key(value.whole(-20, 19), "added to the daemon's own: with more it gives way to others", 0),
  limits: key(nested.limits, 'of what a run may take: see setrlimit(2)'),
  user: key(value.account, 'runs as this user, with all groups of it; only a daemon of root may'),
  group: key(value.account, "instead of the user's own group; only a daemon of root may"),
  env: key(value.environment, 'variables, on top of the clean environment'),
  env_file: key(value.path, 'file of `KEY=VALUE` lines, read at each start; `env` is stronger'),
  output: key(nested.output, 'what is kept of finished runs'),
  description: key(z.string().max(maxTextChars), 'shown by `torch status TASK`'),
  labels: key(
    value.labels,
    'shown by `torch status TASK`, and a filter: `torch status --label team=data`',
  ),
  enabled: key(z.boolean({ error: words.flag }), '`false`: not started by torch', true),
}

const task = z.strictObject({
  schedule: key(
    value.schedule,
    'when it is due: 5 or 6 fields as in a crontab, `@daily`, `@every 90s`, `@reboot`; a `common` task must have one, a `daemon` none',
  ),
  command: value.command.meta({
    ...value.command.meta(),
    description: 'what to run: text is for the shell, a list is executed as it is; required',
  }),
  ...settings,
})
const defaults = z.strictObject(settings)

const file = {
  timezone: key(value.zone, "zone of the schedules, as `Europe/Berlin`; without it the machine's"),
  hosts: key(
    z.record(value.groupName, value.hostEntries).meta({ title: 'map of names to lists' }),
    'groups of machines: addresses, CIDR blocks, host names, patterns',
  ),
  defaults: key(defaults, 'any key of a task but `schedule` and `command`, for all tasks'),
}

export const tasksFileSchema = z.strictObject({
  ...file,
  // Optional, because a directory may keep its groups and defaults in a file of their own.
  tasks: key(z.record(value.taskName, task).meta({ title: 'map of names to tasks' }), 'the tasks'),
})

/** The same for a file whose wrong values were taken out, so that the rest of it can be checked. */
export const partialFileSchema = z.strictObject({
  ...file,
  tasks: z.record(value.taskName, task.partial()).optional(),
})

export type FileInput = z.output<typeof partialFileSchema>
export type SettingsInput = z.output<typeof defaults>
export type TaskInput = NonNullable<FileInput['tasks']>[string]

/** A key that may be left out; `preset` is what it is then: see json-schema.ts. */
function key<S extends z.ZodType>(schema: S, description: string, preset?: unknown) {
  return schema.optional().meta({ description, ...(preset === undefined ? {} : { preset }) })
}

/** The keys that are known at a place, for "did you mean". */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [top, second, third] = path
  if (top === undefined) return Object.keys(tasksFileSchema.shape)
  if (top === 'tasks' && path.length === 2) return Object.keys(task.shape)
  if (top === 'defaults' && path.length === 1) return Object.keys(settings)
  const around = top === 'tasks' ? third : second
  const found = Object.entries(nested).find(([name]) => name === around)
  return found === undefined ? [] : Object.keys(found[1].shape)
}
