import type { Command } from '../../command.ts'

export const status: Command = {
  words: '[TASK...]',
  mostWords: Infinity,
  leastWords: 0,
  options: ['label', 'outcome', 'all', 'watch', 'address'],
  flagsOnly: ['all', 'watch'],
  about: `What runs here, what comes next, and how it ended last time: of all tasks, or of those
named, also by a pattern as 'backup-*'. Of more tasks than a terminal has rows those are
shown that need eyes first; with --watch again each second. Without a daemon it is read
from the tasks file, the run directories and the history.`,
  examples: [
    ['status', 'the daemon, its file, all tasks'],
    ["status 'backup*' --label team=data", 'some tasks of one team'],
    ['status --outcome failed,timeout,running', 'what needs a look'],
    ['status backup --json', 'one task, for a program'],
  ],
  run: async (call, values) => (await import('./show-status.ts')).showStatus(call, values),
}
