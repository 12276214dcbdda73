import { someOf } from './plural.ts'

/** In place of a time: `after extract`, `after a and b (failed)`. */
export function afterWords(
  { tasks, outcome }: { readonly tasks: readonly string[]; readonly outcome: string },
  maxNamed = 3,
): string {
  const ends = outcome === 'ok' ? '' : outcome === 'any' ? ' (any end)' : ` (${outcome})`
  return `after ${someOf(tasks, maxNamed)}${ends}`
}
