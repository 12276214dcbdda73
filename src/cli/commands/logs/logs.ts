import type { Command } from '../../command.ts'

export const logs: Command = {
  words: 'TASK...|RUN',
  mostWords: Infinity,
  leastWords: 1,
  options: ['run', 'since', 'follow', 'lines'],
  about: `The output of the last run of a task, or of a run by its id or how that begins (torch
history shows them), byte for byte as it was written. Of several tasks, or of a pattern
as 'backup-*', each line has the task's name before it. Works without a daemon too.`,
  examples: [
    ['logs backup', 'the last run'],
    ['logs consumer -f -n 20', 'its last 20 lines, and all that comes'],
    ["logs 'backup*' consumer -f", 'several tasks, also those that are new'],
    ['logs backup --since 1d', 'all runs of the last day'],
    ['logs 20261121T0230', 'the run whose id begins so'],
    ['logs backup --json', 'the run with its output, for a program'],
  ],
  run: async (call, values) => (await import('./show-logs.ts')).showLogs(call, values),
}
