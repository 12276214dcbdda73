import { type HostFacts, type HostRule, matchHosts } from '../../tasks/hosts.ts'
import { grouped } from '../../text/grouped.ts'
import type { Candidate } from './ranks.ts'

/** What a machine says about itself, every few seconds. */
export interface Heartbeat {
  readonly v: 1
  /** Its name in the fleet. */
  readonly host: string
  readonly session: string
  /** How the `hosts` of tasks see it. */
  readonly facts: HostFacts
  readonly torch: string
  /** The version of its time zone data. */
  readonly tz: string
  readonly file: {
    readonly revision: string | null
    /** When that revision was committed, in milliseconds since the epoch. */
    readonly committedMs: number | null
    /** One digest of the definitions of all fleet tasks. */
    readonly hash: string
  }
  readonly running: number
  /** The places it holds, as `task/index`. */
  readonly places: readonly string[]
  /** How far its clock is ahead of the engine's; null: not measured. */
  readonly offsetMs: number | null
  /** It stops: it starts nothing more. */
  readonly isDraining: boolean
}

/** A machine of the fleet, as another one knows it. */
export interface Member {
  readonly beat: Heartbeat
  /** When its last heartbeat came, by the monotonic clock of the one who heard it. */
  readonly heardMs: number
}

/** How often a machine says that it is there, and after what silence it counts as gone. */
export const heartbeatMs = 5_000
/**
 * After this time a heartbeat is late. The time of a promise runs from the first look at the record of a place, so others
 * look then, and not only when the machine counts as gone.
 */
export const lateMs = heartbeatMs + 500
const silentAfterMs = 15_000

/** How many machines are remembered, also silent ones. */
export const maxMembers = 1_000

/** Whether a machine was heard lately. */
export function isLive({ heardMs }: Member, nowMs: number): boolean {
  return nowMs - heardMs < silentAfterMs
}

/**
 * Whether the holder of a place seems to have left it: it is silent, or it was heard after the place was seen and did
 * not name it. That proves nothing, because a machine may give a place up and not get through to the engine, and a
 * heartbeat may be late. Both times are by the monotonic clock of the one who heard it.
 */
export function hasLeft(
  holder: Member | undefined,
  place: string,
  { seenMs, nowMs }: { readonly seenMs: number; readonly nowMs: number },
): boolean {
  if (holder === undefined || !isLive(holder, nowMs)) return true
  return holder.heardMs > seenMs && !holder.beat.places.includes(place)
}

/** `stopped`: it said that it stops, and is not heard any more. */
export type MemberState = 'up' | 'stopping' | 'stopped' | 'silent'

/** How a machine is, as the others see it. */
export function memberState(member: Member, nowMs: number): MemberState {
  return stateOf(isLive(member, nowMs), member.beat.isDraining)
}

/** The same for a machine of which it is known whether it was heard lately. */
export function stateOf(isHeard: boolean, isDraining: boolean): MemberState {
  if (isHeard) return isDraining ? 'stopping' : 'up'
  return isDraining ? 'stopped' : 'silent'
}

/** The live machines whose tasks of the fleet are not those that most live machines have. */
export function oddMembers(members: readonly Member[], nowMs: number): Member[] {
  const live = members.filter((member) => isLive(member, nowMs))
  const hash = mostCommon(live.map(({ beat }) => beat.file.hash))
  return live.filter(({ beat }) => beat.file.hash !== hash)
}

/** The text that occurs most often; among equals the first; undefined without any. */
export function mostCommon(texts: readonly string[]): string | undefined {
  const groups = [...grouped(texts, (text) => text)].toSorted((a, b) => b[1].length - a[1].length)
  return groups[0]?.[0]
}

/** Which machines a fleet task may run on. */
export interface CandidateRule {
  readonly hosts: HostRule | undefined
  /** One rule for each tier. */
  readonly prefer: readonly HostRule[]
}

/** The live machines that may start a task, each with its tier. */
export function candidatesOf(
  { hosts, prefer }: CandidateRule,
  members: Iterable<Member>,
  nowMs: number,
): Candidate[] {
  return [...members].flatMap((member) => {
    const { host, facts, isDraining } = member.beat
    if (isDraining || !isLive(member, nowMs) || !matchHosts(hosts, facts)) return []
    return { host, tier: tierOf(prefer, facts) }
  })
}

function tierOf(prefer: readonly HostRule[], facts: HostFacts): number {
  const index = prefer.findIndex((rule) => matchHosts(rule, facts))
  return index === -1 ? prefer.length : index
}

/** Another daemon that says it is this machine: a cloned machine, or one with a wrong name. */
export function impostorOf(
  { host, session }: Pick<Heartbeat, 'host' | 'session'>,
  heard: Heartbeat,
): Heartbeat | undefined {
  return heard.host === host && heard.session !== session ? heard : undefined
}
