import { counted } from '../../text/plural.ts'
import { utcTime } from '../../text/utc-time.ts'
import type { DaemonEvent, TaskEvent, TaskNotify } from '../../tasks/notify.ts'

/** Something that people want to know. It becomes a message for each of the targets. */
export interface Notice {
  readonly kind: TaskEvent | DaemonEvent
  /** null: it is about the daemon. */
  readonly task: string | null
  readonly run: string | null
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** Since when it is so, if not since `atMs`. */
  readonly sinceMs: number | null
  readonly exitCode: number | null
  readonly signal: string | null
  readonly outcome: string | null
  /** One line. */
  readonly reason: string | null
  /** How many events it stands for. */
  readonly count: number
  /** The same for the same event, also if it is decided again after a crash. */
  readonly key: string
  /** Missed because torch was down: see outage.ts. */
  readonly isOutage?: boolean
}

/**
 * What was sent about a task, so that the same trouble is not sent at each run. It survives a restart of
 * the daemon. Times in milliseconds since the epoch.
 */
export interface TaskTrouble {
  /** Its last run failed. `toldMs`: when that was sent last; null: not yet. */
  readonly failing?: {
    readonly sinceMs: number
    readonly run: string
    readonly toldMs: number | null
  }
  /** Runs that take too long and for which a message was sent, by their id. */
  readonly stuck?: Readonly<Record<string, { readonly sinceMs: number; readonly toldMs: number }>>
  /** When `stuck` was sent last, until a run ends `ok` in time. Missing in a state of an older version. */
  readonly stuckToldMs?: number
  /** Runs that took too long after the last message about one, and those of them that still run. */
  readonly stuckMore?: { readonly count: number; readonly runs: readonly string[] }
  /** The last late slot that was sent. After it came `count` more, the newest being `newest`. */
  readonly late?: {
    readonly slot: number
    readonly toldMs: number
    readonly count?: number
    readonly newest?: number
  }
  /** Starts were skipped; `count` of them came after the last message. */
  readonly skipped?: { readonly count: number; readonly toldMs: number }
  /** When a task with `no_success_for` was first seen, if no run of it has ended `ok`. */
  readonly seenMs?: number
  /** It was sent that no run ends `ok`. */
  readonly noSuccess?: { readonly sinceMs: number; readonly toldMs: number }
  /** When that was sent last, until two runs end `ok` within `no_success_for`. */
  readonly noSuccessToldMs?: number
  /** No run ends `ok`, and nothing is sent: `repeat` has not passed since the last message. */
  readonly isNoSuccessKnown?: boolean
}

/** What is to be sent, and what is known of the task from now on. */
export interface Decision {
  readonly trouble: TaskTrouble
  readonly notices: readonly Notice[]
}

/** Whether somebody gets messages about this event. For `no_success_for`, its duration is enough. */
export function isWanted(notify: TaskNotify, event: TaskEvent | DaemonEvent): boolean {
  if (notify.to.length === 0) return false
  return event === 'no_success_for'
    ? notify.noSuccessForMs !== undefined
    : notify.on.includes(event)
}

/** A notice that says nothing but what is given. */
export function newNotice(
  given: Pick<Notice, 'kind' | 'task' | 'atMs' | 'key'> & Partial<Notice>,
): Notice {
  return {
    ...{ run: null, sinceMs: null, exitCode: null, signal: null, outcome: null },
    ...{ reason: null, count: 1 },
    ...given,
  }
}

/** Whether the same trouble is sent again. A clock that was set back counts as no time. */
export function isTimeToRepeat({ repeatMs }: TaskNotify, toldMs: number, nowMs: number): boolean {
  return nowMs - toldMs >= repeatMs
}

/** What a message adds if there was more of the same after the last one: `7 late starts since 2026-03-10 12:00:05 UTC`. */
export function moreSince(count: number, what: string, toldMs: number | undefined): string {
  return count < 2 || toldMs === undefined
    ? ''
    : `; ${counted(count, what)} since ${utcTime(toldMs)}`
}

/** The same trouble without some of its parts; the same object if it has none of them. */
export function without(trouble: TaskTrouble, ...keys: (keyof TaskTrouble)[]): TaskTrouble {
  if (!keys.some((key) => key in trouble)) return trouble
  const rest = { ...trouble }
  for (const key of keys) delete rest[key]
  return rest
}
