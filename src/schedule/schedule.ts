/**
 * A compiled schedule: plain data, so that it can be cloned into and out of a worker.
 * All times of the schedule room are whole seconds since the epoch.
 */
export type Schedule = CronSchedule | EverySchedule | RebootSchedule

/** Bit n of a mask is value n of the field. 60 values do not fit in 32 bits: low has 0-29, high 30-59. */
export interface SixtyMask {
  readonly low: number
  readonly high: number
}

export interface CronSchedule {
  readonly kind: 'cron'
  /** As written in the file. */
  readonly text: string
  /** IANA name. */
  readonly zone: string
  /** All 24 hours are set: goes on by real time through changes of offset (see next.ts). */
  readonly interval: boolean
  readonly seconds: SixtyMask
  readonly minutes: SixtyMask
  /** Bits 0-23. */
  readonly hours: number
  /** Bits 1-31. */
  readonly days: number
  /** `L` as a day of the month. */
  readonly lastDay: boolean
  /** Bits 1-12. */
  readonly months: number
  /** Bits 0-6, Sunday is 0. */
  readonly weekdays: number
  /** Bits 0-6: `5L` sets bit 5, the last Friday of the month. */
  readonly lastWeekdays: number
  /** `5#2` is bit 5 of nthWeekdays[2]; the index 0 is unused, 1-5 are the ordinals. */
  readonly nthWeekdays: readonly number[]
  /** crontab(5): neither day field begins with `*` or `?`, so either may match. */
  readonly eitherDay: boolean
}

/** `@every 90s`: due at each whole multiple of the period since the epoch. */
interface EverySchedule {
  readonly kind: 'every'
  readonly text: string
  readonly seconds: number
}

/** `@reboot`: never due by the clock; the daemon starts it once per boot. */
interface RebootSchedule {
  readonly kind: 'reboot'
  readonly text: string
}
