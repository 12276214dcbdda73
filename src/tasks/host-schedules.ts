import { seedOf } from '../text/hash.ts'
import { parseSchedule } from '../schedule/parse.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hostFacts } from './hosts.ts'
import type { Task } from './task.ts'

/** By the short one of its names a machine is known to `H` and to jitter. */
export function hashedName(host: string): string {
  return hostFacts(host, []).names[0] ?? ''
}

/** The schedules of a task on the machine of that hashed name, whichever one the file was read for. */
export function schedulesOn(task: Task, name: string): readonly Schedule[] {
  if (!task.schedules.some(isHashed)) return task.schedules
  const options = { zone: task.timezone, seed: seedOf(task.name, name) }
  return task.schedules.map((schedule) => {
    const parsed = isHashed(schedule) ? parseSchedule(schedule.text, options) : undefined
    return parsed?.ok ? parsed.schedule : schedule
  })
}

/** Has it an `H`, so that it differs from machine to machine? No name of a month or day begins so. */
export function isHashed({ text }: Schedule): boolean {
  return /(?:^|[\s,])h/i.test(text)
}
