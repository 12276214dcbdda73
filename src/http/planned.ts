import type { TaskStatus } from '../control/status-report.ts'
import { nextOf, withLimits } from '../schedule/due.ts'
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

/**
 * The starts of a task in a stretch of time, from its next one on, at most `limit`: by the schedules in the
 * status, so that the daemon is not asked. A task that has no next start has none.
 */
export function plannedStarts(
  host: string,
  task: Pick<TaskStatus, 'name' | 'next' | 'jitterMs' | 'definition'>,
  { from, to }: { readonly from: number; readonly to: number },
  limit: number,
): Planned {
  if (task.next === null) return none
  const schedules = schedulesOf(host, task)
  const starts: number[] = []
  const next = Date.parse(task.next) / 1000
  const first = Math.ceil((from - task.jitterMs) / 1000)
  let slot = next < first ? nextOf(schedules, first - 1) : next
  while (slot !== undefined && slot * 1000 + task.jitterMs <= to) {
    if (starts.length === limit) return { starts, isCut: true }
    starts.push(slot * 1000 + task.jitterMs)
    slot = nextOf(schedules, slot)
  }
  return { starts, isCut: false }
}

/** A schedule takes about 300 bytes. */
const maxKnown = 10_000
const known = new Map<string, readonly Schedule[]>()

function schedulesOf(
  host: string,
  { name, definition }: Pick<TaskStatus, 'name' | 'definition'>,
): readonly Schedule[] {
  const { schedule = [], timezone: zone = 'UTC', scope, limits } = definition ?? {}
  const seed = seedOf(name, scope === 'fleet' ? undefined : hashedName(host))
  return remembered(
    known,
    maxKnown,
    [seed, zone, limits?.compiled.id ?? '', ...schedule].join('\n'),
    () =>
      schedule.flatMap((text) => {
        const parsed = parseSchedule(text, { zone, seed })
        return parsed.ok ? [withLimits(parsed.schedule, limits?.compiled)] : []
      }),
  )
}
