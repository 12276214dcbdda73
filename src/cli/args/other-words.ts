import { nearest } from '../../text/suggest.ts'
import type { Command } from '../command.ts'
import { commands } from '../commands.ts'

/** What to try: a text, or a function of what was typed after the word. */
type Advice = string | ((rest: string) => string)

const status = 'torch status shows the daemon and every task'
const edit =
  'edit the tasks file: the daemon loads the change by itself; torch validate checks the file first'
const enabled: Advice = () =>
  'in the tasks file, enabled: false switches a task off, and enabled: true on again'
const log: Advice = (rest) =>
  `torch logs ${rest || 'TASK'} shows the output of a task; the log of the daemon is daemon.log in its home`
const follow: Advice = (rest) => `torch logs ${rest || 'TASK'} -f follows the output of a task`
const boot: Advice = 'torch start starts the daemon; systemctl enable torch starts it at boot'

/**
 * Words that users of cron, systemctl, docker and supervisorctl type in the place of a command, and
 * what torch has for them.
 */
export const wordsOfOthers: Readonly<Record<string, Advice>> = {
  ...forEach(['stat', 'st', 'ps', 'info', 'state', 'show', 'inspect', 'top', 'pid'], status),
  ...forEach(['is-active', 'is-failed', 'is-enabled', 'health', 'ping'], status),
  ...forEach(['list', 'ls', 'tasks', 'jobs', 'list-units', 'list-unit-files', 'avail'], () => {
    return 'torch status lists the tasks; torch plan shows which machine runs what'
  }),
  ...forEach(['list-timers', 'timers', 'when', 'upcoming'], 'torch next shows when tasks are due'),
  ...forEach(['events', 'runs', 'past'], 'torch history shows past runs, skips and misses'),
  ...forEach(['log', 'cat', 'output', 'journal', 'journalctl', 'maintail'], log),
  ...forEach(['tail', 'attach', 'fg', 'follow'], follow),
  ...forEach(['edit', 'add', 'create', 'new', 'remove', 'rm', 'delete', 'del', 'set'], edit),
  ...forEach(['mask', 'unmask'], enabled),
  ...forEach(['suspend', 'hold', 'freeze'], 'torch pause starts nothing of a task for a while'),
  ...forEach(['unpause', 'continue', 'unfreeze'], 'torch resume ends a pause'),
  why: (rest) => `torch history ${rest || 'TASK'} says why a slot did not start`,
  enable: (rest) => (rest === '' ? boot : enabled(rest)),
  disable: (rest) => (rest === '' ? 'torch stop stops the daemon' : enabled(rest)),
  ...forEach(['up', 'serve', 'server', 'boot', 'init'], 'torch start starts the daemon'),
  ...forEach(['down', 'shutdown', 'quit', 'exit', 'halt', 'end'], 'torch stop stops the daemon'),
  ...forEach(['daemon-reload', 'reread', 'update', 'refresh', 'force-reload', 'sync'], () => {
    return 'torch reload reads the tasks file again; the daemon also does so by itself'
  }),
  ...forEach(['reload-or-restart', 'try-reload-or-restart', 'try-restart', 'condrestart'], () => {
    return 'torch reload reads the tasks file again; torch restart replaces the daemon'
  }),
  ...forEach(['daemon-reexec', 'upgrade'], 'torch restart replaces the daemon; runs continue'),
  ...forEach(['exec', 'trigger', 'fire', 'execute', 'once', 'start-now'], (rest) => {
    return `torch run ${rest || 'TASK'} runs a task now`
  }),
  ...forEach(['signal', 'pkill', 'terminate', 'cancel', 'abort'], 'torch kill TASK ends its runs'),
  ...forEach(['check', 'lint', 'verify', 'test', 'config', 'configtest', 'syntax'], () => {
    return 'torch validate checks a tasks file'
  }),
  ...forEach(['version', 'ver'], 'torch --version shows the version'),
  ...forEach(['man', 'usage', 'commands', '?'], 'torch --help lists the commands'),
  ...forEach(['schedule', 'schedules', 'cron'], () => {
    return 'torch next --schedule "30 2 * * *" tries a schedule; man torch-tasks explains tasks files'
  }),
  crontab:
    'torch status lists the tasks; edit the tasks file to change them; torch import crontab converts a crontab',
}

function forEach(words: readonly string[], advice: Advice): Record<string, Advice> {
  return Object.fromEntries(words.map((word) => [word, advice]))
}

/** The hint for a word that is not a command, and what was typed after it. */
export function hintForWord(word: string, rest: readonly string[]): string {
  const lower = word.toLowerCase()
  const advice = Object.hasOwn(wordsOfOthers, lower) ? wordsOfOthers[lower] : undefined
  if (advice !== undefined) return typeof advice === 'string' ? advice : advice(rest.join(' '))
  if (isTasksFile(word)) return `torch start --tasks ${word}, or torch validate ${word}`
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  )
  return near === undefined ? 'torch --help lists the commands' : `did you mean "${near}"?`
}

/** The hint for an argument that a command does not take; undefined: its usage is the best hint. */
export function hintForSurplus({ name, group }: Command, word: string): string | undefined {
  if (isTasksFile(word)) return `to name a tasks file, use --tasks: torch ${name} --tasks ${word}`
  if (group !== 'daemon') return undefined
  switch (name) {
    case 'start':
      return `torch start starts the daemon; to run a task now: torch run ${word}`
    case 'stop':
      return `torch stop stops the daemon; to end the runs of a task: torch kill ${word}`
    case 'restart':
      return `torch restart replaces the daemon; torch kill ${word} ends the runs of a task, and a daemon task starts again`
    default:
      return `torch ${name} is about the whole tasks file; leave out ${word}`
  }
}

/** The hint for an argument that is missing; undefined: the usage of the command is the best hint. */
export function hintForMissing(
  { name }: Command,
  { run }: Readonly<Record<string, unknown>>,
): string | undefined {
  return name === 'logs' && typeof run === 'string' && run !== ''
    ? `a run needs no --run: torch logs ${run}`
    : undefined
}

/** The hint for an option that a command does not take; undefined: a similar one is the best hint. */
export function hintForOption({ name, options }: Command, option: string): string | undefined {
  if (name === 'kill' && /^[A-Z0-9]+$/.test(option))
    return 'to send a signal, use --signal: torch kill --signal HUP TASK'
  const lines = options.includes('lines') ? '--lines' : '--limit'
  const takesLines = options.includes('lines') || options.includes('limit')
  switch (option) {
    case 'host':
      return 'torch plan and torch next take --host; every other command is about this machine, so run it there'
    case 'version':
      return 'torch --version shows the version'
    case 'f':
    case 'file':
      return `to name a tasks file, use --tasks: torch ${name} --tasks FILE`
    case 'tail':
    case 'lines':
    case 'limit':
      return takesLines ? `use -n/${lines}` : undefined
    case 'force':
    case 'now':
      return name === 'stop' ? 'torch stop --grace 0s does not wait for runs' : undefined
    case 'dry-run':
      return 'torch plan and torch next show what will start, and start nothing'
    default:
      return undefined
  }
}

/** A word that means a tasks file. The name of a task has no slash, and rarely such an end. */
function isTasksFile(word: string): boolean {
  return /\.ya?ml$/i.test(word) || word.includes('/')
}
