import { signalNames } from '../../host/processes.ts'
import { outcomes } from '../../plan/history-row.ts'
import {
  choice,
  choices,
  duration,
  filePath,
  flag,
  instant,
  labels,
  list,
  type Option,
  since,
  text,
  whole,
} from './option.ts'

/** Slots of one answer of `torch next`, and rows of one of `torch history`. */
const maxCount = 10_000
const maxRows = 1_000_000
const maxLines = 1_000_000_000

/** Those of pino: see record/log.ts. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/**
 * Every option of every command: each means the same wherever it is taken, as a flag, as the
 * variable TORCH_<NAME>, or as a key of the config file.
 */
export const options = {
  home: filePath('D', "the daemon's directory; one daemon each", 'folder'),
  tasks: filePath('F', 'the tasks file, or a directory of them'),
  config: filePath('F', 'a config file: these options as YAML keys'),
  json: flag('JSON on standard output'),
  verbose: flag('errors with their stack'),

  foreground: flag('do not detach; log to standard output'),
  address: list('A', 'an address of this host, in place of the detected ones; repeatable'),
  grace: duration('D', 'how long runs may go on at a stop (30s)'),
  'log-level': choice(logLevels, 'L', `${logLevels.join(', ')} (info)`),
  leave: flag('leave the runs running, for the next start to adopt'),

  schedule: text('S', 'a schedule in place of tasks'),
  timezone: text('Z', 'time zone of --schedule', 'zone'),
  from: instant('T', 'slots after this time, in ISO 8601 (now)'),
  count: {
    ...whole(1, maxCount, 'N', 'so many slots of each (1; of one task or schedule 5)'),
    alias: 'n',
  },
  label: labels('NAME=VALUE', 'only tasks with this label; repeatable: all must match'),
  host: text('H', 'as on the host of this name or address', 'host'),

  all: flag('all tasks, also where they are more than the terminal has rows'),
  watch: flag('show it again each second, until Ctrl-C'),

  run: text('ID', 'the run with this id, or that begins so', 'run'),
  follow: flag('go on with what comes, also of later runs, until Ctrl-C', 'f'),
  lines: { ...whole(0, maxLines, 'N', 'only the last N lines'), alias: 'n' },

  since: since('D', 'not older than a duration (2h), or than a time in ISO 8601'),
  outcome: choices(outcomes, 'O', `only ${outcomes.join(', ')}; repeatable, or with commas`),
  limit: { ...whole(1, maxRows, 'N', 'the newest N (20)'), alias: 'n' },

  system: flag('a crontab with a user before each command, as /etc/crontab; =false: without'),

  'exit-code': flag('exit status 1 if there is a change, 2 if the new file is not valid'),
  markdown: flag('as a comment for a pull request, in the Markdown of GitHub'),

  force: flag('also where the task is at its max'),
  detach: flag('leave it to the daemon, and come back at once'),
  signal: text(
    'S',
    'send this signal, and nothing else',
    signalNames.map((name) => name.replace(/^SIG/, '')),
  ),
} as const satisfies Readonly<Record<string, Option<unknown>>>

export type OptionName = keyof typeof options

/** What an option's value is, once it is read. */
export type Values = { readonly [N in OptionName]?: ReturnType<(typeof options)[N]['read']> }

export const optionNames = Object.keys(options) as readonly OptionName[]

/** An option as it is typed: `--count`, `-n/--limit`. */
export function flagName(name: OptionName): string {
  const alias = aliasOf(name)
  return alias === undefined ? `--${name}` : `-${alias}/--${name}`
}

/** The letter of an option that has one. */
export function aliasOf(name: OptionName): string | undefined {
  return { alias: undefined, ...options[name] }.alias
}

/** What is in the help of every command besides. */
export const helpOption = { name: 'help', letter: 'h', words: 'show this' } as const

/** What every command takes. */
export const commonOptions = ['home', 'tasks', 'config', 'json', 'verbose'] as const
