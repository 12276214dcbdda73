import type { TakeoverReport } from '../../control/fleet-reports.ts'
import { isLive, lateMs, type Member } from '../../plan/fleet/members.ts'
import { placeNamed } from '../../plan/fleet/records.ts'
import type { Daemon } from '../state.ts'
import type { Fleet } from './fleet.ts'

/** The most places that are looked at for one machine: each is a question to the engine. */
const maxLookedAt = 20
/** The others look at its places when its heartbeat is late, and once a second: half of that is usual. */
const noticeMs = lateMs + 500

interface TakeoverParts extends Pick<Daemon, 'clock' | 'tasks'> {
  readonly fleet: Fleet
}

/**
 * How long until others take the places of a machine that is not heard: they begin to count when its heartbeat is
 * late, and wait for as long as it promised. A place that is taken only for a next slot is left out.
 */
export async function takeoversOf(
  { fleet, clock, tasks }: TakeoverParts,
  member: Member,
): Promise<TakeoverReport[]> {
  const { beat, heardMs } = member
  const now = clock.monotonic()
  if (isLive(member, now)) return []
  const found = beat.places.slice(0, maxLookedAt).map(async (place): Promise<TakeoverReport[]> => {
    const key = placeNamed(place)
    const task = key && tasks.all.get(key.task)
    if (key === undefined || task?.fleet === undefined) return []
    if (task.type !== 'daemon' && task.fleet.onLost !== 'rerun') return []
    const candidates = fleet.membership.candidates({ hosts: task.hosts, ...task.fleet })
    if (candidates.length === 0) return []
    const record = await fleet.engine.getPlace(key)
    if (record.kind !== 'found' || record.value.state !== 'held') return []
    const { host, holdForMs } = record.value
    // Somebody has taken it.
    if (host !== beat.host) return []
    const dueMs = heardMs + noticeMs + holdForMs
    return [{ place, inMs: Math.max(Math.round(dueMs - now), 0) }]
  })
  return (await Promise.all(found)).flat()
}
