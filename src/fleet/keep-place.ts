import { pause } from '../host/clock.ts'
import type { HeldPlace } from '../plan/fleet/records.ts'
import type { Holding, PlaceParts } from './take-place.ts'

/** What the holder of a place is called for. */
export interface HolderCalls {
  /** The place was renewed with a message that was sent at that time, by `uptimeMs`. */
  readonly onRenewed: (sentMs: number) => void
  /** Another machine has the place: the run must end. */
  readonly onLost: () => void
  /** Another machine asks for the end of the run. */
  readonly onAsk: (ask: NonNullable<HeldPlace['ask']>) => void
}

/** A place that is being kept. */
export interface KeptPlace {
  /** Renews and frees no more, and leaves the place as it is: the next daemon renews it, or the promise ends. */
  leave(): void
  /** Gives the place to others. Settles when it is free, or another machine has it; an outage of the engine may last. */
  free(): Promise<void>
}

/** How often a place is renewed; and how soon again where the answer is not known. */
const renewMs = 5_000
const againMs = 1_000
/** How soon a place is given back again where that did not get through: more and more seldom, up to `againMs`. */
const freeAgainMs = 100

interface SentMessage {
  /** By `uptimeMs`. */
  readonly atMs: number
  /** It begins a stream. */
  readonly isFirst: boolean
}

/** Renews a place until it is lost or given up. Silence changes nothing: the fence ends the run in time. */
export function keepPlace(
  parts: PlaceParts,
  first: Holding,
  calls: HolderCalls,
  firstRenewalMs = renewMs,
): KeptPlace {
  const { engine, clock, uptimeMs, random, newId } = parts
  const { key } = first
  let { place, sequence } = first
  let phase: 'kept' | 'freeing' | 'over' = 'kept'
  /** The messages that may be stored. */
  const sent = new Map<string, SentMessage>([
    [place.message, { atMs: first.sentMs, isFirst: false }],
  ])
  let cancel = clock.after(nextMs(firstRenewalMs), () => void renew())
  let renewing = Promise.resolve()
  /** Nothing is stored: somebody has made the stream again, or a server does not know that it no longer leads. */
  let isMissing = false
  let wasFirst = false
  let renewedMs = first.sentMs

  /**
   * After which sequence the next message belongs. In a stream that was made again it is the first one, as long as the
   * promise lasts: nobody else can have had the place. "none" proves nothing, so each second try is the usual one.
   */
  function expectedNow(): number {
    const isSure = uptimeMs() < renewedMs + place.holdForMs
    wasFirst = isMissing && isSure && !wasFirst
    return wasFirst ? 0 : sequence
  }

  /**
   * A first message that came late: others may have had the place before it, in a stream that was made again since. Its
   * record keeps them away as that of a machine that is gone.
   */
  function isTooLate(message: string): boolean {
    const known = sent.get(message)
    return known?.isFirst === true && uptimeMs() >= known.atMs + place.holdForMs
  }

  /** What was sent before this message can no longer be stored. */
  function forgetBefore(message: string): void {
    for (const each of sent.keys()) {
      if (each === message) return
      sent.delete(each)
    }
  }

  function nextMs(ms: number): number {
    return ms * (0.9 + 0.2 * random())
  }

  /** Adopts what is stored, and says whose it is. */
  async function readAgain(): Promise<'mine' | 'others' | 'unknown'> {
    const found = await engine.getPlace(key)
    isMissing = found.kind === 'none'
    if (found.kind !== 'found') return 'unknown'
    const { value } = found
    if (value.state !== 'held' || value.run !== place.run) return 'others'
    if (isTooLate(value.message)) return 'others'
    // A stale answer of a server that no longer leads; in a stream that was made again, a new message has a small number.
    const isNewer = value.message !== place.message && sent.has(value.message)
    if (found.sequence < sequence && !isNewer) return 'unknown'
    const isAsked = value.ask !== undefined && place.ask === undefined
    ;({ sequence } = found)
    place = value
    // undefined: an earlier life of this daemon sent it.
    const atMs = sent.get(value.message)?.atMs
    if (atMs !== undefined) {
      renewedMs = atMs
      forgetBefore(value.message)
      if (phase === 'kept') calls.onRenewed(atMs)
    }
    if (isAsked && value.ask !== undefined && phase === 'kept') calls.onAsk(value.ask)
    return 'mine'
  }

  async function renewOnce(): Promise<number> {
    // Each try is a message of its own: the one that is stored says when it was sent.
    const next = { ...place, message: newId() }
    const atMs = uptimeMs()
    const expected = expectedNow()
    sent.set(next.message, { atMs, isFirst: expected === 0 })
    const put = await engine.putPlace(key, next, { expected, id: next.message })
    if (put.kind === 'stored' && !isTooLate(next.message)) {
      ;({ sequence } = put)
      isMissing = false
      renewedMs = atMs
      place = next
      forgetBefore(next.message)
      if (phase === 'kept') calls.onRenewed(atMs)
      // The daemon may have stood still between the message and this answer: then the next one is due.
      return Math.max(renewMs - (uptimeMs() - atMs), 0)
    }
    if (put.kind === 'refused') return againMs
    const whose = await readAgain()
    if (whose === 'others' && phase === 'kept') {
      phase = 'over'
      calls.onLost()
    }
    return place.message === next.message ? renewMs : againMs
  }

  const isOver = (): boolean => phase === 'over'

  function renew(): Promise<void> {
    renewing = (async () => {
      const waitMs = await renewOnce().catch(() => againMs)
      if (phase === 'kept') cancel = clock.after(nextMs(waitMs), () => void renew())
    })()
    return renewing
  }

  return {
    leave() {
      phase = 'over'
      cancel()
    },
    async free() {
      if (phase !== 'kept') return
      phase = 'freeing'
      cancel()
      // Others could take it as that of a machine that is gone, but they count its promise from the end of an outage.
      const endMs = clock.monotonic() + place.holdForMs
      await renewing
      for (let waitMs = freeAgainMs; !isOver(); waitMs = Math.min(waitMs * 1.5, againMs)) {
        const id = `${place.run}-${sequence}-free`
        const put = await engine.putPlace(key, { v: 1, state: 'free' }, { expected: sequence, id })
        if (put.kind === 'stored') break
        if (put.kind === 'refused' && !put.mayPass) break
        if ((await readAgain()) === 'others') break
        // "none" proves nothing at first: a server may not know that it no longer leads.
        if (isMissing && clock.monotonic() >= endMs) break
        await pause(clock, waitMs * (0.5 + random()))
      }
      phase = 'over'
    },
  }
}
