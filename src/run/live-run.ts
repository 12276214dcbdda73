import assert from 'node:assert/strict'
import type { ProcessIdentity } from '../host/processes.ts'
import type { Task } from '../tasks/task.ts'
import type { EndingNote, RunConclusion, RunDescription, RunHome, RunSocket } from './directory.ts'
import type { InputProgress } from './input-progress.ts'
import type { Faults } from './faults.ts'
import type { EventOrder } from './order.ts'
import type { RecorderPool } from './recorder-pool.ts'
import type { HeldSocket } from './task-sockets.ts'

/** A run that this process looks after: it launched the run or adopted it. */
export interface LiveRun {
  readonly description: RunDescription
  readonly directory: string
  /** The sockets that it got, from descriptor 3 on. Empty until the recorder runs. */
  sockets: readonly RunSocket[]
  /** Only ready.ts changes it. A run whose task has no `ready` is ready from the start. */
  isReady: boolean
  /** Its pid is the process group of the run. undefined until the recorder runs. */
  recorder: ProcessIdentity | undefined
  /** Writes the output into its file. undefined until the recorder runs, and for runs of old versions. */
  collector: ProcessIdentity | undefined
  /** The ids of the messages that are its input (run-messages.ts). */
  messages: readonly string[]
  /** Only process-group.ts changes it. */
  group: RunGroup
  /** Only {@link enter} changes it. */
  state: RunState
  /** The signals that `torch kill --signal` sent to it. */
  readonly sent: Set<string>
  /** How far the output was emptied, and how many looks at it to skip (output.ts). */
  readonly output: { emptiedTo: number; looksToSkip: number; hasComplained: boolean }
  /** What was written to its input, and whose turn it is to write more: only input.ts changes it. */
  readonly input: {
    progress: InputProgress | undefined
    turn: { readonly sender: string; readonly atMs: number } | undefined
    isEnded: boolean
  }
  /**
   * Called when nothing is left to do for the run: each clears a timer or ends its watch. An
   * AbortController would do the same, but it costs 0.1 ms for each run, a tenth of a whole start.
   */
  readonly cleanups: Set<() => void>
}

/** The life of a run. */
export type RunState =
  | { readonly kind: 'running' }
  /** torch has sent TERM, or KILL after that. */
  | ({ readonly kind: 'ending' } & EndingNote)
  /** The outcome is known. torch ended the run, and processes of its group are still to be killed. */
  | { readonly kind: 'killing-stragglers' }
  /** The outcome is known, and nothing is left to do. */
  | { readonly kind: 'ended' }
  /** Another daemon looks after the run now. */
  | { readonly kind: 'handed-over' }

/** How the process group of a run is recognised (process-group.ts). */
type RunGroup =
  /** By the recorder, which leads it. */
  | { readonly kind: 'led' }
  /** The recorder has ended: by the processes that were found in the group. */
  | { readonly kind: 'left'; readonly members: readonly ProcessIdentity[] }
  /** It was seen empty, or its number was seen in use by others: it is never signalled again. */
  | { readonly kind: 'gone' }

/** The states that may follow each state; a state without any is final. */
const following: Record<RunState['kind'], readonly RunState['kind'][]> = {
  running: ['ending', 'ended', 'handed-over'],
  ending: ['ending', 'killing-stragglers', 'ended', 'handed-over'],
  'killing-stragglers': ['ended', 'handed-over'],
  ended: [],
  'handed-over': [],
}

/** Moves a run to its next state. A final state clears all timers of the run and ends its watch. */
export function enter(run: LiveRun, state: RunState): void {
  assert(
    following[run.state.kind].includes(state.kind),
    `a run that is ${run.state.kind} cannot become ${state.kind}`,
  )
  run.state = state
  if (!isOver(run)) return
  for (const cleanUp of run.cleanups) cleanUp()
  run.cleanups.clear()
}

/** Whether this process has nothing left to do for a run. */
export function isOver({ state }: LiveRun): boolean {
  return following[state.kind].length === 0
}

/** Whether this process looks after the run, and its outcome is not known yet. */
export function isLive({ state }: LiveRun): boolean {
  return state.kind === 'running' || state.kind === 'ending'
}

/** A run whose timers and watch are still to be set. */
export function newLiveRun(
  run: Pick<LiveRun, 'description' | 'directory' | 'recorder' | 'state'>,
  sent: readonly string[] = [],
): LiveRun {
  return {
    ...run,
    collector: run.description.collector,
    messages: run.description.messages ?? [],
    sockets: run.description.sockets ?? [],
    isReady: run.description.ready === undefined,
    group: { kind: 'led' },
    sent: new Set(sent),
    output: { emptiedTo: 0, looksToSkip: 0, hasComplained: false },
    input: { progress: undefined, turn: undefined, isEnded: false },
    cleanups: new Set(),
  }
}

/** Hands a run over to the daemon that recovers it next: from now on this process leaves it alone. */
export function handOver(run: LiveRun): void {
  if (following[run.state.kind].includes('handed-over')) enter(run, { kind: 'handed-over' })
}

/** What all runs of one process share. */
export interface RunContext extends RunHome {
  readonly order: EventOrder
  readonly recorders: RecorderPool
  readonly watch: RunWatch
  /** Handles what the machine refuses, for all runs. */
  readonly faults: Faults
  /** Called once for each run, when its outcome is known. */
  readonly onEnd: (run: LiveRun, conclusion: RunConclusion) => void
  /** The sockets for a run of the task, open. Throws why they are not. */
  readonly socketsOf: (task: Task) => readonly HeldSocket[]
  /** Called once for a run that was waited for, when it is ready. */
  readonly onReady: (run: LiveRun) => void
  /** Called when a recorder is found for a run, before it starts the command. May be called twice. */
  readonly beforeStart: (run: LiveRun) => void
  /** Called for trouble with one run. The run continues. */
  readonly onTrouble: (run: LiveRun, message: string) => void
}

/** The watch of all runs whose recorder is not a child of this process (watch.ts). */
export interface RunWatch {
  add(run: LiveRun): void
}

/** Calls back after a time, unless the run is over by then. */
export function later({ host }: RunContext, run: LiveRun, ms: number, act: () => void): void {
  if (isOver(run)) return
  const cancel = host.clock.after(ms, () => {
    run.cleanups.delete(cancel)
    act()
  })
  run.cleanups.add(cancel)
}
