import type { Outcome } from './history-row.ts'

/** The most messages of a task that may wait, and the most bytes of text in them. */
export const maxWaiting = 10_000
export const maxWaitingBytes = 64_000_000
/** The most that one run gets as its input. A longer message alone is still given. */
export const maxBatch = 1_000
export const maxBatchBytes = 1_000_000
/** The most messages of a task that are kept as dead, and as damaged. The oldest go first. */
export const maxKept = 10_000

/** How many messages there are, and the bytes of their texts. */
export interface Amount {
  readonly count: number
  readonly bytes: number
}

/** Who sent a message, as its environment said: good to know, but no proof. */
export interface Sender {
  readonly host: string
  readonly task: string | null
  readonly run: string | null
}

/** One message, as it is kept. */
export interface Message {
  readonly id: string
  /** ISO 8601 in UTC, when it was sent. */
  readonly at: string
  readonly from: Sender
  readonly text: string
}

/** Why a task cannot take more messages; undefined if it can. */
export function refusal(waiting: Amount, more: Amount): string | undefined {
  const count = waiting.count + more.count
  const bytes = waiting.bytes + more.bytes
  if (count > maxWaiting) return `${waiting.count} messages wait already, at most ${maxWaiting} may`
  if (bytes > maxWaitingBytes)
    return `${waiting.bytes} bytes wait already, at most ${maxWaitingBytes} may`
  return undefined
}

/** The line that a run reads. `tries`: how often the message was given to a run before. */
export function inputLine(message: Message, format: 'text' | 'json', tries: number): string {
  if (format === 'text') return `${message.text}\n`
  const { id, at, from, text } = message
  return `${JSON.stringify({ id, at, from, text, ...(tries > 0 && { tries: tries + 1 }) })}\n`
}

/** Whether a batch of that size may get one more line. The first one always fits. */
export function fitsBatch(batch: Amount, lineBytes: number): boolean {
  if (batch.count === 0) return true
  return batch.count < maxBatch && batch.bytes + lineBytes <= maxBatchBytes
}

/** How a run ended that had messages. */
export interface BatchEnd {
  readonly outcome: Outcome
  /** A stop, a reload or a reboot ended it: nothing that its messages are to blame for. */
  readonly isInterrupted: boolean
  /** A person ended it, by `torch kill`. */
  readonly isKilled: boolean
  /** The same messages are given to a further attempt. */
  readonly hasRetry: boolean
  /** Attempts after the first one that `retry` allows. */
  readonly attempts: number
}

/**
 * - done: the run was ok; the message is removed
 * - again: it stays with the batch, for the next attempt
 * - back: it waits again, in its old place
 * - dead: it was given as often as `retry` allows; it is put aside
 */
export type Fate = 'done' | 'again' | 'back' | 'dead'

/** What becomes of a message of a run that is over. `tries`: how often it was given before this run. */
export function fateOf(tries: number, end: BatchEnd): Fate {
  if (end.outcome === 'ok') return 'done'
  if (end.isInterrupted) return 'back'
  // As without messages: what a person ended is not started again.
  if (end.isKilled || tries + 1 > end.attempts) return 'dead'
  return end.hasRetry ? 'again' : 'back'
}

/**
 * Which of the lines that were written into the input of a run it has not read to the end: by their
 * places, each `whole` or `half`. `unread` is what was left in the pipe. Both are bytes as latin1 text,
 * because a line may be cut within a character. Only the first line that is left may have been read in part.
 * What follows the last line break was still being written.
 */
export function unreadLines(
  lines: readonly string[],
  unread: string,
): ReadonlyMap<number, 'whole' | 'half'> {
  const pieces = unread.split('\n').slice(0, -1)
  const found = new Map<number, 'whole' | 'half'>()
  let at = lines.length - 1
  for (let index = pieces.length - 1; index >= 0; index--) {
    const piece = `${pieces[index]}\n`
    const isUnread = (line: string): boolean =>
      line === piece || (index === 0 && line.endsWith(piece))
    // In the order of the writes, unless an earlier daemon wrote some of them.
    while (at >= 0 && found.has(at)) at--
    const place =
      at >= 0 && isUnread(lines[at] ?? '')
        ? at
        : lines.findLastIndex((line, each) => !found.has(each) && isUnread(line))
    if (place === -1) continue
    found.set(place, lines[place] === piece ? 'whole' : 'half')
    if (place === at) at--
  }
  return found
}
