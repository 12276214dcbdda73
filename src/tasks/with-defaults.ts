import type { Settings } from './file/settings.ts'

/**
 * A task's own settings over the defaults of its file. Key by key, and within the maps key by key
 * again: a task that sets `retry: {attempts: 5}` keeps the delay of the defaults, and one that sets
 * a variable keeps the others. Lists are replaced.
 */
export function withDefaults<T extends Settings>(defaults: Settings, own: T): T {
  const merged = { ...defaults, ...own }
  for (const key of ['retry', 'restart', 'limits', 'output', 'env', 'labels'] as const) {
    if (defaults[key] === undefined || own[key] === undefined) continue
    Object.assign(merged, { [key]: { ...defaults[key], ...own[key] } })
  }
  return merged
}
