import type { Link } from '../../fleet/nats/connect.ts'
import type { FleetReason } from '../../plan/admit.ts'
import { type Heartbeat, isLive } from '../../plan/fleet/members.ts'
import type { PlaceKey } from '../../plan/fleet/records.ts'
import type { DriftingTask } from './watch-drift.ts'
import type { Daemon } from '../state.ts'

/** What the daemon of one machine knows of its fleet. */
export interface FleetState {
  /** This machine. */
  readonly host: string
  readonly session: string
  /** The connection to the engine, with the last error. */
  readonly link: Link
  /** Why this machine starts nothing of the fleet now; null: it does. */
  readonly whyNot: FleetReason | null
  /** How far the clock of this machine is ahead of the engine's; null: not measured. */
  readonly offsetMs: number | null
  /** The tasks that most machines have in another version, or no longer have. */
  readonly drift: readonly DriftingTask[]
  /** All machines that were heard since the daemon started, this one included. */
  readonly members: readonly MemberState[]
  /** The places that this machine has. */
  readonly places: readonly PlaceState[]
}

/** A machine of the fleet, as this one heard it. */
interface MemberState extends Heartbeat {
  readonly isLive: boolean
  /** How long ago it was heard, in milliseconds. */
  readonly heardAgoMs: number
}

/** A place that this machine has. */
interface PlaceState extends PlaceKey {
  /** The run in it; null: none at the moment. */
  readonly run: string | null
  readonly token: number
  /** How long until its run must have ended, unless the place is renewed; null: no fence. */
  readonly fenceInMs: number | null
}

/** The state of the fleet on this machine; undefined: it is in no fleet. */
export function fleetState({
  fleet,
  runs,
  clock,
}: Pick<Daemon, 'fleet' | 'runs' | 'clock'>): FleetState | undefined {
  if (fleet === undefined) return undefined
  const { host, session, membership, holdings, placeParts } = fleet
  const now = clock.monotonic()
  const running = new Map(
    runs.all().map(({ description: { claim, run } }) => [claim?.holding, run]),
  )
  return {
    ...{ host, session, link: fleet.link(), whyNot: fleet.whyNot() ?? null },
    ...{ offsetMs: fleet.offsetMs(), drift: fleet.drift.all() },
    members: membership.members().map((member) => ({
      ...member.beat,
      isLive: isLive(member, now),
      heardAgoMs: now - member.heardMs,
    })),
    places: holdings.all().map(({ id, key, token, untilMs }) => ({
      ...key,
      run: running.get(id) ?? null,
      token,
      fenceInMs: untilMs === Infinity ? null : untilMs - placeParts.uptimeMs(),
    })),
  }
}
