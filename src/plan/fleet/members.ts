import { type HostFacts, type HostRule, matchHosts } from '../../tasks/hosts.ts'
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
const silentAfterMs = 15_000

/** Members that are remembered although they are silent. */
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
