import type { Clock } from '../host/clock.ts'
import { pause } from '../host/clock.ts'
import { type GetAnswer, ownershipOf } from '../plan/fleet/answers.ts'
import type { Claim, ClaimKey } from '../plan/fleet/records.ts'
import { isStoredInTime, maxOffsetMs, type StartWindow, windowMs } from '../plan/fleet/windows.ts'
import type { Engine } from './engine.ts'

export interface ClaimParts {
  readonly engine: Pick<Engine, 'putClaim' | 'getClaim' | 'claimsSince'>
  readonly clock: Clock
  /** A number from 0 to below 1. */
  readonly random: () => number
}

/** An attempt to get a slot. It is on disk before it is made: the next daemon continues with the same one. */
export interface ClaimAttempt {
  readonly key: ClaimKey
  readonly claim: Claim
  readonly window: StartWindow
  /** When the slot was due, by the monotonic clock of this machine. */
  readonly dueMonotonicMs: number
}

/** What became of an attempt. */
export type ClaimResult =
  /** Only now may the run start. */
  | { readonly kind: 'won'; readonly sequence: number; readonly storedMs: number }
  | { readonly kind: 'elsewhere'; readonly host: string }
  /** The engine gave no answer as long as the slot could start. If the claim is stored later, nobody starts. */
  | { readonly kind: 'unreachable'; readonly words: string }
  | { readonly kind: 'refused'; readonly words: string }
  /** This machine has the claim, but it was stored, or is known, too early or too late. */
  | { readonly kind: 'clock'; readonly words: string }

/**
 * Tries to get the right to start a slot until somebody has it or its time is over. Whatever the engine
 * answers, the attempt counts as won only if its own record was read at the leader.
 */
export async function claimSlot(parts: ClaimParts, attempt: ClaimAttempt): Promise<ClaimResult> {
  const { engine, clock, random } = parts
  const { key, claim } = attempt
  const endMs = attempt.dueMonotonicMs + windowMs(attempt.window)
  let words = 'no answer'
  let isRefused = false
  while (clock.monotonic() < endMs) {
    const put = await engine.putClaim(key, claim)
    if (put.kind === 'refused' && !put.mayPass) return { kind: 'refused', words: put.words }
    const found = await engine.getClaim(key)
    switch (ownershipOf(found, (stored) => stored.attempt === claim.attempt)) {
      case 'mine':
        return settled(parts, attempt, found, endMs)
      case 'others':
        return { kind: 'elsewhere', host: found.kind === 'found' ? found.value.host : '' }
      case 'unknown':
        isRefused = found.kind === 'silent' && found.isRefused === true
        words = isRefused ? wordsOf(found, put, words) : wordsOf(put, found, words)
        await pause(clock, againMs * (0.5 + random()))
    }
  }
  return { kind: isRefused ? 'refused' : 'unreachable', words }
}

/** Before the same message is sent once more. */
const againMs = 100

/** The claim is this machine's own. It counts if it came in time, and if no earlier one can be forgotten. */
async function settled(
  { engine, clock, random }: ClaimParts,
  { key, window }: ClaimAttempt,
  found: GetAnswer<Claim>,
  endMs: number,
): Promise<ClaimResult> {
  if (found.kind !== 'found') return { kind: 'unreachable', words: 'no answer' }
  const { sequence, storedMs } = found
  if (!isStoredInTime(storedMs, window)) {
    const words = `the engine stored it ${storedMs - window.slotMs} ms after its time`
    return { kind: 'clock', words }
  }
  let since = await engine.claimsSince()
  while (since.kind === 'silent' && clock.monotonic() < endMs) {
    await pause(clock, againMs * (0.5 + random()))
    since = await engine.claimsSince()
  }
  if (since.kind === 'silent') return { kind: 'unreachable', words: since.words }
  // Another machine may have claimed it that much earlier, in a stream that is gone.
  if (since.ms > key.slot * 1000 - maxOffsetMs) return { kind: 'refused', words: forgottenWords }
  // The machine was frozen between the claim and now.
  if (clock.monotonic() >= endMs) return { kind: 'clock', words: 'the machine knew it too late' }
  return { kind: 'won', sequence, storedMs }
}

const forgottenWords = 'the stream of claims is newer than the slot, which may have started'

interface AnyAnswer {
  readonly kind: string
  readonly words?: string
}

function wordsOf(first: AnyAnswer, second: AnyAnswer, before: string): string {
  return first.words ?? second.words ?? before
}
