import type { ReloadReport } from '../control/protocol.ts'
import type { Host } from '../host/host.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { PendingRestart } from '../plan/daemon-instances.ts'
import type { Start } from '../plan/admit.ts'
import type { TickState } from '../plan/tick.ts'
import type { Counters } from '../record/counters.ts'
import type { History } from '../record/history/write-history.ts'
import type { Log } from '../record/log.ts'
import type { RunConclusion } from '../run/directory.ts'
import type { Faults } from '../run/faults.ts'
import type { LiveRun, RunContext } from '../run/live-run.ts'
import type { HostFacts } from '../tasks/hosts.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import type { Loaded } from './tasks-file/load.ts'
import type { HomePaths, Settings } from './settings.ts'

/** One running daemon: what its parts share. Each field has one part that writes it. */
export interface Torch {
  readonly host: Host
  readonly settings: Settings
  readonly paths: HomePaths
  readonly log: Log
  /** What the machine refuses for a while. */
  readonly faults: Faults
  readonly history: History
  readonly counters: Counters
  readonly room: RunContext
  readonly startedMs: number
  /**
   * `draining`: it stops, and nothing starts. `leaving`: the same, and what is still to start is the
   * next daemon's. `gone`: another daemon has the home by now.
   */
  phase: 'running' | 'draining' | 'leaving' | 'gone'
  /** Addresses and names of this machine, read again each minute. */
  facts: HostFacts
  /** The last good file (apply.ts). */
  loaded: Loaded & { readonly file: TasksFile }
  /** All tasks of the file, wherever they run, by name (apply.ts). */
  tasks: ReadonlyMap<string, Task>
  /** The newest attempt to load, where it was refused. */
  refused: Loaded | undefined
  /** What the watch took last, for who asks for a reload right after it (reload.ts). */
  lastChange:
    { readonly report: ReloadReport; readonly hash: string; readonly atMs: number } | undefined
  /** The tasks of the file that run here, by name (apply.ts). */
  here: ReadonlyMap<string, Task>
  /** What began in seconds that may not be over (apply.ts). */
  lately: readonly Beginners[]
  /** The last change of what runs here, done or at work (apply.ts). */
  applying: Promise<unknown>
  /** The tick's own (ticker.ts). */
  tick: TickState
  /** When the clock last jumped ahead, in monotonic milliseconds (ticker.ts). */
  jumpedMs: number
  /** Ends that wait until it is known what else runs (recovery.ts). */
  held: { readonly run: LiveRun; readonly conclusion: RunConclusion }[] | undefined
  /** What runs, by task, oldest first (runner.ts). */
  readonly runs: Map<string, LiveRun[]>
  /** Ended by torch, with processes of their group still to be killed. */
  readonly remains: Set<LiveRun>
  /** What waits for a place at max, by task. */
  readonly waiting: Map<string, Start>
  /** What is due, in the order of the slots, and waits for its turn in a burst (turns.ts). */
  readonly due: Set<Start>
  /** What is timed to start: jitter below a second, retries. By the start. */
  readonly timed: Map<Start, { readonly atMs: number; readonly cancel: () => void }>
  /** What is pending has changed since it was written (pending.ts). */
  pendingIsDirty: boolean
  /** Tasks that may have more runs than they keep (sweep.ts). */
  readonly untidy: Set<string>
  /** Empty places of daemon tasks, and what wakes us for them (places.ts). */
  readonly vacancies: Map<string, readonly PendingRestart[]>
  readonly wakes: Map<string, () => void>
  /** The last row of each task, for status. */
  readonly last: Map<string, HistoryRow>
}

/** Tasks that were loaded in one second: they are due after it, not in it. */
interface Beginners {
  readonly second: number
  readonly tasks: readonly Task[]
}

/** The runs of a task that are not over. */
export function runsOf(torch: Torch, task: string): readonly LiveRun[] {
  return torch.runs.get(task) ?? []
}
