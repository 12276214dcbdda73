import { type FleetTask, isFleetTask, type Task } from '../tasks/task.ts'
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
  /** The runs after which it starts. */
  readonly after?: readonly string[]
  /** For a retry: the run that failed. Only for a task after which others start. */
  readonly failedRun?: string
  /** Only for a task that a fleet shares. */
  readonly claim?: StartClaim
  /** Who asked for it from elsewhere, such as `alice@db1`. */
  readonly by?: string
}

/** The right of this machine to make a start that any machine of the fleet could make. */
export interface StartClaim {
  /** By this the claim is recognised. */
  readonly attempt: string
  /** Which try of its slot it is, if it was lost with its machine: 2 or 3. */
  readonly tryNumber?: number
  /** Of the stored claim; undefined: it is not known yet whether this machine gets it. */
  readonly sequence?: number
  /** The place that the run has, and gives back at its end: see the daemon's holdings. */
  readonly holding?: string
  /** The place was taken from a machine that may still run the one before: it has no fence. */
  readonly mayOverlap?: true
}

/** What one task does on this host now. */
export interface TaskActivity {
  /** Its runs, oldest first. */
  readonly running: readonly { readonly run: string; readonly ending: boolean }[]
  /** The start that waits until the task is below `max`, and its pools have room. */
  readonly waiting: Start | undefined
}

export type SkipReason =
  'enabled' | 'hosts' | 'paused' | 'max' | 'pool' | 'draining' | 'removed' | FleetReason

/** Why the fleet does not let this machine start a task. */
export type FleetReason =
  /** Most machines no longer have the task. */
  | 'removed'
  /** This machine has no section `fleet`. */
  | 'no fleet'
  | 'fleet unreachable'
  /** Most machines have another definition of the task. */
  | 'drift'
  | 'clock'
  /** Another daemon says that it is this machine. */
  | 'duplicate name'
  /** Another machine has the place, or nobody has said for too long that it is still this one's. */
  | 'place lost'

export type Admission =
  | { readonly answer: 'start' }
  /** The machines of the fleet must agree first who starts it. */
  | { readonly answer: 'claim' }
  | {
      readonly answer: 'wait'
      readonly reason: 'max' | 'pool'
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
  /** A pause keeps this start back. */
  readonly paused?: boolean
  /** `torch run --force`: start it even at `max`, and in a full pool. */
  readonly forced: boolean
  /** One of the task's pools has no room on this machine. */
  readonly isPoolFull?: boolean
  /** Why no start of the fleet is possible here at the moment. */
  readonly whyNoFleet?: FleetReason | undefined
  /** The place of the start, in the fleet, is still this machine's. */
  readonly hasPlace?: boolean | undefined
}

/**
 * Decides whether this host may start this task now. Slots, retries, manual runs and daemon tasks
 * are all decided here and nowhere else. The first check that says no is the reason on record.
 */
export function admit(
  task: Task | undefined,
  { running, waiting }: TaskActivity,
  start: Start,
  facts: AdmitFacts,
): Admission {
  const { draining, here, paused = false, forced } = facts
  if (draining) return { answer: 'skip', reason: 'draining' }
  if (task === undefined) return { answer: 'skip', reason: 'removed' }
  const manual = start.trigger === 'manual'
  if (!task.enabled && !manual) return { answer: 'skip', reason: 'enabled' }
  if (!here && !manual) return { answer: 'skip', reason: 'hosts' }
  if (paused) return { answer: 'skip', reason: 'paused' }
  if (isFleetTask(task)) return admitShared(task, { ...facts, running, waiting, start })
  if (forced) return { answer: 'start' }
  const isAtMax = running.length >= task.max
  if (!isAtMax && facts.isPoolFull !== true) return { answer: 'start' }
  const reason = isAtMax ? 'max' : 'pool'
  return manual ? { answer: 'skip', reason } : admitFull(task, { running, waiting }, reason)
}

interface SharedFacts extends Omit<AdmitFacts, 'draining' | 'here'>, TaskActivity {
  readonly start: Start
}

/**
 * A task that the fleet shares: its `max` and `overlap` count over all machines, so only the places in the engine
 * can tell. What this machine knows by itself is how many of them it runs, and whether its pools have room.
 */
function admitShared(
  task: FleetTask,
  {
    running,
    waiting,
    start,
    forced,
    whyNoFleet,
    hasPlace = false,
    isPoolFull = false,
  }: SharedFacts,
): Admission {
  if (forced) return { answer: 'start' }
  const { fleet, max } = task
  const { claim, trigger } = start
  const hasRight = trigger === 'manual' || claim?.sequence !== undefined
  // Without a max there are no places.
  if ((hasPlace && (hasRight || start.slot === undefined)) || (max === Infinity && hasRight)) {
    if (!isPoolFull) return { answer: 'start' }
    if (trigger === 'manual') return { answer: 'skip', reason: 'pool' }
    return admitFull(task, { running, waiting }, 'pool')
  }
  if (trigger === 'daemon') return { answer: 'skip', reason: whyNoFleet ?? 'place lost' }
  if (whyNoFleet !== undefined) return { answer: 'skip', reason: whyNoFleet }
  const isFull = running.length >= fleet.maxPerHost
  if (isFull && trigger === 'manual') return { answer: 'skip', reason: 'max' }
  if (isPoolFull && trigger === 'manual') return { answer: 'skip', reason: 'pool' }
  // A slot is claimed also at max or with a full pool, but last: if all machines are full, one of them must say so.
  // And a start that waits, or replaces a run, may do that on the machine that runs it.
  return { answer: 'claim' }
}

/** The task has `max` runs, or a pool of it is full: its `overlap` decides what happens to the start. */
function admitFull(
  task: Task,
  { running, waiting }: TaskActivity,
  reason: 'max' | 'pool',
): Admission {
  switch (task.overlap) {
    case 'skip':
      return { answer: 'skip', reason }
    case 'queue':
      if (waiting !== undefined) return { answer: 'skip', reason }
      return { answer: 'wait', reason, end: [], displaced: undefined }
    case 'replace': {
      // A run that is already ending makes room by itself. Only the newest start waits for it. In a full pool
      // too, only runs of the task itself are ended.
      const oldest = running.some(({ ending }) => ending) ? [] : running.slice(0, 1)
      return { answer: 'wait', reason, end: oldest.map(({ run }) => run), displaced: waiting }
    }
  }
}
