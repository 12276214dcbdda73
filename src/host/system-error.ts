/** Whether an error is a system error of Node with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** What `read` returns; undefined if the file is missing. `alsoMissing` are further codes that mean so. */
export function orMissing<T>(read: () => T, ...alsoMissing: string[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', ...alsoMissing)) return undefined
    throw error
  }
}

/** What `read` returns; undefined if it throws, for whatever reason. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
