import type { TaskStatus } from '../control/status-report.ts'
import { dueSeconds, nextOf } from '../schedule/due.ts'
import { parseSchedule } from '../schedule/parse.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { hashedName } from '../tasks/host-schedules.ts'
import { remembered } from '../text/cache.ts'
import { seedOf } from '../text/hash.ts'

/** Starts that are planned for a task, in milliseconds since the epoch, and whether there are more. */
export interface Planned {
  readonly starts: readonly number[]
  readonly isCut: boolean
}

const none: Planned = { starts: [], isCut: false }
/** The first look ahead, in seconds; each further look is twice as far. */
const firstLookSeconds = 3_600

/**
 * The starts of a task from its next one on until `untilMs`, at most `limit`: by the schedules in the
 * status, so that the daemon is not asked. A task that has no next start has none.
 */
export function plannedStarts(
  host: string,
  task: Pick<TaskStatus, 'name' | 'next' | 'jitterMs' | 'definition'>,
  untilMs: number,
  limit: number,
): Planned {
  if (task.next === null) return none
  const firstSlot = Date.parse(task.next) / 1000
  const untilSlot = Math.floor((untilMs - task.jitterMs) / 1000)
  const schedules = schedulesOf(host, task)
  const slots: number[] = firstSlot <= untilSlot ? [firstSlot] : []
  for (let from = firstSlot, look = firstLookSeconds; from < untilSlot; look *= 2) {
    const to = Math.min(from + look, untilSlot)
    const each = schedules.map((schedule) => dueSeconds(schedule, from, to))
    const found = each.length === 1 ? [...(each[0] ?? [])] : merged(each)
    slots.push(...found.slice(0, limit + 1 - slots.length))
    if (slots.length > limit) break
    // A rare task: its next slot may be far.
    from = found.length > 0 ? to : Math.max(to, (nextOf(schedules, to) ?? untilSlot + 1) - 1)
  }
  const starts = slots.slice(0, limit).map((slot) => slot * 1000 + task.jitterMs)
  return { starts, isCut: slots.length > limit }
}

function merged(each: readonly Float64Array[]): number[] {
  return [...new Set(each.flatMap((slots) => [...slots]))].toSorted((a, b) => a - b)
}

/** A schedule takes about 300 bytes. */
const maxKnown = 10_000
const known = new Map<string, readonly Schedule[]>()

function schedulesOf(
  host: string,
  { name, definition }: Pick<TaskStatus, 'name' | 'definition'>,
): readonly Schedule[] {
  const { schedule = [], timezone: zone = 'UTC' } = definition ?? {}
  const seed = seedOf(name, hashedName(host))
  return remembered(known, maxKnown, [seed, zone, ...schedule].join('\n'), () =>
    schedule.flatMap((text) => {
      const parsed = parseSchedule(text, { zone, seed })
      return parsed.ok ? [parsed.schedule] : []
    }),
  )
}
