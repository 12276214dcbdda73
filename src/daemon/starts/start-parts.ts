import type { Journal } from '../../record/journal.ts'
import type { Faults } from '../../run/faults.ts'
import type { LiveRun, RunContext } from '../../run/live-run.ts'
import type { ScriptForRun } from '../../run/run-script.ts'
import type { Scripts } from '../../scripts/scripts.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Phase } from '../phase.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { ClosedPlaces } from './closed-places.ts'
import type { Messages } from './messages.ts'
import type { Pauses } from './pauses.ts'
import type { PoolSearches } from './pools.ts'
import type { RunTable } from './run-table.ts'
import type { StartQueue } from './start-queue.ts'

/** The parts of a daemon that a start needs. */
export interface StartParts {
  readonly phase: Phase
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly queue: StartQueue
  readonly scripts: Scripts
  readonly runContext: RunContext
  readonly journal: Journal
  readonly faults: Faults
  readonly messages: Messages
  readonly pauses: Pauses
  readonly closed: ClosedPlaces
  readonly poolSearches: PoolSearches
  /** undefined: this machine is in no fleet. */
  readonly fleet: Fleet | undefined
}

/** What was found for the script with this key. A reload may have changed the script since. */
export interface FoundScript {
  readonly key: string
  readonly script: ScriptForRun
}

export interface StartOptions {
  /** A person insists: neither hosts nor max apply. */
  readonly forced?: boolean
  /** The script of the task, as it turned out to be: it is not asked for again. */
  readonly script?: FoundScript | undefined
  /** For a daemon task: how long its restart was delayed, and how many restarts in a row it is. */
  readonly restartDelayMs?: number
  readonly restarts?: number
  readonly starts?: readonly number[]
}

/** What became of a request. */
export type StartAnswer =
  /** `elsewhere`: the task's hosts do not name this machine. */
  | { readonly kind: 'started'; readonly run: LiveRun; readonly elsewhere: boolean }
  /** `later`: what becomes of it when the fleet has decided. */
  | { readonly kind: 'waits'; readonly later?: Promise<StartAnswer> }
  | { readonly kind: 'skipped'; readonly reason: string }
