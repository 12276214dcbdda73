import type { Engine } from '../../../src/fleet/engine.ts'
import type { GetAnswer, PutAnswer } from '../../../src/plan/fleet/answers.ts'
import type { Hint } from '../../../src/plan/fleet/hints.ts'
import type { Claim, ClaimKey, Place, PlaceKey } from '../../../src/plan/fleet/records.ts'
import type { Machine, World } from './world.ts'

/** What goes wrong between a machine and the engine, as parts of all calls from 0 to 1. */
type Silence = Extract<PutAnswer, { readonly kind: 'silent' }>

interface Troubles {
  /** It is stored, and the answer does not come. */
  lostAcks: number
  /** It is stored later, long after the call gave up. */
  lateCommits: number
  /** A server that no longer leads answers "none", or with the message before. */
  staleReads: number
  lostReads: number
}

/** An engine in memory, as several servers with troubles look from outside. */
export interface FakeEngine {
  /** The engine as one machine sees it. */
  of(machine: Machine): Engine
  readonly troubles: Troubles
  /** Nobody gets an answer for so long; what was sent may still be stored at its end. */
  outage(ms: number): void
  /** The same for one machine. */
  cutOff(machine: Machine, ms: number): void
  /** Since when it remembers claims. */
  claimsSinceMs: number
  /** Since when it remembers places; -Infinity: it always did. */
  placesSinceMs: number
  /** Streams that are missing: `claim`, `place`. */
  readonly missing: Set<string>
  /** Somebody deletes the stream of places, and makes it again at once. */
  remakePlaces(): void
  /** What is stored, by subject. */
  readonly stored: ReadonlyMap<string, Message>
  /** Everything that was ever stored, in order. */
  readonly log: readonly Message[]
}

interface Message {
  readonly subject: string
  readonly value: unknown
  readonly sequence: number
  readonly storedMs: number
  readonly id: string
}

interface Answerer {
  readonly machine: Machine
  readonly listener: Parameters<Engine['answer']>[0]
}

/** How long a client waits for an answer. */
const timeoutMs = 1_000

export function newFakeEngine(world: World): FakeEngine {
  const stored = new Map<string, Message>()
  const log: Message[] = []
  const troubles: Troubles = { lostAcks: 0, lateCommits: 0, staleReads: 0, lostReads: 0 }
  let downUntilMs = 0
  const listeners = new Map<
    (hint: Hint) => void,
    { readonly machine: Machine; readonly life: number }
  >()
  const answerers = new Map<string, Answerer>()
  const cutUntilMs = new Map<Machine, number>()
  const missing = new Set<string>()
  const isMissing = (subject: string): boolean => missing.has(subject.split('.', 1)[0] ?? '')
  const silentUntil = (machine: Machine): number =>
    Math.max(downUntilMs, cutUntilMs.get(machine) ?? 0)

  function store(subject: string, value: unknown, expected: number, id: string): PutAnswer {
    const last = stored.get(subject)
    if ((last?.sequence ?? 0) !== expected) return { kind: 'taken' }
    const message = { subject, value, sequence: log.length + 1, storedMs: world.now(), id }
    stored.set(subject, message)
    log.push(message)
    return { kind: 'stored', sequence: message.sequence }
  }

  /** Sends a message on its way. The answer never comes if the machine is killed. */
  function put(
    machine: Machine,
    subject: string,
    value: unknown,
    { expected, id }: { readonly expected: number; readonly id: string },
  ): Promise<PutAnswer> {
    return new Promise((resolve) => {
      if (isMissing(subject))
        return void machine.after(1, () => resolve({ kind: 'silent', words: 'no responders' }))
      const answer = answerer(machine, resolve)
      const silent: PutAnswer = { kind: 'silent', words: 'no responders' }
      const silentMs = silentUntil(machine) - world.now()
      if (silentMs > 0 || world.random() < troubles.lateCommits) {
        // Kept on the way, by the client or by a server, and stored when there is a leader again.
        if (world.random() < 0.5)
          world.after(Math.max(silentMs, 0) + world.between(0, 3_000), () =>
            store(subject, value, expected, id),
          )
        return answer(timeoutMs, silent)
      }
      const isLost = world.random() < troubles.lostAcks
      world.after(world.between(0, 4), () => {
        const what = store(subject, value, expected, id)
        answer(isLost ? timeoutMs : world.between(0, 4), isLost ? silent : what)
      })
    })
  }

  function get<T>(machine: Machine, subject: string): Promise<GetAnswer<T>> {
    return new Promise((resolve) => {
      if (isMissing(subject))
        return void machine.after(1, () =>
          resolve({ kind: 'silent', words: 'a stream is missing', isRefused: true }),
        )
      const answer = answerer(machine, resolve)
      const isSilent = silentUntil(machine) > world.now() || world.random() < troubles.lostReads
      if (isSilent) return answer(timeoutMs, { kind: 'silent', words: 'timeout' })
      const isStale = world.random() < troubles.staleReads
      const before = log.findLast(
        (each) => each.subject === subject && each !== stored.get(subject),
      )
      world.after(world.between(0, 4), () => {
        const found = isStale ? (world.random() < 0.5 ? before : undefined) : stored.get(subject)
        const { sequence, storedMs } = found ?? { sequence: 0, storedMs: 0 }
        const value = found?.value as T
        answer(
          world.between(0, 4),
          found === undefined ? { kind: 'none' } : { kind: 'found', value, sequence, storedMs },
        )
      })
    })
  }

  /** What a stream says of itself: as it is when the answer comes. */
  function look<A>(machine: Machine, read: () => A): Promise<A | Silence> {
    return new Promise((resolve) => {
      const isSilent = silentUntil(machine) > world.now() || world.random() < troubles.lostReads
      machine.after(isSilent ? timeoutMs : world.between(0, 4), () =>
        resolve(isSilent ? { kind: 'silent', words: 'timeout' } : read()),
      )
    })
  }

  const fake: FakeEngine = {
    troubles,
    claimsSinceMs: 0,
    placesSinceMs: -Infinity,
    stored,
    log,
    missing,
    of: (machine) => ({
      putClaim: (key, claim) =>
        put(machine, claimSubject(key), claim, { expected: 0, id: claim.attempt }),
      getClaim: (key) => get<Claim>(machine, claimSubject(key)),
      claimsSince: () => look(machine, () => ({ kind: 'since', ms: fake.claimsSinceMs })),
      placesAge: () => look(machine, () => ({ kind: 'age', ms: world.now() - fake.placesSinceMs })),
      putPlace: (key, place, options) => put(machine, placeSubject(key), place, options),
      getPlace: (key) => get<Place>(machine, placeSubject(key)),
      ask: (host, question) =>
        new Promise((resolve) => {
          const silent = { kind: 'silent', words: 'timeout' } as const
          const found = answerers.get(host)
          if (found === undefined || silentUntil(machine) > world.now())
            return void machine.after(timeoutMs, () => resolve(silent))
          return void found.machine.after(world.between(0, 4), () => {
            const value = found.listener(question)
            machine.after(world.between(0, 4), () => resolve({ kind: 'answer', value }))
          })
        }),
      answer: (listener) => void answerers.set(machine.name, { machine, listener }),
      tell(hint) {
        if (silentUntil(machine) > world.now()) return
        for (const [listener, { machine: other, life }] of listeners)
          if (life !== other.life()) listeners.delete(listener)
          else if (silentUntil(other) <= world.now())
            other.after(world.between(0, 4), () => listener(hint))
      },
      hear: (listener) => void listeners.set(listener, { machine, life: machine.life() }),
    }),
    remakePlaces() {
      for (const subject of stored.keys()) if (subject.startsWith('place.')) stored.delete(subject)
      fake.placesSinceMs = world.now()
    },
    outage(ms) {
      downUntilMs = Math.max(downUntilMs, world.now() + ms)
    },
    cutOff: (machine, ms) => void cutUntilMs.set(machine, world.now() + ms),
  }
  return fake
}

/** Answers a machine, unless it is killed before. */
function answerer<T>(machine: Machine, resolve: (answer: T) => void) {
  const asked = machine.life()
  return (ms: number, answer: T): void => {
    if (machine.life() === asked) machine.after(ms, () => resolve(answer))
  }
}

export function claimSubject({ task, slot, tryNumber }: ClaimKey): string {
  return `claim.${task}.${slot}${tryNumber === 1 ? '' : `.${tryNumber}`}`
}

function placeSubject({ task, index }: PlaceKey): string {
  return `place.${task}.${index}`
}
