import type {
  DaemonEnd,
  PauseReport,
  StatusReport,
  TaskStatus,
  Trouble,
} from '../control/status-report.ts'
import type { HistoryRow, Outcome, Trigger } from '../plan/history-row.ts'
import type { Machine } from '../view/fleet/fleet-status.ts'
import type { Away } from '../view/view.ts'

// The JSON of the HTTP API of `torch web` (docs/reference/http.md). All times are ISO 8601 in UTC where they are
// texts, and milliseconds since the epoch where they are numbers (in lists that can be long).

/** GET /api/status */
export interface StatusAnswer {
  readonly now: string
  readonly version: string
  /** Whether the page may run, kill, pause and resume. */
  readonly actions: boolean
  /** Only if `torch web` was started with `--home`: commands for its daemon need it too. */
  readonly home?: string
  /** One for a single host; all of them for a fleet. */
  readonly hosts: readonly HostView[]
  readonly tasks: readonly TaskView[]
  /** The id of the last event that is contained in this: give it to /api/events as Last-Event-ID. */
  readonly lastEventId: string
  /** Missing if this machine is in no fleet. */
  readonly fleet?: FleetView
}

/** The `host` of a request about all machines of the fleet at once. No machine has such a name. */
export const allMachines = '*'

/** What this machine knows of its fleet. In /api/events, `event: fleet` has it after each change. */
export interface FleetView {
  readonly name: string
  /** This machine. */
  readonly host: string
  readonly engine: EngineView
  /** Why this machine starts nothing of the fleet; null: it does. */
  readonly whyNot: string | null
  /** Rows of this machine that wait for the engine. */
  readonly rowsWaiting: number
  readonly machines: readonly MachineView[]
  /** Why this may be old; null: it is not. */
  readonly problem: string | null
}

/** The servers of the fleet, and the connection of this machine to them. */
export interface EngineView {
  readonly link: 'connecting' | 'up' | 'down'
  readonly since: string | null
  readonly error: string | null
  /** Whether it says something about itself. */
  readonly isAnswering: boolean
  readonly servers: readonly string[]
  /** null: a single server, or none is elected. */
  readonly leader: string | null
  readonly copies: number | null
  readonly version: string | null
}

export interface MachineView extends Pick<
  Machine,
  | 'state'
  | 'revision'
  | 'isOdd'
  | 'differs'
  | 'running'
  | 'places'
  | 'offsetMs'
  | 'torch'
  | 'trouble'
> {
  readonly name: string
  /** When it was last heard; null while it is up, and if it was not. */
  readonly heardAt: string | null
  readonly committedAt: string | null
}

export interface HostView {
  readonly name: string
  readonly addresses: readonly string[]
  /** null: no daemon runs, or it does not answer (then `silent`). */
  readonly daemon: StatusReport['daemon']
  readonly silent: boolean
  readonly ended: DaemonEnd | null
  readonly trouble: readonly Trouble[]
  readonly file: StatusReport['file']
  /** In the last 24 hours. */
  readonly day: { readonly failed: number; readonly missed: number; readonly skipped: number }
  /** What differs between the file on disk and the loaded one, in the words of `torch diff`; null: nothing, or not known. */
  readonly change: { readonly lines: readonly string[] } | null
  /** Only of another machine that does not answer: this is what it said last, and what it left in the fleet. */
  readonly away?: Away
}

export interface TaskView {
  readonly host: string
  readonly name: string
  readonly type: 'common' | 'daemon' | 'manual'
  readonly description: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly here: boolean
  /** Why it does not run here, in words; null if it does. */
  readonly why: string | null
  /** The tasks after which it starts, instead of by a schedule; missing without any. */
  readonly after?: { readonly tasks: readonly string[]; readonly outcome: string }
  /** `words` is null where no words say it rightly. Empty for daemon and manual tasks. */
  readonly schedules: readonly { readonly text: string; readonly words: string | null }[]
  readonly timezone: string | null
  readonly next: string | null
  /** Its last slot is over: its schedule never fires again. */
  readonly done?: true
  /** Who paused it, until when (null: until somebody resumes it) and why; missing: it is not paused. `all`: with every task. */
  readonly paused?: PauseView
  readonly jitterMs: number
  /** Of a daemon task: when an instance is started again. */
  readonly nextRestart: string | null
  /** Of a daemon task: the instances that are not started again, as in `torch status --json`. */
  readonly closed?: TaskStatus['closed']
  readonly running: readonly RunningRun[]
  readonly last: HistoryRow | null
  /** Runs in a row that failed, and since when; 0 and null if the last run was ok. */
  readonly failures: number
  readonly failingSince: string | null
  /** Of the last ok runs; null if there are none. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  /** Only rows of it are known: its machine does not answer, or it is a plain task among all machines. */
  readonly isFromRows?: true
}

export type PauseView = PauseReport

export interface RunningRun {
  readonly run: string
  readonly startedAt: string
  readonly trigger: Trigger
  readonly attempt: number
  /** Only among all machines. */
  readonly host?: string
}

/** GET /api/recent?task=NAME&task=NAME...: the last 30 runs of each, oldest first. */
export interface RecentAnswer {
  readonly tasks: Readonly<Record<string, readonly RecentRun[]>>
}
export type RecentRun = readonly [
  run: string,
  outcome: Outcome,
  startedMs: number,
  durationMs: number | null,
]

/** GET /api/timeline?from=ISO&to=ISO&task=NAME...: without `task`, of all tasks. */
export interface TimelineAnswer {
  readonly from: number
  readonly to: number
  readonly tasks: Readonly<Record<string, TimelineRow>>
  /**
   * There are more than 10,000 rows of tasks without `density`: the oldest are left out. The view socket of
   * another user gives 5,000.
   */
  readonly isCut: boolean
}

export interface TimelineRow {
  /** Of at most 200 runs; empty if there is `density`. */
  readonly runs: readonly TimelineRun[]
  /** Runs for each part of the time, where there are more: as [from, runs, failed]. */
  readonly density: {
    readonly stepMs: number
    readonly parts: readonly (readonly [number, number, number])[]
  } | null
  /** Missed and skipped slots, as [first slot, last slot, count, outcome, reason]; of all machines also the machines. */
  readonly gaps: readonly (readonly [
    first: number,
    last: number,
    count: number,
    outcome: 'missed' | 'skipped',
    reason: string,
    host?: string,
  ])[]
  /** Planned starts after now, at most 200. */
  readonly planned: readonly number[]
  readonly plannedIsCut: boolean
}
/** endMs is null while it runs. */
export interface TimelineRun {
  readonly run: string
  readonly startMs: number
  readonly endMs: number | null
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly lateMs: number | null
  readonly attempt: number | null
  readonly revision: string | null
  /** Only in the timeline of all machines. */
  readonly host?: string
}

/** GET /api/tasks/NAME */
export interface TaskAnswer {
  readonly task: TaskView
  /** As loaded: key and value as text, secret values left out. null: the task is not in the file. */
  readonly definition: readonly (readonly [key: string, value: string])[] | null
  /** Where it is in the file, and, in git, who changed it last; null where that is not known. */
  readonly source: {
    readonly file: string
    readonly line: number
    readonly changed: {
      readonly revision: string
      readonly author: string
      readonly at: string
      readonly subject: string
    } | null
  } | null
  /** The last slots that did not start, newest first, each with its reason in words. */
  readonly notRun: readonly {
    readonly slot: string
    readonly lastSlot: string | null
    readonly count: number
    readonly why: string
    /** At its max, or in a full pool: a run that had not ended; null if it is another reason, or not known. */
    readonly inTheWay: {
      readonly run: string
      readonly startedAt: string
      /** Only there for a run of another task. */
      readonly task?: string
    } | null
  }[]
  /** The next starts, at most 10, ISO 8601 in UTC. */
  readonly upcoming: readonly string[]
}

/** GET /api/history?task=NAME&outcome=O&since=ISO&before=RUN-OR-ISO&limit=N (at most 1000; default 100), newest first. */
export interface HistoryAnswer {
  readonly rows: readonly HistoryRow[]
  /** Give it as `before` for the rows before these; null: these are the oldest. */
  readonly before: string | null
}

/** GET /api/runs/ID: an id or its beginning. */
export interface RunAnswer {
  readonly row: HistoryRow
  readonly output: { readonly bytes: number; readonly isWhole: boolean } | null
  /** Why the machine that has the output does not give it. */
  readonly why?: string
}

// GET /api/runs/ID/output?from=BYTE&to=BYTE: text/plain bytes as they were printed, at most 1 MB; headers `Torch-Output-Size: N`,
// `Torch-Output-Ended: true|false`. With `follow=1` it is an event stream: `data: {"from":N,"text":"..."}`, and `event: end` with the row.
// GET /api/runs/ID/output?download=1: the whole, as an attachment.

/** GET /api/events (server-sent events; Last-Event-ID). `event: update` has this; at most 4 a second. */
export interface Update {
  readonly now: string
  /** Replaces the hosts and tasks of the same name. */
  readonly hosts: readonly HostView[]
  readonly tasks: readonly TaskView[]
  /** Tasks that exist no longer: [host, name]. */
  readonly gone: readonly (readonly [string, string])[]
  /** Rows that are new or have changed (a run that started or ended, a slot that did not start): for the timeline. */
  readonly rows: readonly HistoryRow[]
}
// `event: reset`: events were lost (or too many came): ask /api/status again. `: alive` each 15 s.

/**
 * POST /api/run {task, force?}, /api/kill {target}, /api/pause {task, for?, reason?} with `for` in milliseconds, and
 * /api/resume {task}, with `X-Torch: 1`.
 */
export interface RunReply {
  readonly run: string
  readonly task: string
}
export interface KillReply {
  readonly runs: readonly { readonly run: string; readonly task: string }[]
}

export interface PauseReply {
  readonly task: string
  readonly since: string
  readonly until: string | null
  readonly reason: string | null
  readonly by: string
}
/** `resumed`: false if it was not paused. */
export interface ResumeReply {
  readonly task: string
  readonly resumed: boolean
}

/** Every error. */
export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null }
}
