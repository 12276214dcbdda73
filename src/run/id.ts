import { randomBytes } from 'node:crypto'

/** A run id: sorts by time to the millisecond, `20261121T071700.123-4f2a9c`. */
export function newRunId(nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:Z]/g, '')
  return `${stamp}-${randomBytes(3).toString('hex')}`
}

/** Whether a word looks like a run id, and not like a task. */
export function isRunId(word: string): boolean {
  return /^\d{8}T\d{6}\.\d{3}-[0-9a-f]{6}$/.test(word)
}
