import { type Entry, isTarget, type Letter } from './entry-file.ts'
import { digestLines, titleOf } from './text.ts'

export interface DeliveryLog {
  warn(event: string, facts: object, message: string): void
}

/** Says in the log what could not be delivered. */
export interface FailureLog {
  /** It was given up. `letter`: what was in it. */
  note(entry: Entry, words: string, letter?: Letter): void
  /** The recipient works. */
  over(recipient: string): void
}

/** Pings and the heartbeat come often, so the log has only the first failure in a row. */
export function newFailureLog(log: DeliveryLog): FailureLog {
  const failing = new Set<string>()
  return {
    note(entry, words, letter) {
      const { recipient } = entry
      if (failing.has(recipient)) return
      if (!isTarget(recipient)) failing.add(recipient)
      const what = letter?.kind === 'message' ? `: ${titleOf(letter.message)}` : ''
      const facts = { ...factsOf(entry), ...idOf(letter), reason: words }
      log.warn('notify', facts, `${recipient}: could not be delivered: ${words}${what}`)
    },
    over: (recipient) => void failing.delete(recipient),
  }
}

/** What the log says of an entry. */
export function factsOf({ recipient, task, attempts }: Entry): object {
  return { target: recipient, ...(task !== null && { task }), attempts: attempts + 1 }
}

function idOf(letter: Letter | undefined): object {
  if (letter?.kind !== 'message') return {}
  const { id, kind, run, count } = letter.message
  const lines = digestLines(letter.message)
  // Nothing else says what was in a digest.
  return { id, kind, ...(run !== null && { run }), ...(lines.length > 0 && { count, lines }) }
}
