import type { Host } from '../../host/host.ts'
import type { PendingRestart } from '../../plan/daemon-instances.ts'
import type { Start } from '../../plan/admit.ts'
import type { Faults } from '../../run/faults.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'
import { type AfterEnds, newAfterEnds, type SavedEnds, savedEnds } from './after-ends.ts'

/** Starts that have not happened yet and that no future slot will bring. */
export interface StartQueue {
  /** Starts that wait because their task is at max, by task. */
  readonly waiting: ReadonlyMap<string, Start>
  /** Starts that are due, in the order of their slots: the rest of a burst. */
  readonly due: ReadonlySet<Start>
  /** Starts with a time of their own: retries, and jitter below a second. */
  readonly timed: ReadonlyMap<Start, { readonly atMs: number }>
  /** What the tasks that start after others have seen. */
  readonly afterEnds: AfterEnds
  /** Starts that wait until their script is there. */
  readonly held: ReadonlySet<Start>
  /** Those of a task. */
  heldOf(task: string): readonly Start[]

  /** Keeps a start whose script is being fetched. */
  hold(start: Start): void
  /** Keeps a start while `work` is being done for it, and is on disk before. If that fails, it is kept no longer. */
  holdDuring<T>(start: Start, work: () => Promise<T>): Promise<T>
  /** Takes a held start out of the queue. False if it was dropped meanwhile. The caller saves. */
  release(start: Start): boolean
  /** Keeps a start until its task is below max; at most one waits for each task. */
  wait(start: Start): void
  /** Takes the waiting start of a task out of the queue. The caller saves when it has dealt with it. */
  takeWaiting(task: string): Start | undefined
  addDue(starts: readonly Start[]): void
  /** Takes a due start out of the queue. Not saved: the next daemon sees that it has a run. */
  takeDue(start: Start): void
  /** Calls `begin` after that many milliseconds; until then the start is pending. */
  later(start: Start, delayMs: number, begin: () => void): void
  /** Takes out every start of these tasks. The caller saves when their skips are recorded. */
  drop(isDropped: (task: string) => boolean): Start[]
  cancelTimers(): void

  /** Writes pending.json soon: called AFTER each change, so that a crash in between loses no start. */
  saveSoon(): void
  /** Writes pending.json now if it has changed. */
  saveNow(): void
}

/** An empty queue. `restarts` are the pending restarts of daemon tasks, which share the file. */
export function newStartQueue(parts: QueueParts): StartQueue {
  const { clock } = parts.host
  const waiting = new Map<string, Start>()
  const due = new Set<Start>()
  const timed = new Map<Start, { readonly atMs: number; readonly cancel: () => void }>()
  const held = new Set<Start>()
  const afterEnds = newAfterEnds()
  const all = { waiting, due, timed, held, afterEnds }
  const { saveSoon, saveNow } = newSaver(parts, () => writePending(parts, all))
  return {
    waiting,
    due,
    timed,
    afterEnds,
    held,
    heldOf: (task) => [...held].filter((start) => start.task === task),
    hold(start) {
      held.add(start)
      saveSoon()
    },
    async holdDuring(start, work) {
      held.add(start)
      saveSoon()
      saveNow()
      try {
        return await work()
      } catch (error) {
        if (held.delete(start)) saveSoon()
        throw error
      }
    },
    release: (start) => held.delete(start),
    wait(start) {
      waiting.set(start.task, start)
      saveSoon()
    },
    takeWaiting(task) {
      const start = waiting.get(task)
      if (start === undefined) return undefined
      waiting.delete(task)
      return start
    },
    addDue(starts) {
      for (const start of starts) due.add(start)
    },
    takeDue: (start) => void due.delete(start),
    later(start, delayMs, begin) {
      const cancel = clock.after(delayMs, () => {
        begin()
        // AFTER it began: a crash in between must not lose it. The next daemon sees that it runs.
        timed.delete(start)
        saveSoon()
      })
      timed.set(start, { atMs: clock.now() + delayMs, cancel })
      saveSoon()
    },
    drop(isDropped) {
      const pending = [...timed.keys(), ...due, ...held, ...waiting.values()]
      const dropped = pending.filter(({ task }) => isDropped(task))
      for (const start of dropped) {
        timed.get(start)?.cancel()
        timed.delete(start)
        due.delete(start)
        held.delete(start)
        if (waiting.get(start.task) === start) waiting.delete(start.task)
      }
      return dropped
    },
    cancelTimers() {
      for (const { cancel } of timed.values()) cancel()
    },
    saveSoon,
    saveNow,
  }
}

interface QueueParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
  readonly phase: Phase
  readonly restarts: ReadonlyMap<string, readonly PendingRestart[]>
  /** Runs of daemon tasks that a person wants to replace. */
  readonly mustGo: ReadonlySet<string>
}

/**
 * Many changes of one burst are written once, this much later. A crash in between costs nothing: the
 * run that asked for a retry is not yet on record, so the next daemon finds it as one that ended.
 */
const saveDelayMs = 10

function newSaver(
  { host, faults, phase }: QueueParts,
  write: () => void,
): Pick<StartQueue, 'saveSoon' | 'saveNow'> {
  let isDirty = false
  function saveSoon(): void {
    if (isDirty) return
    isDirty = true
    host.clock.after(saveDelayMs, saveNow)
  }
  function saveNow(): void {
    if (!isDirty || phase.now === 'gone') return
    isDirty = false
    faults.attempt('write pending.json', write)
  }
  return { saveSoon, saveNow }
}

/** The content of pending.json. */
interface Pending {
  readonly waiting: readonly Start[]
  /** With the starts that were due and had not started yet. */
  readonly timed: readonly { readonly start: Start; readonly atMs: number }[]
  /** Pending restarts of daemon tasks. */
  readonly vacancies: readonly (readonly [task: string, restarts: readonly PendingRestart[]])[]
  /** Runs that are being replaced because a person asked for it. Old records do not have it. */
  readonly mustGo?: readonly string[]
  /** What the tasks that start after others have seen. Old records do not have it. */
  readonly ends?: SavedEnds
}

function writePending(
  { host: { clock, files }, paths, restarts, mustGo }: QueueParts,
  {
    waiting,
    due,
    timed,
    held,
    afterEnds,
  }: Pick<StartQueue, 'waiting' | 'due' | 'timed' | 'afterEnds'> & {
    readonly held: ReadonlySet<Start>
  },
): void {
  const now = clock.now()
  // An instance of a daemon task is missing, which the next daemon sees by itself. Whoever wants a run by hand
  // gets no answer from this daemon, and must not find a run of the next one later.
  const slots = [...held].filter(({ trigger }) => trigger !== 'daemon' && trigger !== 'manual')
  const pending: Pending = {
    waiting: [...waiting.values()],
    timed: [
      ...[...due, ...slots].map((start) => ({ start, atMs: now })),
      ...[...timed].map(([start, { atMs }]) => ({ start, atMs })),
    ],
    vacancies: [...restarts],
    ...(mustGo.size > 0 && { mustGo: [...mustGo] }),
    ...(afterEnds.rounds.size > 0 && { ends: savedEnds(afterEnds) }),
  }
  files.replace(paths.pending, JSON.stringify(pending), { sync: false })
}

/** What the previous daemon left in pending.json. A damaged file counts as an empty one. */
export function readPending({ files }: Host, paths: HomePaths): Pending {
  const none: Pending = { waiting: [], timed: [], vacancies: [] }
  try {
    return { ...none, ...(JSON.parse(files.readText(paths.pending) ?? '{}') as Pending) }
  } catch {
    return none
  }
}
