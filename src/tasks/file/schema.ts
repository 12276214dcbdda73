import { z } from 'zod'
import { fileKeys } from './file-keys.ts'
import { whereKeys } from './where-keys.ts'
import { maxTextChars } from './limits.ts'
import * as again from './again-values.ts'
import * as limits from './limit-values.ts'
import * as names from './name-values.ts'
import * as messages from './notification-values.ts'
import * as value from './schema-values.ts'
import { key } from './schema-values.ts'
import { expected } from './expected.ts'

/**
 * The tasks file as people write it: the only source of the checks, of the types, and of the JSON
 * Schema for editors. What needs more than one value (does the group exist? does a daemon task have
 * a schedule?) is checked in settings.ts and build.ts.
 */

const nested = {
  cycle: limits.cycle,
  after: names.afterMap,
  script: z.strictObject({
    url: value.url.meta({
      ...value.url.meta(),
      description: 'where the script is: an `https` URL, or a path within one of the `sources`',
    }),
    sha256: key(value.sha256, 'the sum of the script: nothing else is run'),
    update: key(
      value.update,
      'when to look for a new version: `never` (only `torch run -u TASK` and `torch scripts --update` do), `always` (before each start), or each time after this duration',
      'never',
    ),
    timeout: key(value.longDuration, 'longest time for a download', '30s'),
    max_size: key(value.scriptSize, 'a larger script is refused', '10MB'),
    headers_file: key(
      value.path,
      'file of `Name: value` lines that are sent with the request, such as a token; nobody else may read it',
    ),
  }),
  input: z.strictObject({
    mode: key(
      z.enum(['none', 'live', 'queue']),
      '`none`: nothing; `live`: the lines that `torch send` sends to a run; `queue`: messages that wait until a run takes them',
      'none',
    ),
    format: key(
      z.enum(['text', 'json']),
      'of a queue: `text`: the text of each message; `json`: an object with its id, time, sender and text',
      'text',
    ),
  }),
  ready: z.strictObject({
    line: key(
      value.readyLine,
      '`daemon` only: a run is ready when a line of its output contains this text',
    ),
    after: key(
      value.duration,
      '`daemon` only: a run is ready when it has lived this long; with `listen` the default is 1s',
    ),
    timeout: key(
      value.longDuration,
      '`daemon` only: a run that has not printed `ready.line` after this time is ended',
      '30s',
    ),
  }),
  retry: again.retry,
  restart: again.restart,
  limits: z.strictObject({
    nofile: key(value.whole(1), 'open files; default: a soft limit of 1024'),
    cpu: key(
      value.seconds,
      'processor time of each process; at the limit it gets XCPU, and KILL after 5 s more',
    ),
    memory: key(value.size, 'address space'),
    core: key(value.size, 'size of a core file'),
    fsize: key(value.size, 'size of a file that the run writes'),
    nproc: key(value.whole(1), 'processes of the user'),
  }),
  output: z.strictObject({
    keep_runs: key(value.whole(0), 'number of finished runs to keep', 20),
    keep_for: key(value.longDuration, 'how long to keep finished runs', '7d'),
    max_size: key(
      value.size,
      'larger output of a run is truncated in the middle; the start and the end are kept',
      '10MB',
    ),
  }),
}

const settings = {
  type: key(
    z.enum(['common', 'daemon', 'manual']),
    '`common`: started by its schedule; `daemon`: kept running all the time; `manual`: started by `torch run`, the library or a message',
    'common',
  ),
  ...whereKeys,
  overlap: key(
    z.enum(['skip', 'queue', 'replace']),
    'when the task is due and `max` runs are running: `skip`: do not start it; `queue`: start it when a run ends (at most one start waits); `replace`: end the oldest run, then start it',
    'skip',
  ),
  timezone: key(
    value.zone,
    'time zone of the schedules, and `TZ` of the run; default: the time zone of the file',
  ),
  from: key(limits.moment, 'no start before this date or time, in the time zone of the task'),
  until: key(limits.moment, 'no start from this date or time on, in the time zone of the task'),
  cycle: key(
    nested.cycle,
    'start only in every n-th week, month, or on every n-th day: `{ weeks: 2, from: 2026-01-05 }`',
  ),
  only: key(limits.calendarNames, 'start only on days of these calendars'),
  except: key(
    limits.calendarNames,
    'do not start on days of these calendars: those of the file, `weekends` and `workdays`',
  ),
  on_excluded: key(
    limits.onExcluded,
    'for a start on a day that `only` or `except` leaves out: `skip` it, or move it to the nearest day before or after that is left, at the same time',
    'skip',
  ),
  jitter: key(
    value.duration,
    'delays every start by a fixed part of this duration, which depends on the task and, with `scope: host`, on the machine',
    '0s',
  ),
  catchup: key(
    z.enum(['off', 'latest']),
    'for starts that were missed while torch was down or the machine slept: `off`: forget them; `latest`: start the task once for all of them',
    'off',
  ),
  catchup_window: key(value.duration, 'a missed start that is older than this is forgotten', '1h'),
  input: key(
    z
      .union([nested.input.shape.mode.unwrap(), nested.input], { error: expected.input })
      .transform((written) => (typeof written === 'string' ? { mode: written } : written))
      .meta({ title: 'none, live, queue; or a map' }),
    'what the run can read from its standard input',
    'none',
  ),
  ready: key(nested.ready, '`daemon` only: when a new run is ready, so that the old one may end'),
  timeout: key(value.longDuration, 'end a run that takes longer than this'),
  kill_after: key(value.duration, 'time from TERM to KILL when torch ends a run', '10s'),
  retry: key(nested.retry, 'how to retry a run that failed or timed out'),
  restart: key(nested.restart, '`daemon` only: when to start the next run after one ends'),
  success_codes: key(value.exitCodes, 'exit codes that mean `ok`', [0]),
  shell: key(value.shell, 'runs a command that is text: `SHELL -c TEXT`', '/bin/sh'),
  cwd: key(value.path, "working directory; default: the user's home, or `/` if there is none"),
  umask: key(value.umask, 'permissions that new files do not get, in octal', '022'),
  nice: key(
    value.whole(-20, 19),
    "added to the daemon's own niceness; higher means lower priority",
    0,
  ),
  limits: key(nested.limits, 'resource limits of a run: see setrlimit(2)'),
  user: key(
    value.account,
    'run as this user, with all its groups; needs a daemon that runs as root',
  ),
  group: key(
    value.account,
    "run with this group instead of the user's own; needs a daemon that runs as root",
  ),
  env: key(value.environment, 'environment variables, added to the clean environment'),
  env_file: key(
    value.path,
    'file of `KEY=VALUE` lines, read at each start; `env` takes precedence',
  ),
  output: key(nested.output, 'how much output of finished runs to keep'),
  notify: key(messages.taskNotify, 'who gets messages about the task, and about what'),
  description: key(
    z.string().max(maxTextChars, { error: expected.shortText }),
    'shown by `torch status TASK`',
  ),
  labels: key(
    value.labels,
    'shown by `torch status TASK`, and a filter: `torch status --label team=data`',
  ),
  enabled: key(z.boolean({ error: expected.flag }), '`false`: torch does not start the task', true),
}

const task = z
  .strictObject({
    schedule: key(
      value.schedule,
      'when the task is due: 5 or 6 fields as in a crontab, `@daily`, `@every 90s`, `@at 2026-12-31T23:00`, `@reboot`; required for a `common` task without `after`, not allowed for others',
    ),
    after: key(
      names.after,
      'start the task when these tasks of this machine have ended, instead of by a `schedule`',
    ),
    command: key(
      value.command,
      'what to run: text is run by the shell, a list without one; required unless there is a `script`',
    ),
    script: key(
      z
        .union([value.url, nested.script], { error: expected.script })
        .transform((written) => (typeof written === 'string' ? { url: written } : written))
        .meta({ title: 'URL, or SOURCE:PATH; or a map' }),
      'a program that torch fetches and keeps; `$TORCH_SCRIPT` is its path in `command`; without `command` it is run itself',
    ),
    listen: key(
      value.addresses,
      '`daemon` only: sockets that torch opens and keeps for the runs, as descriptors 3, 4 and 5',
    ),
    ping: key(
      messages.ping,
      'a URL that torch calls when a run starts and ends: a service of dead-man checks notices if it does not',
    ),
    ...settings,
  })
  .meta({ anyOf: [{ required: ['command'] }, { required: ['script'] }] })
const defaults = z.strictObject(settings)

const file = {
  ...fileKeys,
  defaults: key(
    defaults,
    'defaults for all tasks: any key of a task except `schedule`, `after`, `command`, `script`, `listen` and `ping`',
  ),
}

export const tasksFileSchema = z.strictObject({
  ...file,
  // Optional: in a directory, groups and defaults may have a file of their own.
  tasks: key(z.record(value.taskName, task).meta({ title: 'map of names to tasks' }), 'the tasks'),
})

/** The same with any names, because what has a wrong name is checked too. */
export const anyNamesSchema = z.strictObject({
  ...file,
  hosts: z.record(z.string(), value.hostEntries).optional(),
  tasks: z.record(z.string(), task).optional(),
})

/** The same for a file without its wrong values, so that the rest of it can be checked. */
export const partialFileSchema = anyNamesSchema.extend({
  tasks: z.record(z.string(), task.partial()).optional(),
})

export type FileInput = z.output<typeof partialFileSchema>
export type SettingsInput = z.output<typeof defaults>
export type TaskInput = NonNullable<FileInput['tasks']>[string]

/** The known keys of the map at a path, for "did you mean". */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [top, second, third] = path
  const ofMessages = messages.messageKeysAt(path)
  if (ofMessages !== undefined) return ofMessages
  if (top === undefined) return Object.keys(tasksFileSchema.shape)
  if (top === 'tasks' && path.length === 2) return Object.keys(task.shape)
  if (top === 'defaults' && path.length === 1) return Object.keys(settings)
  const parent = top === 'tasks' ? third : second
  if (parent === 'restart' && path.at(-1) === 'limit') return Object.keys(again.restartLimit.shape)
  const found = Object.entries(nested).find(([name]) => name === parent)
  return found === undefined ? [] : Object.keys(found[1].shape)
}
