import type { FleetMetrics } from '../control/metrics-report.ts'
import { type Family, gauge, histogram, type Value } from './family.ts'

/** Of a machine that is in a fleet. */
export function fleetFamilies(fleet: FleetMetrics): Family[] {
  const plain = (value: number | null): Value[] => (value === null ? [] : [{ labels: {}, value }])
  const by = (label: string, counts: Readonly<Record<string, number>>): Value[] =>
    Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }))
  const total = (name: string, help: string, values: readonly Value[]): Family => {
    return { name, help, type: 'counter', values }
  }
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)
  return [
    gauge(
      'torch_fleet_up',
      'Whether the daemon is connected to a server of its fleet.',
      plain(fleet.isUp ? 1 : 0),
    ),
    gauge(
      'torch_fleet_leader',
      'Whether the servers have a leader. Without one nothing of the fleet starts.',
      plain(fleet.hasLeader ? 1 : 0),
    ),
    gauge(
      'torch_fleet_hosts',
      'Machines that were heard since the daemon started, by state.',
      by('state', fleet.hosts),
    ),
    total(
      'torch_fleet_claims_total',
      'Slots that this machine tried to get, by what became of it.',
      by('outcome', fleet.claims),
    ),
    histogram(
      'torch_fleet_claim_seconds',
      'How long it took until it was clear who has a slot.',
      [[{}, fleet.claimSeconds]],
      fleet.claimSeconds.bounds,
    ),
    gauge('torch_fleet_places_held', 'Places that this machine has.', plain(fleet.placesHeld)),
    gauge(
      'torch_fleet_renewal_age_seconds',
      'Since the last renewal of a place: the longest of all places of this machine.',
      plain(seconds(fleet.renewalAgeMs)),
    ),
    total(
      'torch_fleet_fenced_total',
      'Runs that ended because the engine was not heard.',
      plain(fleet.fenced),
    ),
    total(
      'torch_fleet_takeovers_total',
      'Places that were taken from machines that were not heard.',
      plain(fleet.takeovers),
    ),
    gauge(
      'torch_fleet_drift_hosts',
      'Machines whose tasks of the fleet are not those that most machines have.',
      plain(fleet.driftHosts),
    ),
    gauge(
      'torch_fleet_clock_offset_seconds',
      'How far the clock of this machine is ahead of that of the engine.',
      plain(seconds(fleet.offsetMs)),
    ),
    total(
      'torch_fleet_unreachable_seconds_total',
      'How long the daemon was not connected to a server of its fleet.',
      plain(seconds(fleet.awayMs)),
    ),
    gauge(
      'torch_fleet_rows_waiting',
      'Rows of the history that the fleet does not have yet.',
      plain(fleet.rowsWaiting),
    ),
  ]
}
