import { createHash } from 'node:crypto'
import {
  type DigestLine,
  digestText,
  lineOf,
  overSince,
  parseDigestText,
} from '../plan/notify/digest-text.ts'
import { maxIds, type Message } from './message.ts'

/** Where a digest says that there is more. */
export type SeeMore = Pick<Message, 'more' | 'url'>

/** The trouble that is over when a task has recovered, and when the tasks file is good again. */
const troubleOfTask: ReadonlySet<string> = new Set(['failed', 'late', 'no_success_for'])
const troubleOfFile: ReadonlySet<string> = new Set(['refused'])

/** Lines so far, and how many messages have none. */
interface Digested {
  readonly lines: readonly Line[]
  readonly more: number
}

interface Line extends DigestLine {
  /** The message that it is about. undefined: a digest told it, or it is over. */
  readonly about?: Message
}

/** One message in the place of these, the oldest first. A digest among them gives its lines. */
export function digestOf(
  messages: readonly Message[],
  seeMore: SeeMore,
  host: string,
  nowMs: number,
): Message {
  const { lines, more } = messages.reduce(withMessage, { lines: [], more: 0 })
  const held = messages.reduce((sum, message) => sum + countOf(message), 0)
  const ids = messages.flatMap((each) => [each.id, ...(each.ids ?? [])]).slice(-maxIds)
  return {
    id: createHash('sha256')
      .update(`digest\n${ids.join('\n')}`)
      .digest('hex')
      .slice(0, 32),
    ...{ kind: 'digest', host, task: null, description: null, run: null },
    ...{ at: new Date(nowMs).toISOString(), since: messages[0]?.at ?? null },
    ...{ exitCode: null, signal: null, outcome: null, output: null },
    reason: digestText(lines, more),
    ...seeMore,
    ...{ count: held, ids },
  }
}

/** The events of a message are not its messages: "missed 7 starts" is one. */
function countOf({ kind, count }: Message): number {
  return kind === 'digest' ? count : 1
}

/** A recovery has no line of its own if the trouble before it has one: that line says since when it is over. */
function withMessage({ lines, more }: Digested, message: Message): Digested {
  const atMs = Date.parse(message.at)
  if (message.kind === 'digest') {
    const inner = parseDigestText(message.reason ?? '')
    return { lines: [...lines, ...inner.lines], more: more + inner.more }
  }
  const last = lines.findLastIndex(({ about }) => isEnded(about, message))
  if (last === -1) {
    const line = { text: lineOf({ ...message, atMs }), count: 1, about: message }
    return { lines: [...lines, line], more }
  }
  const ended = lines.map((line, index) =>
    isEnded(line.about, message)
      ? { text: overSince(line.text, atMs), count: line.count + (index === last ? 1 : 0) }
      : line,
  )
  return { lines: ended, more }
}

/** Whether this message says that the trouble of an earlier one is over. Another run may hang while one ends well. */
function isEnded(about: Message | undefined, { kind, task, run }: Message): boolean {
  if (about === undefined || kind !== 'recovered' || about.task !== task) return false
  if (about.kind === 'stuck') return about.run === run
  return (task === null ? troubleOfFile : troubleOfTask).has(about.kind)
}
