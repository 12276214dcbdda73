import type { Task } from '../tasks/task.ts'
import type { Trigger } from './history-row.ts'

/** One start of a task that a slot, a retry, a person or a daemon task asks for. */
export interface Start {
  readonly task: string
  /** Seconds since the epoch; undefined for daemon tasks and manual runs. */
  readonly slot: number | undefined
  readonly trigger: Trigger
  /** The first attempt is 1. */
  readonly attempt: number
  /** When it should start, in milliseconds since the epoch. Lateness counts from here. */
  readonly dueMs: number | undefined
  /** For a retry of a run that had messages: that run, whose messages it gets. */
  readonly retryOf?: string
}

/** What one task does on this host now. */
export interface TaskActivity {
  /** Its runs, oldest first. */
  readonly running: readonly { readonly run: string; readonly ending: boolean }[]
  /** The start that waits until the task is below `max`. */
  readonly waiting: Start | undefined
}

export type SkipReason = 'enabled' | 'hosts' | 'max' | 'draining' | 'removed'

export type Admission =
  | { readonly answer: 'start' }
  | {
      readonly answer: 'wait'
      /** Ids of the runs to end first. */
      readonly end: readonly string[]
      /** The start that waited until now. It is skipped: the new one waits in its place. */
      readonly displaced: Start | undefined
    }
  | { readonly answer: 'skip'; readonly reason: SkipReason }

export interface AdmitFacts {
  /** The daemon is stopping. */
  readonly draining: boolean
  /** The task's hosts match this machine. */
  readonly here: boolean
  /** `torch run --force`: start it even at `max`. */
  readonly forced: boolean
}

/**
 * Decides whether this host may start this task now. Slots, retries, manual runs and daemon tasks
 * are all decided here and nowhere else. The first check that says no is the reason on record.
 */
export function admit(
  task: Task | undefined,
  { running, waiting }: TaskActivity,
  start: Start,
  { draining, here, forced }: AdmitFacts,
): Admission {
  if (draining) return { answer: 'skip', reason: 'draining' }
  if (task === undefined) return { answer: 'skip', reason: 'removed' }
  const manual = start.trigger === 'manual'
  if (!task.enabled && !manual) return { answer: 'skip', reason: 'enabled' }
  if (!here && !manual) return { answer: 'skip', reason: 'hosts' }
  if (running.length < task.max || forced) return { answer: 'start' }
  if (manual) return { answer: 'skip', reason: 'max' }
  return admitAtMax(task, { running, waiting })
}

/** The task already has `max` runs: its `overlap` decides what happens to the start. */
function admitAtMax(task: Task, { running, waiting }: TaskActivity): Admission {
  switch (task.overlap) {
    case 'skip':
      return { answer: 'skip', reason: 'max' }
    case 'queue':
      if (waiting !== undefined) return { answer: 'skip', reason: 'max' }
      return { answer: 'wait', end: [], displaced: undefined }
    case 'replace': {
      // A run that is already ending makes room by itself. Only the newest start waits for it.
      const oldest = running.some(({ ending }) => ending) ? [] : running.slice(0, 1)
      return { answer: 'wait', end: oldest.map(({ run }) => run), displaced: waiting }
    }
  }
}
