import type { Limits } from './limits.ts'
import type { SixtyMask } from './masks.ts'

/**
 * A compiled schedule. It is plain data, so that it can be sent to and from a worker thread.
 * Every time in this room is in whole seconds since the epoch.
 */
export type Schedule = CronSchedule | EverySchedule | OnceSchedule | RebootSchedule

export interface CronSchedule {
  readonly kind: 'cron'
  /** As written in the file. */
  readonly text: string
  /** An IANA name. */
  readonly zone: string
  /** All 24 hours are set. Such a schedule follows elapsed time when the clock changes. */
  readonly interval: boolean
  /** Due more than once in an hour. Such a schedule fires in both passes of a repeated hour. */
  readonly frequent: boolean
  readonly seconds: SixtyMask
  readonly minutes: SixtyMask
  /** Bits 0-23. */
  readonly hours: number
  /** Bits 1-31. */
  readonly days: number
  /** Bits 0-30: `L` sets bit 0, the last day of the month, and `L-3` bit 3, the third day before it. */
  readonly lastDays: number
  /** Bits 1-31: `15W` sets bit 15, the working day nearest to the 15th. */
  readonly workdays: number
  /** Bits 0-30: `LW` sets bit 0, the working day nearest to the last day of the month, and `L-3W` bit 3. */
  readonly lastWorkdays: number
  /** Bits 1-12. */
  readonly months: number
  /** Bits 0-6; 0 is Sunday. */
  readonly weekdays: number
  /** Bits 0-6: `5L` sets bit 5, the last Friday of the month. */
  readonly lastWeekdays: number
  /** `5#2` sets bit 5 of nthWeekdays[2]. Index 0 is unused. */
  readonly nthWeekdays: readonly number[]
  /** Neither day field begins with `*` or `?`, so a day that matches one of them is enough (crontab(5)). */
  readonly eitherDay: boolean
  /** undefined without any: then it is due whenever the fields match. */
  readonly limits?: Limits
}

/** `@every 90s`: due at every multiple of the period since the epoch. */
export interface EverySchedule {
  readonly kind: 'every'
  readonly text: string
  readonly seconds: number
  readonly limits?: Limits
}

/** `@at 2026-12-31T23:00`: due once. */
export interface OnceSchedule {
  readonly kind: 'once'
  readonly text: string
  readonly zone: string
  /** Epoch seconds; undefined if its limits leave that day out. */
  readonly at: number | undefined
  readonly limits?: Limits
}

/** `@reboot`: never due by the clock. The daemon starts it once after each boot. */
interface RebootSchedule {
  readonly kind: 'reboot'
  readonly text: string
  readonly limits?: Limits
}
