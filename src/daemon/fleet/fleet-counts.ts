import type { ClaimResult } from '../../fleet/claim-slot.ts'
import type { Clock } from '../../host/clock.ts'
import { addTo, latenessBounds, noSpread } from '../../record/totals.ts'

/** What happened to this machine in its fleet, for Prometheus. It begins at 0 with each daemon. */
export interface FleetCounts {
  readonly claims: Readonly<Record<ClaimResult['kind'], number>>
  /** How long the engine took to decide about a slot, in seconds, by `latenessBounds`. */
  readonly claimSeconds: { readonly counts: readonly number[]; readonly sum: number }
  /** Runs that ended because the engine was not heard. */
  fenced(): number
  /** Places that were taken from machines that are not heard. */
  takeovers(): number
  /** `tookMs`: undefined if another machine was quicker, and the engine was not asked. */
  noteClaim(kind: ClaimResult['kind'], tookMs?: number): void
  noteFenced(): void
  noteTakeover(): void
  /** A place, by its id, was taken or renewed just now. */
  noteRenewal(place: string): void
  /** How long ago a place was renewed, in milliseconds, the longest of all; null without a place. */
  renewalAgeMs(places: readonly string[]): number | null
}

export function newFleetCounts(clock: Pick<Clock, 'monotonic'>): FleetCounts {
  const claims = { won: 0, elsewhere: 0, unreachable: 0, refused: 0, clock: 0 }
  const claimSeconds = noSpread(latenessBounds)
  const renewedMs = new Map<string, number>()
  let [fenced, takeovers] = [0, 0]
  return {
    claims,
    claimSeconds,
    fenced: () => fenced,
    takeovers: () => takeovers,
    noteClaim(kind, tookMs) {
      claims[kind] += 1
      if (tookMs !== undefined) addTo(claimSeconds, latenessBounds, tookMs / 1000)
    },
    noteFenced() {
      fenced += 1
    },
    noteTakeover() {
      takeovers += 1
    },
    noteRenewal(place) {
      renewedMs.set(place, clock.monotonic())
    },
    renewalAgeMs(places) {
      const known = new Set(places)
      for (const place of renewedMs.keys()) if (!known.has(place)) renewedMs.delete(place)
      const oldestMs = Math.min(...places.flatMap((place) => renewedMs.get(place) ?? []))
      return oldestMs === Infinity ? null : clock.monotonic() - oldestMs
    },
  }
}
