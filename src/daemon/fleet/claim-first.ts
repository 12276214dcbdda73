import { randomUUID } from 'node:crypto'
import { type ClaimAttempt, claimSlot, type ClaimResult } from '../../fleet/claim-slot.ts'
import { pause } from '../../host/clock.ts'
import type { Start } from '../../plan/admit.ts'
import { holdBackMs } from '../../plan/fleet/ranks.ts'
import { type StartWindow, windowMs } from '../../plan/fleet/windows.ts'
import { nextEntry, timetableOf } from '../../plan/slots.ts'
import type { FleetTask } from '../../tasks/task.ts'
import { fullPool } from '../starts/pools.ts'
import type { Agreement, SharedParts } from './agreement.ts'
import { fullReason, hasRoom, placeFor } from './place-for.ts'

/**
 * Gets the right to a start: first its slot, then, where the task has a max, a place. The start is held meanwhile,
 * with what it has so far, and is on disk before the engine is asked: the next daemon continues from there.
 */
export async function claimFirst(
  parts: SharedParts,
  task: FleetTask,
  start: Start,
): Promise<Agreement> {
  const { queue } = parts
  const { holding, ...known } = { attempt: randomUUID(), ...start.claim }
  // Otherwise the place that it had is lost.
  const isMine = holding !== undefined && parts.fleet.has(holding)
  const asked: Start = { ...start, claim: isMine ? { ...known, holding } : known }
  const isClaimed = asked.slot === undefined || asked.claim?.sequence !== undefined
  const window = windowOf(task, asked, parts)
  const facts = { start: asked, window, isContinued: start.claim !== undefined }
  const claimed = await queue.holdDuring(asked, async () =>
    isClaimed ? ('has it' as const) : tryToClaim(parts, task, facts),
  )
  if (!queue.release(asked)) return { kind: 'dropped' }
  if (claimed !== 'has it' && claimed.kind !== 'won') return refused(asked, claimed)
  const { attempt = '', ...own } = asked.claim ?? {}
  const right: Start =
    claimed === 'has it'
      ? asked
      : { ...asked, claim: { ...own, attempt, sequence: claimed.sequence } }
  if (isMine) return { kind: 'start', start: right }
  if (task.max === Infinity) return withoutPlaces(parts, task, right)
  return placeFor(parts, { task, start: right, endMs: window.endMs })
}

/** A task without a max has no places: only `max_per_host` counts. */
function withoutPlaces(parts: SharedParts, task: FleetTask, start: Start): Agreement {
  if (hasRoom(parts, task)) return { kind: 'start', start }
  return { kind: 'skip', start, reason: fullReason([parts.fleet.host]) }
}

function refused(start: Start, result: Exclude<ClaimResult, { kind: 'won' }>): Agreement {
  switch (result.kind) {
    case 'elsewhere':
      return { kind: 'elsewhere' }
    case 'unreachable':
      return { kind: 'unreachable', start }
    case 'clock':
      return { kind: 'skip', start, reason: 'clock' }
    case 'refused':
      return { kind: 'skip', start, reason: `fleet: ${result.words}` }
  }
}

/** More than the wait of the last rank. */
const afterOthersMs = 2_500

/** What took longer says too little about the clock. */
const maxTookMs = 1_000

interface ClaimFacts {
  readonly start: Start
  readonly window: DueWindow
  /** Another daemon of this machine tried it before. */
  readonly isContinued: boolean
}

/** Waits for the machines that come first, then tries to get the slot. */
async function tryToClaim(
  parts: SharedParts,
  task: FleetTask,
  { start, window, isContinued }: ClaimFacts,
): Promise<ClaimResult> {
  const { fleet, runContext } = parts
  const { clock } = runContext.host
  const { slot = 0 } = start
  const stop = new AbortController()
  const ignore = fleet.onHint((hint) => {
    if (hint.kind === 'won' && hint.task === task.name && hint.slot === slot) stop.abort()
  })
  try {
    const candidates = fleet.membership.candidates({ hosts: task.hosts, ...task.fleet })
    const rank = { task: task.name, slot, host: fleet.host, aheadMs: fleet.offsetMs() ?? 0 }
    // A machine that is full comes after all that have room: it can only wait, or say that all are full.
    const isFull = !hasRoom(parts, task) || fullPool(parts, task) !== undefined
    const fullMs = isFull ? afterOthersMs : 0
    const waitMs = Math.min(holdBackMs(rank, candidates) + fullMs, windowMs(window) / 2)
    if (!isContinued) await pause(clock, waitMs)
    if (stop.signal.aborted) {
      fleet.counts.noteClaim('elsewhere')
      return { kind: 'elsewhere', host: '' }
    }
    const result = await askEngine(parts, task, start, window)
    if (result.kind === 'won')
      fleet.engine.tell({ kind: 'won', task: task.name, slot, host: fleet.host })
    return result
  } finally {
    ignore()
  }
}

/** Asks as soon as this machine asks for few enough other slots. */
async function askEngine(
  { fleet, runContext, tasks }: SharedParts,
  task: FleetTask,
  { slot = 0, claim: own }: Start,
  window: DueWindow,
): Promise<ClaimResult> {
  const { clock } = runContext.host
  const { host, session, engine } = fleet
  const { revision } = tasks.loaded
  const attempt: ClaimAttempt = {
    key: { task: task.name, slot, tryNumber: own?.tryNumber ?? 1 },
    claim: {
      ...{ v: 1, attempt: own?.attempt ?? '', host, session, slot, revision },
      definition: task.fleet.definition,
    },
    window,
    dueMonotonicMs: window.dueMonotonicMs,
  }
  const result = await fleet.claimTurns.take(window.endMs, async () => {
    const [sentMs, askedMs] = [clock.now(), clock.monotonic()]
    const answer = await claimSlot({ engine, clock, random: Math.random }, attempt)
    fleet.counts.noteClaim(answer.kind, clock.monotonic() - askedMs)
    // It was stored after it was sent, and before it was read.
    const tookMs = clock.now() - sentMs
    if (answer.kind === 'won' && tookMs < maxTookMs)
      fleet.noteOffset(sentMs + tookMs / 2 - answer.storedMs)
    return answer
  })
  if (result !== undefined) return result
  fleet.counts.noteClaim('unreachable')
  return { kind: 'unreachable', words: 'too many slots are asked for at the same time' }
}

/** A window with the same moments by the monotonic clock. */
interface DueWindow extends StartWindow {
  readonly dueMonotonicMs: number
  /** When it is too late to start. */
  readonly endMs: number
}

/** How long a person waits for the fleet. */
const manualMs = 10_000

/** A slot that is caught up, a retry, and a start that waited in line may start within the same time from now on. */
function windowOf(
  task: FleetTask,
  { slot, trigger, dueMs }: Start,
  { runContext, fleet }: SharedParts,
): DueWindow {
  const { clock } = runContext.host
  const now = clock.now()
  const isInLine = fleet.holdings.of(task.name).some(({ key }) => key.index === 'q')
  const isLate = slot === undefined || trigger !== 'schedule' || isInLine
  const slotMs = isLate ? now : (dueMs ?? slot * 1000)
  const next =
    slot === undefined
      ? undefined
      : nextEntry(
          timetableOf(task, runContext.hostName),
          isLate ? Math.floor(now / 1000) : slot,
          slot,
        )
  const window = {
    slotMs,
    startWithinMs: trigger === 'manual' ? manualMs : task.fleet.startWithinMs,
    nextSlotMs: next === undefined ? undefined : next.at * 1000,
  }
  const dueMonotonicMs = clock.monotonic() - (now - slotMs)
  return { ...window, dueMonotonicMs, endMs: dueMonotonicMs + windowMs(window) }
}
