import type { HistoryRow } from '../plan/history-row.ts'
import type { Limits } from '../schedule/limits.ts'
import type { Problem } from '../tasks/file/problem.ts'

/** The JSON of `torch status`. */
export interface StatusReport {
  daemon: {
    pid: number
    version: string
    startedAt: string
    state: 'running' | 'draining'
  } | null
  /** How the last daemon ended; null while a daemon runs, and if nothing is known. Older daemons do not send it. */
  ended?: DaemonEnd | null
  /** What the daemon cannot do at the moment: a full disk, a refused file. Older daemons do not send it. */
  trouble?: Trouble[]
  host: { name: string; addresses: string[] }
  file: {
    path: string
    revision: string | null
    loadedAt: string | null
    /** false while the file on disk has problems and the daemon still uses the one before. */
    ok: boolean
    problems: Problem[]
    /**
     * No daemon runs, the file has problems, and the tasks are those of the last good file: when that was
     * loaded. Missing otherwise.
     */
    lastGoodAt?: string
  }
  tasks: TaskStatus[]
}

export interface DaemonEnd {
  /** `died`: it crashed or was killed. `rebooted`: the machine went down with it. */
  how: 'stopped' | 'died' | 'rebooted'
  /** When it stopped. If it did not stop in good order: when it was last seen, up to a minute before its end. */
  at: string
  /** Who stopped it: `torch stop`, or the name of a signal. */
  by: string | null
  /** Whether it left its runs running. */
  left: boolean
  pid: number
  version: string
  startedAt: string
}

/** Something that the machine refuses, or that is wrong with the tasks file, until it is over. */
export interface Trouble {
  message: string
  since: string
}

export interface TaskStatus {
  name: string
  type: 'common' | 'daemon' | 'manual'
  description: string | null
  labels: Record<string, string>
  here: boolean
  /** Why it does not run here: `enabled` or `hosts`; null if it does. */
  reason: string | null
  /** The slot of the next start, ISO 8601 in UTC. The start is `jitterMs` later. */
  next: string | null
  /** Of a task that starts after others: which of them have ended since it started last. Only from a daemon. */
  ended?: string[]
  /** Only there if its last slot is over: the schedule of the task never fires again. */
  done?: true
  /** Only there while it is paused. `next` is then after the end of the pause. */
  paused?: PauseReport
  jitterMs: number
  running: string[]
  /** The start that waits for a place; missing if none waits. */
  waiting?: WaitingStart
  last: HistoryRow | null
  /** Older daemons do not send it. */
  counts?: TaskCounts
  /** Of a daemon task: when the next instance is started again, ISO 8601 in UTC; null if none waits. */
  nextRestart?: string | null
  /**
   * Of a daemon task: in how many places nothing starts again, because `restart.on` says so (`ended`), or because it was
   * started too often (`givenUp`), and since when. Only there if there are any.
   */
  closed?: { ended: number; givenUp: number; since: string }
  /** The sockets of a task with `listen` or `ready`. Other tasks do not have it. */
  listen?: ListenStatus[]
  /** Of the same tasks: whether each run is ready. */
  ready?: Record<string, boolean>
  /** Of the same tasks: how often a successor was not ready while the old runs continue; null if it was. */
  replacing?: { failures: number; why: string } | null
  /** What the tasks file says; null for a task that is not in the file. Older daemons do not send it. */
  definition?: TaskFacts | null
  /** Everything that the tasks file says of it: only in a status of one task. Older daemons do not send it. */
  written?: WrittenDefinition | null
  /** What its runs read; null without `input`. Older daemons do not send it. */
  input?: LiveStatus | QueueStatus | null
}

/** A start with `overlap: queue` or `replace` that waits for a place. */
export interface WaitingStart {
  /** ISO 8601 in UTC; null for a start without a slot. */
  slot: string | null
  for: 'max' | 'pool'
  /** The full pool, if it waits for one. */
  pool: string | null
  /** The runs that have the places, at most 20 of them. */
  runs: { task: string; run: string }[]
}

/** Somebody wants torch to start nothing of a task. Times are ISO 8601 in UTC. */
export interface PauseReport {
  since: string
  /** null: until somebody resumes it. */
  until: string | null
  reason: string | null
  /** Who paused it. */
  by: string
  /** It is a pause of all tasks. */
  all: boolean
  /** The slots that have passed meanwhile. */
  slots: number
}

/** The messages of a task with `input: queue`. */
export interface QueueStatus {
  mode: 'queue'
  waiting: number
  /** Of the texts that wait. */
  bytes: number
  /** When the oldest one that waits was sent, ISO 8601 in UTC; null if none waits. */
  oldest: string | null
  dead: number
}

/** A socket of a task. */
export interface ListenStatus {
  /** null: it has none in the tasks file. */
  name: string | null
  /** `80`, `0.0.0.0:80`, `[::1]:80`, `unix:/run/app.sock`. */
  address: string
  /** The daemon has it open. Otherwise nobody can connect, or only the runs have it. */
  held: boolean
}

/** The input of a task with `input: live`: how many bytes its runs have not read yet; null if this machine does not say. */
export interface LiveStatus {
  mode: 'live'
  unread: number | null
}

/** A task as the tasks file has it. */
export interface WrittenDefinition {
  /** Absolute. */
  file: string
  line: number
  /** The keys that are not at their defaults, without secret values. */
  keys: [key: string, value: string][]
}

/** The part of a definition that `torch status TASK` shows. */
export interface TaskFacts {
  /** Only a common task has any. */
  schedule: string[]
  /** The tasks after which it starts, instead of by a schedule; missing without any. */
  after?: { tasks: string[]; outcome: 'ok' | 'failed' | 'any' }
  /** What limits the schedule; missing without any. `words` are its keys as people read them. */
  limits?: { compiled: Limits; words: [key: string, value: string][] }
  timezone: string
  /** null: the script itself is executed. */
  command: string | string[] | null
  /** What the tasks file says, not what was fetched. Older daemons do not send it. */
  script?: {
    url: string
    sha256: string | null
    timeoutMs: number
    /** A number is milliseconds. Older daemons do not send it. */
    update?: 'never' | 'always' | number
  } | null
  /** As written; null: every host. */
  hosts: string[] | null
  /** Only there for a task with `scope: fleet`. */
  scope?: 'fleet'
  /** null: `unlimited`. */
  max: number | null
  /** Its pools, with the most runs of all tasks of each; missing without any. */
  pools?: { name: string; size: number }[]
  timeoutMs: number | null
}

/** What happened to a task lately. */
export interface TaskCounts {
  /**
   * Runs in a row, up to the last one, that failed. All attempts of a run are one. Runs that a person or a reload ended do not count. 0 if
   * the task has `ready`, and all its runs are ready.
   */
  failures: number
  /** Starts that were skipped since the last run ended. */
  skips: number
  /** Of a daemon task: restarts in a row of instances that ended before `reset_after`, however they ended. */
  restarts: number
}
