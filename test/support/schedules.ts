import { expect } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { nextBit, nextSixty, type SixtyMask } from '../../src/schedule/masks.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import type { CronSchedule, Schedule } from '../../src/schedule/schedule.ts'
import { localText } from '../../src/schedule/timezone.ts'

/** Reads a schedule; fails the test if it is refused. */
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

/** The epoch second of an ISO 8601 time with offset. */
export function at(text: string): number {
  const second = Date.parse(text) / 1000
  if (Number.isNaN(second)) expect.fail(`${text} is not a time`)
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

/** Why a schedule is refused, and what to write instead. */
export function refusal(text: string, zone = 'UTC'): { message: string; hint: string | null } {
  const parsed = parseSchedule(text, { zone, seed: 'task@host' })
  if (parsed.ok) expect.fail(`${text} is accepted`)
  return { message: parsed.message, hint: parsed.hint }
}

export function bitsOf(mask: number): number[] {
  const bits: number[] = []
  for (let bit = nextBit(mask, 0); bit >= 0; bit = nextBit(mask, bit + 1)) bits.push(bit)
  return bits
}

export function sixtyOf(mask: SixtyMask): number[] {
  const bits: number[] = []
  for (let bit = nextSixty(mask, 0); bit >= 0; bit = nextSixty(mask, bit + 1)) bits.push(bit)
  return bits
}
