import type { Clock } from '../../host/clock.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { type AskFleet, type FleetLook, lookAtFleet, rowsLeft } from './fleet-status.ts'

/** Looks at the fleet for everybody who wants to see it at the moment. */
export interface FleetLooks {
  /** A look that is at most `freshMs` old. Throws what the daemon of this machine answers. */
  look(): Promise<FleetLook>
}

const freshMs = 2_000
/** The rows of machines that are down do not change, and each costs a request to the engine. */
const rowsFreshMs = 60_000
const maxRowsLeft = 500

export function newFleetLooks(ask: AskFleet, clock: Clock): FleetLooks {
  let last: { readonly look: FleetLook; readonly atMs: number; readonly tookMs: number } | undefined
  let looking: Promise<FleetLook> | undefined
  let rows: { readonly all: readonly HistoryRow[]; readonly atMs: number } | undefined

  async function readRows(notes: string[]): Promise<readonly HistoryRow[]> {
    if (rows !== undefined && clock.monotonic() - rows.atMs < rowsFreshMs) return rows.all
    const before = notes.length
    const all = await rowsLeft(ask, { limit: maxRowsLeft }, notes)
    // A note says that they could not be read: the older ones are better than none.
    if (notes.length > before) return rows?.all ?? all
    rows = { all, atMs: clock.monotonic() }
    return all
  }

  async function lookNow(): Promise<FleetLook> {
    const beganMs = clock.monotonic()
    const look = await lookAtFleet(ask, readRows)
    const atMs = clock.monotonic()
    last = { look, atMs, tookMs: atMs - beganMs }
    return look
  }

  return {
    async look() {
      if (last !== undefined && clock.monotonic() - last.atMs < Math.max(freshMs, last.tookMs))
        return last.look
      return (looking ??= lookNow().finally(() => (looking = undefined)))
    },
  }
}
