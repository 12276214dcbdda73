import type { TaskStatus } from '../../../control/protocol.ts'

/** When a task starts next, by its slot and its jitter: ISO 8601; null where it does not. */
export function nextStart({ next, jitterMs }: TaskStatus): string | null {
  return next === null ? null : new Date(Date.parse(next) + jitterMs).toISOString()
}
