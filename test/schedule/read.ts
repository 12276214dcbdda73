import { expect } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import type { CronSchedule, Schedule } from '../../src/schedule/schedule.ts'
import { localText } from '../../src/schedule/timezone.ts'

/** A schedule that the test knows to be right. */
export function read(text: string, zone = 'UTC', seed = 'task@host'): Schedule {
  const parsed = parseSchedule(text, { zone, seed })
  if (!parsed.ok) expect.fail(`${text}: ${parsed.message}`)
  return parsed.schedule
}

export function readCron(text: string, zone?: string, seed?: string): CronSchedule {
  const schedule = read(text, zone, seed)
  if (schedule.kind !== 'cron') expect.fail(`${text} is ${schedule.kind}`)
  return schedule
}

/** ISO 8601 with offset to epoch seconds. */
export function at(text: string): number {
  const second = Date.parse(text) / 1000
  if (Number.isNaN(second)) expect.fail(`${text} is no time`)
  return second
}

/** The next `count` due times after `from`, in the zone's local time. */
export function dueTimes(zone: string, text: string, from: string, count: number): string[] {
  const schedule = read(text, zone)
  const times: string[] = []
  let second: number | undefined = at(from)
  while (times.length < count) {
    second = nextDue(schedule, second)
    if (second === undefined) break
    times.push(localText(zone, second))
  }
  return times
}
