import { hash32 } from '../../text/hash.ts'

/** A machine that may start a task. */
export interface Candidate {
  readonly host: string
  /** 0 for the first entry of the task's `prefer` that names it. */
  readonly tier: number
}

/** What a machine knows before it tries to get a slot. */
export interface RankFacts {
  readonly task: string
  /** Seconds since the epoch. */
  readonly slot: number
  readonly host: string
  /** How far this clock is ahead of the engine's, in milliseconds; negative: behind. */
  readonly aheadMs: number
}

const rankMs = 150
const maxRankMs = 2_000
const tierMs = 1_000

/**
 * The place of a machine in the order in which the machines of its tier try to get a slot: 0 is the first.
 * Every machine that knows the same candidates computes the same order, and each slot has another one. It is
 * only a matter of politeness: two machines with other knowledge both try, and one of them wins.
 */
export function rankOf(
  { task, slot, host }: Omit<RankFacts, 'aheadMs'>,
  candidates: readonly Candidate[],
): number {
  const tier = tierOf(host, candidates)
  const own = weightOf(task, slot, host)
  return candidates.filter((other) => {
    if (other.tier !== tier || other.host === host) return false
    const weight = weightOf(task, slot, other.host)
    return weight < own || (weight === own && other.host < host)
  }).length
}

/**
 * Whether a machine is one of the first two that try to get a slot, of all tiers together: the others only wait for
 * these, and get ready when it is their turn.
 */
export function isAmongFirst(
  facts: Omit<RankFacts, 'aheadMs'>,
  candidates: readonly Candidate[],
): boolean {
  const tier = tierOf(facts.host, candidates)
  const earlier = candidates.filter((other) => other.tier < tier).length
  return earlier + rankOf(facts, candidates) < 2
}

/** How long a machine waits before it tries to get a slot, in milliseconds. */
export function holdBackMs(facts: RankFacts, candidates: readonly Candidate[]): number {
  const rank = rankOf(facts, candidates)
  const tier = tierOf(facts.host, candidates)
  return Math.max(facts.aheadMs, 0) + Math.min(rank * rankMs, maxRankMs) + tier * tierMs
}

/**
 * The place of a machine in the order in which all machines really try to get a slot, those of later tiers too: 0 is
 * the first. It follows from how long each of them waits.
 */
export function numberOf(
  { task, slot, host }: Omit<RankFacts, 'aheadMs'>,
  candidates: readonly Candidate[],
): number {
  const waits = candidates.map((each) => {
    const facts = { task, slot, host: each.host, aheadMs: 0 }
    return { ...each, waitMs: holdBackMs(facts, candidates), rank: rankOf(facts, candidates) }
  })
  return waits
    .toSorted((a, b) => a.waitMs - b.waitMs || a.tier - b.tier || a.rank - b.rank)
    .findIndex((each) => each.host === host)
}

function tierOf(host: string, candidates: readonly Candidate[]): number {
  return candidates.find((each) => each.host === host)?.tier ?? 0
}

function weightOf(task: string, slot: number, host: string): number {
  return hash32(`${task} ${slot} ${host}`)
}
