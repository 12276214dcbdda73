import type { Task } from '../tasks/task.ts'
import type { Start } from './start.ts'

/** The runs of one task on this host, and what waits for a place. */
export interface Place {
  /** Oldest first. */
  readonly running: readonly { readonly run: string; readonly ending: boolean }[]
  readonly waiting: Start | undefined
}

export type SkipReason = 'enabled' | 'hosts' | 'max' | 'draining' | 'removed'

export type Admission =
  | { readonly answer: 'start' }
  /** `instead` is what waited until now and will not start. */
  | {
      readonly answer: 'wait'
      readonly end: readonly string[]
      readonly instead: Start | undefined
    }
  | { readonly answer: 'skip'; readonly reason: SkipReason }

export interface Gate {
  /** The daemon is on its way out. */
  readonly draining: boolean
  /** Whether the task's hosts name this machine. */
  readonly here: boolean
  /** A person insists: neither hosts nor max hold. */
  readonly forced: boolean
}

/**
 * May this host start this now? The one place where that is asked, for slots, retries, manual
 * runs and daemon tasks. The first filter that says no is the reason on record.
 */
export function admit(task: Task | undefined, place: Place, start: Start, gate: Gate): Admission {
  if (gate.draining) return { answer: 'skip', reason: 'draining' }
  if (task === undefined) return { answer: 'skip', reason: 'removed' }
  const manual = start.trigger === 'manual'
  if (!task.enabled && !manual) return { answer: 'skip', reason: 'enabled' }
  if (!gate.here && !manual) return { answer: 'skip', reason: 'hosts' }
  if (place.running.length < task.max || gate.forced) return { answer: 'start' }
  if (manual) return { answer: 'skip', reason: 'max' }
  return atMax(task, place)
}

function atMax(task: Task, place: Place): Admission {
  switch (task.overlap) {
    case 'skip':
      return { answer: 'skip', reason: 'max' }
    case 'queue':
      if (place.waiting !== undefined) return { answer: 'skip', reason: 'max' }
      return { answer: 'wait', end: [], instead: undefined }
    case 'replace': {
      // One that already ends makes the place; the newest slot is the one that gets it.
      const oldest = place.running.some((each) => each.ending) ? [] : place.running.slice(0, 1)
      return { answer: 'wait', end: oldest.map((each) => each.run), instead: place.waiting }
    }
  }
}
