import type { Clock } from '../host/clock.ts'
import {
  type CandidateRule,
  candidatesOf,
  hasLeft,
  type Heartbeat,
  heartbeatMs,
  impostorOf,
  isLive,
  maxMembers,
  type Member,
} from '../plan/fleet/members.ts'
import type { Candidate } from '../plan/fleet/ranks.ts'
import type { Engine } from './engine.ts'

/** The machines of the fleet, as this one hears them. */
export interface Membership {
  members(): readonly Member[]
  /** The live machines that may start a task. This machine is among them if the rule names it. */
  candidates(rule: CandidateRule): readonly Candidate[]
  /** Whether a machine was heard lately. */
  isLive(host: string): boolean
  /**
   * Whether a machine is not heard, or has not named a place (`task/index`) since that was seen so many milliseconds
   * ago.
   */
  hasLeft(host: string, place: string, seenAgoMs: number): boolean
  /** Since when a machine is not heard, in milliseconds; Infinity: it was never heard. */
  silentMs(host: string): number
  /** Another daemon with the name of this machine, if one was heard lately. */
  impostor(): Heartbeat | undefined
  /** Since when it is heard, in milliseconds since the epoch. */
  impostorSinceMs(): number | undefined
  /** Says at once what this machine does now. */
  beat(): void
  close(): void
}

interface MembershipParts {
  readonly engine: Pick<Engine, 'tell' | 'hear'>
  readonly clock: Clock
  readonly own: () => Heartbeat
}

export function newMembership({ engine, clock, own }: MembershipParts): Membership {
  const members = new Map<string, Member>()
  let impostor: (Member & { readonly sinceMs: number }) | undefined
  let cancel = (): void => {}
  const beat = (): void => engine.tell({ kind: 'heartbeat', beat: own() })
  const beatAgain = (): void => {
    beat()
    cancel = clock.after(heartbeatMs, beatAgain)
  }

  const liveImpostor = () =>
    impostor !== undefined && isLive(impostor, clock.monotonic()) ? impostor : undefined

  /** Makes room for a new machine, unless all are heard. */
  function forgetOne(): void {
    const [oldest] = members.values()
    if (oldest !== undefined && !isLive(oldest, clock.monotonic())) members.delete(oldest.beat.host)
  }

  engine.hear((hint) => {
    if (hint.kind !== 'heartbeat') return
    const member = { beat: hint.beat, heardMs: clock.monotonic() }
    if (impostorOf(own(), hint.beat) !== undefined)
      impostor = { ...member, sinceMs: liveImpostor()?.sinceMs ?? clock.now() }
    else {
      if (!members.has(hint.beat.host) && members.size >= maxMembers) forgetOne()
      // LAST in the table, so that the first one was silent for longest.
      members.delete(hint.beat.host)
      if (members.size < maxMembers) members.set(hint.beat.host, member)
    }
  })
  beatAgain()

  /** This machine does not wait for its own heartbeat to come back. */
  const all = (): Member[] => {
    const beating = own()
    members.delete(beating.host)
    return [...members.values(), { beat: beating, heardMs: clock.monotonic() }]
  }
  return {
    members: all,
    candidates: (rule) => candidatesOf(rule, all(), clock.monotonic()),
    isLive: (host) =>
      all().some((each) => each.beat.host === host && isLive(each, clock.monotonic())),
    hasLeft(host, place, seenAgoMs) {
      const nowMs = clock.monotonic()
      return hasLeft(members.get(host), place, { seenMs: nowMs - seenAgoMs, nowMs })
    },
    silentMs: (host) => clock.monotonic() - (members.get(host)?.heardMs ?? -Infinity),
    impostor: () => liveImpostor()?.beat,
    impostorSinceMs: () => liveImpostor()?.sinceMs,
    beat,
    close: () => cancel(),
  }
}
