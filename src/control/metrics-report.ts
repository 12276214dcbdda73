import type { ProcessUsage } from '../host/process-usage.ts'

/**
 * What the daemon counts and knows, for `torch metrics`. Times are milliseconds since the epoch, durations
 * and bounds are seconds. Counts grow as long as the daemon lives; what it knows of a task ends with the task.
 */
export interface MetricsReport {
  version: string
  startedMs: number
  /** `ok`: false while the file on disk has problems and the daemon still uses the one before. */
  file: { ok: boolean; revision: string | null }
  tasks: { here: number; elsewhere: number }
  series: TaskSeries[]
  /** Tasks that are no longer of this host, while runs of them have not ended. */
  leaving: { task: string; running: number }[]
  /** How many tasks of this host share the last series, which then has the name `otherTasks`. */
  others: number
  /** Of `durations`, in each of the series. */
  durationBounds: readonly number[]
  /** Starts by the schedule, by the seconds after their time. */
  lateness: Histogram
  notifications: NotificationCount[]
  /** Messages that wait for each target. An older daemon does not have it. */
  notificationsWaiting?: {
    target: string
    count: number
    /** When the oldest was made; null if none waits. An older daemon does not have it. */
    oldestMs?: number | null
  }[]
  process: ProcessUsage
  /** Missing on a machine that is in no fleet. An older daemon does not have it. */
  fleet?: FleetMetrics
}

/** What a machine knows of its fleet. Counts begin at 0 with each daemon. */
export interface FleetMetrics {
  /** Whether it is connected. */
  isUp: boolean
  /** Whether the servers have a leader: without one nothing of the fleet starts. */
  hasLeader: boolean
  /** Machines that were heard since the daemon started, by their state. */
  hosts: Readonly<Record<string, number>>
  /** Slots that this machine tried to get, by what became of it. */
  claims: Readonly<Record<string, number>>
  claimSeconds: Histogram
  placesHeld: number
  /** Since the last renewal of a place, the longest of all; null: it has no place. */
  renewalAgeMs: number | null
  fenced: number
  takeovers: number
  /** Machines whose tasks of the fleet are not those that most machines have. */
  driftHosts: number
  /** How far this clock is ahead of the engine's; null: not measured. */
  offsetMs: number | null
  /** How long there was no connection. */
  awayMs: number
  rowsWaiting: number
}

/** The name of the series of all tasks that have none of their own. No task can have this name. */
export const otherTasks = '_other'

/** The numbers of one task of this host. null: it never happened. */
export interface TaskSeries {
  task: string
  running: number
  /** Runs that have ended, by outcome. */
  runs: Readonly<Record<string, number>>
  /** By reason, as in the history. */
  skipped: Readonly<Record<string, number>>
  missed: Readonly<Record<string, number>>
  durations: Buckets
  /** Failures in a row, as in `torch status`. null for `otherTasks`. */
  failures: number | null
  /** Of a daemon task: the places in which nothing starts again after too many starts. Older daemons do not send it. */
  givenUp?: number | null
  /** Whether somebody has paused it. Older daemons do not send it. */
  paused?: boolean | null
  /** When its last run ended. */
  lastRunMs: number | null
  lastSuccessMs: number | null
  lastDurationMs: number | null
  nextRunMs: number | null
}

/** How many values are at most the first bound, more than that and at most the second one, and so on. */
export interface Buckets {
  /** One more than there are bounds: the last one has what is over all of them. */
  counts: readonly number[]
  sum: number
}

interface Histogram extends Buckets {
  bounds: readonly number[]
}

interface NotificationCount {
  target: string
  result: string
  count: number
}
