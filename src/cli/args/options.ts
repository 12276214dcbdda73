import { signalNames } from '../../host/processes.ts'
import { outcomes } from '../../plan/history-row.ts'
import type { FleetSection } from './fleet-section.ts'
import {
  choice,
  choiceList,
  duration,
  filePath,
  flag,
  instant,
  labelList,
  list,
  type Option,
  type PathBase,
  since,
  text,
  whole,
} from './option.ts'

/** The most start times that `torch next` shows of one task, and the most rows of `torch history`. */
const maxCount = 10_000
const maxRows = 1_000_000
const maxLines = 1_000_000_000

/** The levels of pino: see record/log.ts. */
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** In which form a daemon prints what runs print. */
const outputForms = ['text', 'json'] as const

/** What else people call an outcome. */
const outcomeSynonyms = {
  success: 'ok',
  succeeded: 'ok',
  done: 'ok',
  error: 'failed',
  failure: 'failed',
  'timed-out': 'timeout',
  signal: 'killed',
  lost: 'unknown',
} as const

/**
 * Every option of every command. Each means the same everywhere: as a flag, as the variable
 * TORCH_<NAME>, or as a key of a config file.
 */
export const options = {
  home: filePath('directory', "the daemon's home directory; each home has one daemon"),
  tasks: filePath('file', 'the tasks file, or a directory of tasks files'),
  config: filePath('file', 'a config file: YAML with these options as keys'),
  json: flag('print JSON'),
  verbose: flag('show the stack trace of an error'),

  foreground: flag('stay in the foreground and log to standard output'),
  output: choice(
    'form',
    outputForms,
    'with --foreground: print each line of every run to standard output, and log to standard error',
  ),
  address: list('address', 'an address of this machine, instead of those found; repeatable'),
  grace: duration('how long runs may continue when the daemon stops', {
    preset: "30s; for stop: the daemon's own",
  }),
  'log-level': choice('level', logLevels, `what to log: ${logLevels.join(', ')}`, {
    preset: 'info',
  }),
  'view-group': text('group', 'let the members of this group look, on the socket torch-view.sock'),
  'last-good': flag(
    'if the tasks file is not valid, start on the last one that was loaded, with a warning',
  ),
  leave: flag('leave runs running; the next daemon adopts them'),

  schedule: text('schedule', 'show when this schedule is due, instead of tasks'),
  timezone: text('zone', 'the time zone of --schedule'),
  from: instant('only what is due after this time, in ISO 8601', { preset: 'now' }),
  count: whole(1, maxCount, 'how many start times of each', {
    alias: 'n',
    preset: '5 for one task or schedule, else 1',
  }),
  label: labelList('only tasks with this NAME=VALUE; repeatable: tasks must have all'),
  host: text('host', 'as on the machine with this name or address'),

  all: flag(
    'every task, even if the screen has too few rows; for send: every run of the task; for pause and resume: all tasks of this machine',
  ),
  watch: flag('refresh every second, until Ctrl-C'),

  run: text('run', 'the run with this id; the beginning of the id is enough'),
  follow: flag('keep printing new output, of later runs too, until Ctrl-C', { alias: 'f' }),
  lines: whole(0, maxLines, 'only the last N lines', { alias: 'n' }),

  since: since('nothing older: a duration such as 2h, or a time in ISO 8601'),
  outcome: choiceList(
    'outcome',
    outcomes,
    `only ${outcomes.join(', ')}; repeatable, or with commas`,
    outcomeSynonyms,
  ),
  limit: whole(1, maxRows, 'how many of the newest', { alias: 'n', preset: '20' }),

  out: filePath('file', 'write a file, by rename, and print nothing'),

  dead: flag('only messages that are dead or damaged, which no run gets'),
  again: text('message', 'let the dead message with this id wait again, or all', {
    example: '--again all, or --again and the beginning of an id',
  }),
  drop: text('message', 'remove the message with this id for good, or all that wait', {
    example: '--drop all, or --drop and the beginning of an id',
  }),

  system: flag('each line has a user, as in /etc/crontab; --system=false: none has'),

  'exit-code': flag('exit with 1 on a change, with 2 if the new file is not valid'),
  markdown: flag('print Markdown for a comment on a pull request'),

  cache: filePath('directory', 'where scripts that are fetched by URL are kept'),
  update: flag('fetch the newest version of the script first', { alias: 'u' }),
  show: flag('print the script of one task'),
  clean: flag('remove copies that no task uses'),

  listen: text('address', 'where to listen: an address with a port, or unix: and a path', {
    preset: '127.0.0.1:8181',
  }),
  actions: flag('let people run, kill and pause tasks from the page'),
  'token-file': filePath(
    'file',
    'the file with the token; it is made if it is missing. Without it: web-token in the home',
  ),
  'tls-cert': filePath('file', 'the certificate for https, in PEM'),
  'tls-key': filePath('file', 'its key'),
  'host-name': list('host', 'another name of this server that browsers may use; repeatable'),
  'metrics-open': flag('give /metrics to everybody, without the token'),
  insecure: flag('listen for other machines without TLS'),
  open: flag('open the page in a browser'),

  replicas: choice('number', ['1', '3', '5'], 'on how many servers each message is kept', {
    preset: '3 for new streams, else as they are',
  }),
  keep: duration('how long the history of the fleet stays', {
    preset: '30d for a new stream, else as it is',
  }),
  on: list(
    'host',
    'a machine: for fleet init one that runs nats-server; repeatable, or with commas',
  ),
  users: list('host', 'a machine that gets a user of its own; repeatable, or with commas'),

  force: flag(
    'start it even if the task is at its max; for fleet init: change streams and files that differ',
  ),
  end: flag('close the input of the run, behind the lines'),
  timeout: duration('how long to wait for a run that does not read', {
    preset: '10s for standard input, else 1s',
  }),
  for: duration('how long the pause lasts', { preset: 'until torch resume' }),
  until: instant('when the pause ends, in ISO 8601', { preset: 'torch resume' }),
  reason: text('text', 'why, for the others: torch status shows it'),
  stop: flag('also end what runs'),
  detach: flag('leave the run to the daemon and return at once'),
  signal: {
    ...text('signal', 'only send this signal, such as HUP'),
    choices: signalNames.map((name) => name.replace(/^SIG/, '')),
  },
} as const satisfies Readonly<Record<string, Option<unknown>>>

export type OptionName = keyof typeof options

/** The values of options, once they are read. */
export type Values = { readonly [N in OptionName]?: ReturnType<(typeof options)[N]['read']> }

export const optionNames = Object.keys(options) as readonly OptionName[]

/** The facts about an option, without the type of its value. */
export function optionNamed(name: OptionName): Option<unknown> {
  return options[name]
}

/** An option as it is typed: `--limit`, or `-n/--limit`. */
export function flagName(name: OptionName): string {
  const { alias } = optionNamed(name)
  return alias === undefined ? `--${name}` : `-${alias}/--${name}`
}

/** A variable: `TORCH_LOG_LEVEL`. */
export function variableName(name: OptionName): string {
  return `TORCH_${name.toUpperCase().replaceAll('-', '_')}`
}

/** One place that sets options: the command line, the variables, or a config file. */
export interface OptionSource {
  readonly kind: 'flag' | 'variable' | 'config'
  /** What the paths in it are relative to. */
  readonly base: PathBase
  /** The value of each option as it is written: text, true or false, or a list of these. */
  readonly raw: Readonly<Record<string, unknown>>
  /** The name of an option there: `--grace`, `TORCH_GRACE`. */
  readonly nameOf: (name: OptionName) => string
  /** The section `fleet` of a config file. */
  readonly fleet?: FleetSection
}

/** Every command takes it. */
export const helpOption = { name: 'help', alias: 'h', description: 'show this help' } as const

/** The options that every command takes. */
export const commonOptions = ['home', 'tasks', 'config', 'json', 'verbose'] as const
