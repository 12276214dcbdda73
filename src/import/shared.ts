/**
 * What tasks have in common: of each key that all of them have, the value that more than half of
 * them have. That becomes a default, and is left out of the tasks that have it.
 */
export function sharedBy<T extends { readonly value: string }>(
  tasks: readonly ReadonlyMap<string, T>[],
): ReadonlyMap<string, T> {
  const shared = new Map<string, T>()
  for (const key of tasks[0]?.keys() ?? []) {
    const settings = tasks.flatMap((task) => task.get(key) ?? [])
    const setting = settings.length === tasks.length ? majority(settings) : undefined
    if (setting !== undefined) shared.set(key, setting)
  }
  return shared
}

/** The first of those with the value that more than half of them have. */
function majority<T extends { readonly value: string }>(settings: readonly T[]): T | undefined {
  const counts = new Map<string, number>()
  for (const { value } of settings) counts.set(value, (counts.get(value) ?? 0) + 1)
  return settings.find(({ value }) => (counts.get(value) ?? 0) * 2 > settings.length)
}
