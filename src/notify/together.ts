import type { Clock } from '../host/clock.ts'
import { digestOf, type SeeMore } from './digest.ts'
import type { Entry } from './entry-file.ts'
import { boundedMessage } from './message.ts'
import type { Outbox } from './outbox.ts'

export interface Waiting {
  readonly clock: Clock
  readonly hostName: string
  readonly outbox: Outbox
  /** When an entry is tried again, by the monotonic clock. */
  readonly due: Map<string, number>
  /** What a digest says. */
  readonly seeMore: () => SeeMore
}

/**
 * Puts one digest in the place of everything that may be sent to the target of this entry now, and returns it. The
 * entry itself if nothing else may, or if the disk is full: then each is sent by itself, as soon as there is room.
 */
export function together(waiting: Waiting, entry: Entry): Entry {
  const { outbox, clock, hostName, seeMore, due } = waiting
  const found = dueFor(waiting, entry.recipient).flatMap((each) => {
    const letter = outbox.letterOf(each)
    return letter?.kind === 'message' ? [{ entry: each, message: letter.message }] : []
  })
  if (found.length < 2) return entry
  const messages = found.map(({ message }) => message)
  const message = boundedMessage(digestOf(messages, seeMore(), hostName, clock.now()))
  const entries = found.map((each) => each.entry)
  const digest = outbox.replace(entries, { kind: 'message', target: entry.recipient, message })
  if (digest === undefined) return entry
  for (const { name } of entries) due.delete(name)
  return digest
}

/** The oldest first. What waits for an earlier message about its task may not be sent. */
function dueFor({ outbox, due, clock }: Waiting, recipient: string): Entry[] {
  const nowMs = clock.monotonic()
  const later = new Set<string | null>()
  return outbox.waitingFor(recipient).filter(({ name, task }) => {
    if ((due.get(name) ?? 0) > nowMs) later.add(task)
    return !later.has(task)
  })
}
