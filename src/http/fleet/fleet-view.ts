import type { FleetStatus, Machine } from '../../view/fleet/fleet-status.ts'
import type { FleetView, MachineView } from '../api.ts'

/** What the page shows of a fleet. `problem`: why it may be old. Times move only if something else changes. */
export function fleetView(
  { fleet, host, link, engine, whyNot, rowsWaiting, machines }: FleetStatus,
  nowMs: number,
  before: FleetView | undefined,
): FleetView {
  const known = new Map(before?.machines.map((each) => [each.name, each]))
  return {
    ...{ name: fleet, host, whyNot, rowsWaiting, problem: null },
    engine: {
      link: link.state,
      since: link.sinceMs === undefined ? null : new Date(link.sinceMs).toISOString(),
      error: link.lastError,
      isAnswering: engine !== null,
      servers: engine !== null && engine.servers.length > 0 ? engine.servers : [link.server ?? ''],
      ...{ leader: engine?.leader ?? null, copies: engine?.copies ?? null },
      version: link.version ?? null,
    },
    machines: machines.map((machine) => machineView(machine, nowMs, known.get(machine.host))),
  }
}

/** A machine was heard at one moment, which each look measures again. */
const sameMomentMs = 2_000

function machineView(
  { host, state, heardAgoMs, committedMs, ...machine }: Machine,
  nowMs: number,
  before: MachineView | undefined,
): MachineView {
  const { revision, isOdd, differs, running, places, offsetMs, torch, trouble } = machine
  const isUp = state === 'up' || state === 'stopping'
  const heardMs = heardAgoMs === null || isUp ? null : nowMs - heardAgoMs
  const wasMs = Date.parse(before?.heardAt ?? '')
  const isSame = heardMs !== null && Math.abs(heardMs - wasMs) < sameMomentMs
  return {
    ...{ name: host, state, revision, isOdd, differs, running, places, torch },
    heardAt: heardMs === null ? null : new Date(isSame ? wasMs : heardMs).toISOString(),
    committedAt: timeOr(committedMs),
    offsetMs: offsetMs === null ? null : Math.round(offsetMs * 10) / 10,
    trouble: trouble.slice(0, 3),
  }
}

/** A machine may have sent any number. */
function timeOr(ms: number | null): string | null {
  if (ms === null || !(Math.abs(ms) < 8.64e15)) return null
  return new Date(ms).toISOString()
}
