import type { Command } from '../../command.ts'

export const kill: Command = {
  words: 'TASK|RUN...',
  mostWords: Infinity,
  leastWords: 1,
  options: ['signal'],
  about: `Ends all runs of tasks, named or meant by a pattern as 'backup-*', or single runs by their
ids or the beginning of these: TERM to the whole process group, and KILL after the task's
kill_after. With --signal only that signal is sent. Exit status 1 where nothing of a word runs.`,
  examples: [
    ['kill backup', 'end it'],
    ['kill consumer --signal HUP', 'only a signal'],
  ],
  run: async (call, values) => (await import('./kill-runs.ts')).killRuns(call, values),
}
