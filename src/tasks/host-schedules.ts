import { jitterOf, seedOf } from '../text/hash.ts'
import { withLimits } from '../schedule/due.ts'
import { parseSchedule } from '../schedule/parse.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hostFacts } from './hosts.ts'
import type { Task } from './task.ts'

/** The short name of a machine, from which `H` and jitter are hashed. */
export function hashedName(host: string): string {
  return hostFacts(host, []).names[0] ?? ''
}

/** The schedules of a task on the machine with that hashed name, whichever machine read the file. */
export function schedulesOn(task: Task, name: string): readonly Schedule[] {
  if (!task.schedules.some(isHashed)) return task.schedules
  const host = task.fleet === undefined ? name : undefined
  const options = { zone: task.timezone, seed: seedOf(task.name, host) }
  return task.schedules.map((schedule) => {
    const parsed = isHashed(schedule) ? parseSchedule(schedule.text, options) : undefined
    return parsed?.ok ? withLimits(parsed.schedule, schedule.limits) : schedule
  })
}

/** The delay of a task's starts on the machine with that hashed name, in milliseconds. */
export function jitterOn(
  { name, fleet, jitterMs }: Pick<Task, 'name' | 'fleet' | 'jitterMs'>,
  host: string,
): number {
  return jitterOf(name, fleet === undefined ? host : undefined, jitterMs)
}

/** Whether a schedule contains an `H`. Unless its task is one of the fleet, it differs from machine to machine. */
export function isHashed({ text }: Schedule): boolean {
  return isHashedText(text)
}

/** The same for the text of a schedule. No name of a month or weekday begins with H. */
export function isHashedText(text: string): boolean {
  return /(?:^|[\s,])h/i.test(text)
}
