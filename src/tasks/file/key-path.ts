/** Where a value is in the file: keys of maps and indexes of lists, from the top. */
export type KeyPath = readonly (string | number)[]

/** `tasks.backup.schedule[1]` */
export function formatKeyPath(path: KeyPath): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path within any value; undefined if there is none. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let found = value
  for (const step of path) {
    if (Array.isArray(found) && typeof step === 'number') found = found[step]
    else if (isMap(found) && Object.hasOwn(found, step)) found = found[step]
    else return undefined
  }
  return found
}
