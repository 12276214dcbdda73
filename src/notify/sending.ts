import type { Clock } from '../host/clock.ts'
import type { Host } from '../host/host.ts'
import type { Faults } from '../run/faults.ts'
import type { Job } from './deliver.ts'
import type { Deliverer } from './deliverer.ts'
import type { SeeMore } from './digest.ts'
import { type Entry, isTarget, type Letter } from './entry-file.ts'
import { type DeliveryLog, type FailureLog, factsOf, newFailureLog } from './failure-log.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import { openResults, type Results } from './results.ts'
import { type Delivery, maxWaitMs, nextDelayMs } from './retry-plan.ts'
import { type Room, roomOf } from './target-rate.ts'
import { together } from './together.ts'

/** Sends what is in the outbox: a few at a time, and again if that fails. */
export interface Sending {
  readonly results: Results
  entries(): readonly Entry[]
  /** It is on the disk when this returns. */
  add(letter: Letter): void
  /** Begins to send: also what an earlier daemon left. */
  start(): void
  /** The recipient works now: what waits for it is due at once. */
  retryNow(recipient: string): void
  /** Begins nothing more, and waits a moment for what is under way. */
  close(): Promise<void>
}

export interface SendingParts {
  readonly host: Pick<Host, 'clock' | 'files'>
  /** Of the outbox. */
  readonly folder: string
  readonly faults: Pick<Faults, 'attempt'>
  readonly log: DeliveryLog
  readonly deliverer: Deliverer
  /** What there is to do for a letter now; undefined: the tasks file does not have its target any more. */
  readonly jobOf: (letter: Letter) => Job | undefined
  readonly hostName: string
  /** What a digest says. */
  readonly seeMore: () => SeeMore
}

/** Deliveries at one time. Each recipient gets one after another. */
const maxBusy = 4
/** How long close() waits for what is under way. */
const closeMs = 2_000

interface State extends SendingParts {
  readonly outbox: Outbox
  readonly results: Results
  readonly busy: Map<string, { readonly entry: Entry; readonly done: Promise<void> }>
  /** When a recipient may get something again, by the monotonic clock. */
  readonly held: Map<string, number>
  /** When an entry is tried again, by the monotonic clock. */
  readonly due: Map<string, number>
  readonly failures: FailureLog
  phase: 'new' | 'running' | 'closed'
  /** In the next turn of the event loop, what is due begins. */
  isBeginning: boolean
  cancelWake: () => void
}

export function newSending(parts: SendingParts): Sending {
  const { host, folder, faults, log } = parts
  const results = openResults(host, folder)
  const failures = newFailureLog(log)
  const outbox = openOutbox({
    ...{ host, folder, faults },
    onDropped(entry) {
      results.count(entry.recipient, 'dropped')
      const words = `${entry.recipient}: the outbox is full, so its oldest entry is dropped`
      log.warn('notify', factsOf(entry), words)
    },
    onReplaced(entry) {
      if (entry.attempts === 0) return
      results.count(entry.recipient, 'failed')
      failures.note(entry, entry.lastError ?? '')
    },
  })
  const state: State = {
    ...{ ...parts, outbox, results, failures, busy: new Map(), held: new Map() },
    phase: 'new',
    isBeginning: false,
    due: new Map(outbox.entries().map((entry) => [entry.name, firstDue(host.clock, entry)])),
    cancelWake() {},
  }
  return {
    results,
    entries: () => outbox.entries(),
    add(letter) {
      const inWork = new Set([...state.busy.values()].map(({ entry }) => entry.name))
      if (outbox.add(letter, inWork) !== undefined) void beginSoon(state)
    },
    start() {
      state.phase = 'running'
      beginDue(state)
    },
    retryNow(recipient) {
      makeDue(state, recipient)
      beginDue(state)
    },
    async close() {
      state.phase = 'closed'
      state.cancelWake()
      await allDone(state)
    },
  }
}

/** A daemon that was down lets an entry wait for no more than what is left, however the clock was set. */
function firstDue(clock: Clock, { nextMs }: Entry): number {
  const left = nextMs === null ? 0 : Math.min(Math.max(nextMs - clock.now(), 0), maxWaitMs)
  return clock.monotonic() + left
}

/** In a burst, a thousand letters come in one turn: the outbox is gone through once for all of them. */
async function beginSoon(state: State): Promise<void> {
  if (state.isBeginning) return
  state.isBeginning = true
  await state.host.clock.turn()
  state.isBeginning = false
  beginDue(state)
}

/** Begins everything that is due, and sets the timer for the rest. */
function beginDue(state: State): void {
  const { host, busy } = state
  state.cancelWake()
  if (state.phase !== 'running') return
  // FIRST not all of one kind: targets that hang must not hold up a heartbeat, nor thousands of pings a message.
  let nextMs = Infinity
  for (const most of [maxBusy - 1, maxBusy]) nextMs = beginSome(state, most)
  // The end of any of them comes here again.
  if (busy.size === maxBusy || nextMs === Infinity) return
  state.cancelWake = host.clock.after(nextMs - host.clock.monotonic(), () => beginDue(state))
}

/** Begins what is due until so many of a kind are under way. Returns when the next one is due. */
function beginSome(state: State, mostOfKind: number): number {
  const { host, outbox, busy, due, held } = state
  const nowMs = host.clock.monotonic()
  let nextMs = Infinity
  const seen = new Set<string>()
  for (const entry of outbox.each()) {
    if (busy.size === maxBusy) break
    // The messages about one task stay in order: "is ok again" must not come first.
    const lane = `${entry.recipient}\n${entry.task}`
    if (busy.has(entry.recipient) || seen.has(lane)) continue
    seen.add(lane)
    const room = roomFor(state, entry.recipient)
    const roomMs = room.left > 0 ? 0 : nowMs + room.moreInMs
    const atMs = Math.max(due.get(entry.name) ?? 0, held.get(entry.recipient) ?? 0, roomMs)
    if (atMs > nowMs) nextMs = Math.min(nextMs, atMs)
    else if (busyLike(state, entry) < mostOfKind)
      begin(state, room.left === 1 ? together({ ...state, clock: host.clock }, entry) : entry)
  }
  return nextMs
}

/** Pings and the heartbeat have no limit. */
function roomFor({ results, host }: State, recipient: string): Room {
  return isTarget(recipient)
    ? roomOf(results.sentMs(recipient), host.clock.now())
    : { left: Infinity, moreInMs: 0 }
}

/** How many messages are under way, or how many pings. */
function busyLike({ busy }: State, { recipient }: Entry): number {
  return [...busy.keys()].filter((each) => isTarget(each) === isTarget(recipient)).length
}

function begin(state: State, entry: Entry): void {
  const attempt = async (): Promise<void> => {
    const delivery = await deliver(state, entry)
    state.busy.delete(entry.recipient)
    if (delivery === undefined) forget(state, entry)
    else finish(state, entry, delivery)
    beginDue(state)
  }
  state.busy.set(entry.recipient, { entry, done: attempt() })
}

/** undefined: it is not needed any more. */
async function deliver(
  { outbox, jobOf, deliverer }: State,
  entry: Entry,
): Promise<Delivery | undefined> {
  const letter = outbox.letterOf(entry)
  if (letter === undefined) return undefined
  const job = jobOf(letter)
  if (job !== undefined) return deliverer.deliver(job)
  return letter.kind === 'message'
    ? { kind: 'refused', words: 'the tasks file does not have this target any more' }
    : undefined
}

function finish(state: State, entry: Entry, delivery: Delivery): void {
  const { results, outbox, host, held, due, failures } = state
  const { recipient } = entry
  if (delivery.kind === 'delivered') {
    forget(state, entry)
    failures.over(recipient)
    results.count(recipient, 'delivered')
    if (isTarget(recipient)) results.noteSent(recipient)
    results.note(recipient, 'delivered', delivery.words)
    return makeDue(state, recipient)
  }
  const retryAfterMs = delivery.kind === 'later' ? delivery.retryAfterMs : undefined
  const mayRetry = delivery.kind === 'later' && !isReplaced(state, entry)
  const delayMs = mayRetry
    ? nextDelayMs(entry.attempts + 1, entry.waitedMs, retryAfterMs)
    : undefined
  if (delayMs === undefined) return giveUp(state, entry, delivery.words)
  const dueMs = host.clock.monotonic() + delayMs
  if (retryAfterMs !== undefined) held.set(recipient, dueMs)
  due.set(entry.name, dueMs)
  results.note(recipient, 'waiting', delivery.words)
  outbox.postpone(entry, {
    waitedMs: entry.waitedMs + delayMs,
    nextMs: host.clock.now() + delayMs,
    lastError: delivery.words,
  })
}

/** One delivery shows that the recipient works: nothing for it waits out the pause after an earlier failure. */
function makeDue({ host, outbox, due, held }: State, recipient: string): void {
  held.delete(recipient)
  const nowMs = host.clock.monotonic()
  for (const entry of outbox.waitingFor(recipient)) {
    const leftMs = (due.get(entry.name) ?? nowMs) - nowMs
    if (leftMs <= 0) continue
    due.delete(entry.name)
    outbox.hasten(entry, leftMs)
  }
}

/** Whether a newer ping for the same recipient waits. */
function isReplaced({ outbox }: State, { name, recipient }: Entry): boolean {
  if (isTarget(recipient)) return false
  return outbox.waitingFor(recipient).some((each) => each.name > name)
}

function giveUp(state: State, entry: Entry, words: string): void {
  const { outbox, results, failures } = state
  const letter = outbox.letterOf(entry)
  forget(state, entry)
  results.count(entry.recipient, 'failed')
  results.note(entry.recipient, 'failed', words)
  failures.note(entry, words, letter)
}

function forget({ due, outbox }: State, entry: Entry): void {
  due.delete(entry.name)
  outbox.remove(entry)
}

/** Waits for what is under way, but not for long. */
function allDone({ host, busy }: State): Promise<void> {
  return new Promise((resolve) => {
    const cancel = host.clock.after(closeMs, resolve)
    void Promise.all([...busy.values()].map(({ done }) => done)).then(() => {
      cancel()
      return resolve()
    })
  })
}
