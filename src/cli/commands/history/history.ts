import type { Command } from '../../command.ts'

export const history: Command = {
  words: '[TASK|RUN...]',
  mostWords: Infinity,
  leastWords: 0,
  options: ['since', 'outcome', 'label', 'limit'],
  about: `Runs, skips and misses, the newest last; of all tasks, or of those named, also by a
pattern as 'backup-*'. Of a run by its id, or the beginning of it, all that is known.
Works without a daemon too.`,
  examples: [
    ['history', 'the last 20'],
    ['history backup --since 7d --outcome failed,timeout', 'what failed this week'],
    ['history --outcome missed --outcome skipped', 'what did not start, and why'],
    ['history 20261121T0230', 'one run, by the beginning of its id'],
    ['history -n 1000 --json', 'for a program'],
  ],
  run: async (call, values) => (await import('./show-history.ts')).showHistory(call, values),
}
