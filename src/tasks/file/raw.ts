import type { Path } from './key-path.ts'

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is at a path in a value of any form; undefined where there is nothing. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const step of path) {
    if (Array.isArray(found) && typeof step === 'number') found = found[step]
    else if (isMap(found) && Object.hasOwn(found, step)) found = found[step]
    else return undefined
  }
  return found
}
