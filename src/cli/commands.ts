import type { Command } from './command.ts'

/** A command by the line that the help has for it; the rest of it is loaded when it is called. */
export interface Entry {
  readonly words: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** All commands, in the order of the help. */
export const commands: Readonly<Record<string, Entry>> = {
  start: {
    words: '',
    summary: 'start the daemon on a tasks file',
    load: async () => (await import('./commands/start/start.ts')).start,
  },
  stop: {
    words: '',
    summary: 'stop it, and what it runs',
    load: async () => (await import('./commands/stop/stop.ts')).stop,
  },
  restart: {
    words: '',
    summary: 'put a new daemon in its place; what runs goes on',
    load: async () => (await import('./commands/restart.ts')).restart,
  },
  reload: {
    words: '',
    summary: 'make it read its tasks file now, and show what changed',
    load: async () => (await import('./commands/reload.ts')).reload,
  },
  status: {
    words: '[TASK...]',
    summary: 'what runs here, what comes next, how it ended last time',
    load: async () => (await import('./commands/status/status.ts')).status,
  },
  next: {
    words: '[TASK...]',
    summary: 'when tasks are due',
    load: async () => (await import('./commands/next/next.ts')).next,
  },
  plan: {
    words: '[FILE]',
    summary: 'who runs what where, from the file alone',
    load: async () => (await import('./commands/plan/plan.ts')).plan,
  },
  history: {
    words: '[TASK|RUN...]',
    summary: 'runs, skips and misses',
    load: async () => (await import('./commands/history/history.ts')).history,
  },
  logs: {
    words: 'TASK...|RUN',
    summary: 'the output of its runs',
    load: async () => (await import('./commands/logs/logs.ts')).logs,
  },
  run: {
    words: 'TASK',
    summary: 'run a task now',
    load: async () => (await import('./commands/run/run.ts')).run,
  },
  kill: {
    words: 'TASK|RUN...',
    summary: 'end what runs',
    load: async () => (await import('./commands/kill/kill.ts')).kill,
  },
  validate: {
    words: '[FILE]',
    summary: 'check a tasks file',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  diff: {
    words: '[REV [REV]]',
    summary: 'what a change of the tasks file means',
    load: async () => (await import('./commands/diff/diff.ts')).diff,
  },
  doctor: {
    words: '',
    summary: 'what this machine offers and lacks, and what to do',
    load: async () => (await import('./commands/doctor/doctor.ts')).doctor,
  },
  import: {
    words: 'FORMAT [F]',
    summary: 'a tasks file of a crontab, or of gotorch',
    load: async () => (await import('./commands/import/import.ts')).importTasks,
  },
  schema: {
    words: '',
    summary: 'the JSON Schema of tasks files, for editors',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  completion: {
    words: '[SHELL]',
    summary: 'make bash, zsh or fish complete all of this',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
}

/** What may stand in the place of a command, besides. */
export const insteadOfCommands: Readonly<Record<string, string>> = {
  help: 'the help of a command',
  '--help': 'all commands',
  '--version': 'the version of torch',
}

/** What `torch --help` shows. */
export function overview(): string {
  const usages = Object.entries(commands).map(
    ([name, { words, summary }]) => [`${name} ${words}`, summary] as const,
  )
  const width = Math.max(...usages.map(([usage]) => usage.length)) + 2
  const lines = usages.map(([usage, summary]) => `  ${usage.padEnd(width)}${summary}`)
  return `torch: second-level cron without a server, one tasks file in git
torch COMMAND [--home D] [--tasks F] [--json] [OPTIONS]

${lines.join('\n')}

torch COMMAND --help has what a command does, its options, and examples.
Exit status: 0 done, 1 failed, 2 wrong usage or bad tasks file, 3 no daemon.`
}
