import type { FleetMetrics } from '../../control/metrics-report.ts'
import { memberState, oddMembers } from '../../plan/fleet/members.ts'
import { latenessBounds } from '../../record/totals.ts'
import type { Daemon } from '../state.ts'

/** What this machine knows of its fleet, in numbers; undefined: it is in none. */
export async function fleetMetrics({
  fleet,
  connection,
  sharing,
  clock,
}: Pick<Daemon, 'fleet' | 'connection' | 'sharing' | 'clock'>): Promise<FleetMetrics | undefined> {
  if (fleet === undefined || connection === undefined) return undefined
  const facts = await connection.describe()
  const { membership, holdings, counts } = fleet
  const members = membership.members()
  const now = clock.monotonic()
  const hosts = { up: 0, stopping: 0, stopped: 0, silent: 0 }
  for (const member of members) hosts[memberState(member, now)] += 1
  const places = holdings.all().map(({ id }) => id)
  return {
    isUp: connection.link().state === 'up',
    // A single server needs no leader.
    hasLeader:
      facts.kind === 'engine' && (facts.engine.copies === 1 || facts.engine.leader !== null),
    hosts,
    claims: counts.claims,
    claimSeconds: { bounds: latenessBounds, ...counts.claimSeconds },
    placesHeld: places.length,
    renewalAgeMs: counts.renewalAgeMs(places),
    fenced: counts.fenced(),
    takeovers: counts.takeovers(),
    driftHosts: oddMembers(members, now).length,
    offsetMs: fleet.offsetMs(),
    awayMs: connection.awayMs(),
    rowsWaiting: sharing?.counts().waiting ?? 0,
  }
}
