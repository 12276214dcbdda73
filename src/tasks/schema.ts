import { z } from 'zod'
import { maxTextChars } from './bounds.ts'
import * as value from './schema-values.ts'
import { words } from './words.ts'

/**
 * The tasks file as people write it: the one source of what is checked, of the types, and of the
 * JSON Schema for editors. What one value cannot tell (is there such a group? does a daemon have a
 * schedule?) is checked in check-settings.ts and build.ts.
 */

const nested = {
  retry: z.strictObject({
    attempts: value.whole(0, 1000).optional().describe('Further attempts after a failed run. 0'),
    delay: value.duration.optional().describe('Before the first further attempt. 1s'),
    backoff: value.factor(1, 100).optional().describe('What each delay is multiplied by. 2'),
    max_delay: value.duration.optional().describe('The longest delay. 5m'),
  }),
  restart: z.strictObject({
    delay: value.longDuration.optional().describe('Before the next start of a daemon. 1s'),
    max_delay: value.longDuration.optional().describe('The delay doubles up to this. 1m'),
    reset_after: value.duration.optional().describe('A run of this length resets the delay. 1m'),
  }),
  limits: z.strictObject({
    nofile: value.whole(1).optional().describe('Open files'),
    cpu: value.seconds.optional().describe('Processor time: seconds, or a duration'),
    memory: value.size.optional().describe('Address space'),
    core: value.size.optional().describe('Size of core files'),
    fsize: value.size.optional().describe('Size of files that are written'),
    nproc: value.whole(1).optional().describe('Processes of the user'),
  }),
  output: z.strictObject({
    keep_runs: value.whole(0).optional().describe('Finished runs that are kept. 20'),
    keep_for: value.longDuration.optional().describe('How long they are kept. 7d'),
    max_size: value.size.optional().describe('Output of one run; the middle is lost beyond. 10MB'),
  }),
}

const settings = {
  type: z.enum(['common', 'daemon']).optional().describe('common: by its schedule; daemon: always'),
  hosts: value.hostEntries
    .optional()
    .describe('Groups, addresses, CIDR blocks, names, patterns, !'),
  max: value.max.optional().describe('Most runs at one time on one host; daemon: kept running. 1'),
  overlap: z
    .enum(['skip', 'queue', 'replace'])
    .optional()
    .describe('A slot that is due at max. skip'),
  timezone: value.text.optional().describe('IANA name, such as Europe/Berlin'),
  jitter: value.duration.optional().describe('Each start is delayed by a fixed part of this. 0s'),
  catchup: z.enum(['off', 'latest']).optional().describe('Slots missed while torch was down. off'),
  catchup_window: value.duration.optional().describe('How old a missed slot may be. 1h'),
  timeout: value.longDuration.optional().describe('Then TERM to the whole process group'),
  kill_after: value.duration.optional().describe('From TERM to KILL. 10s'),
  retry: nested.retry.optional().describe('After a failed run, or one that timed out'),
  restart: nested.restart.optional().describe('Of a daemon whose run ended'),
  success_codes: value.exitCodes.optional().describe('Exit codes that are no failure. [0]'),
  shell: value.shell.optional().describe('Runs a command that is text. /bin/sh'),
  cwd: value.text.optional().describe('Working directory; the home of the user without it'),
  umask: value.umask.optional().describe('Octal. 022'),
  nice: value.whole(-20, 19).optional().describe('Priority. 0'),
  limits: nested.limits.optional().describe('As setrlimit(2)'),
  user: value.account.optional().describe('Only for a daemon that runs as root'),
  group: value.account.optional().describe('Only for a daemon that runs as root'),
  env: value.environment.optional().describe('Environment variables'),
  env_file: value.text.optional().describe('File of KEY=VALUE lines; env is stronger'),
  output: nested.output.optional().describe('What is kept of finished runs'),
  description: z.string().max(maxTextChars).optional().describe('Shown'),
  labels: value.labels.optional().describe('Shown, and usable as a filter'),
  enabled: z.boolean({ error: words.flag }).optional().describe('true'),
}

const task = z.strictObject({
  schedule: value.schedule.optional().describe('5 or 6 fields, or @daily, @every 90s, @reboot'),
  command: value.command.describe('Text for the shell, or a list of words that needs none'),
  ...settings,
})
const defaults = z.strictObject(settings)

const file = {
  timezone: value.text.optional().describe('IANA name; the zone of the machine without it'),
  hosts: z.record(value.groupName, value.hostEntries).optional().describe('Names for machines'),
  defaults: defaults.optional().describe('Any key of a task but its name, schedule and command'),
}

export const tasksFileSchema = z.strictObject({
  ...file,
  // Optional, because a directory may keep its groups and defaults in a file of their own.
  tasks: z.record(value.taskName, task).optional().describe('The tasks, by name'),
})

/** The same for a file whose wrong values were taken out, so that the rest of it can be checked. */
export const partialFileSchema = z.strictObject({
  ...file,
  tasks: z.record(value.taskName, task.partial()).optional(),
})

export type FileInput = z.output<typeof partialFileSchema>
export type SettingsInput = z.output<typeof defaults>
export type TaskInput = NonNullable<FileInput['tasks']>[string]

/** The keys that are known at a place, for "did you mean". */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [top, second, third] = path
  if (top === undefined) return Object.keys(tasksFileSchema.shape)
  if (top === 'tasks' && path.length === 2) return Object.keys(task.shape)
  if (top === 'defaults' && path.length === 1) return Object.keys(settings)
  const key = top === 'tasks' ? third : second
  const found = Object.entries(nested).find(([name]) => name === key)
  return found === undefined ? [] : Object.keys(found[1].shape)
}
