import { createHash } from 'node:crypto'
import { digestText, lineOf, maxLines } from '../plan/notify/digest.ts'
import { utcTime } from '../text/utc-time.ts'
import { maxIds, type Message } from './message.ts'

/** Where a digest says that there is more. */
export type SeeMore = Pick<Message, 'more' | 'url'>

/** The trouble that is over when a task has recovered, and when the tasks file is good again. */
const troubleOfTask: ReadonlySet<string> = new Set(['failed', 'late', 'stuck', 'no_success_for'])
const troubleOfFile: ReadonlySet<string> = new Set(['refused'])

interface Line {
  readonly text: string
  readonly task: string | null
  readonly kind: string
  /** How many messages it stands for. */
  readonly count: number
}

/** One message in the place of these, the oldest first. A digest among them gives its lines. */
export function digestOf(
  messages: readonly Message[],
  seeMore: SeeMore,
  host: string,
  nowMs: number,
): Message {
  const lines = messages.reduce<Line[]>(withLine, []).filter(({ text }) => text !== '')
  const shown = lines.slice(0, maxLines)
  const held = messages.reduce((sum, message) => sum + countOf(message), 0)
  const left = held - shown.reduce((sum, { count }) => sum + count, 0)
  const ids = messages.flatMap((each) => [each.id, ...(each.ids ?? [])]).slice(-maxIds)
  return {
    id: createHash('sha256')
      .update(`digest\n${ids.join('\n')}`)
      .digest('hex')
      .slice(0, 32),
    ...{ kind: 'digest', host, task: null, description: null, run: null },
    ...{ at: new Date(nowMs).toISOString(), since: messages[0]?.at ?? null },
    ...{ exitCode: null, signal: null, outcome: null, output: null },
    reason: digestText(
      shown.map(({ text }) => text),
      left,
    ),
    ...seeMore,
    ...{ count: held, ids },
  }
}

/** The events of a message are not its messages: "missed 7 starts" is one. */
function countOf({ kind, count }: Message): number {
  return kind === 'digest' ? count : 1
}

/** A recovery has no line of its own if the trouble before it has one: that line says since when it is over. */
function withLine(lines: Line[], message: Message): Line[] {
  const { kind, task, at } = message
  if (kind === 'digest') return [...lines, ...linesOf(message)]
  const ended = task === null ? troubleOfFile : troubleOfTask
  const isOver = (line: Line): boolean =>
    kind === 'recovered' && line.task === task && ended.has(line.kind)
  const last = lines.findLastIndex(isOver)
  const text = lineOf({ ...message, atMs: Date.parse(at) })
  if (last === -1) return [...lines, { text, task, kind, count: 1 }]
  const over = `, over since ${utcTime(Date.parse(at))}`
  return lines.map((line, index) =>
    isOver(line)
      ? {
          text: line.text + over,
          task,
          kind: 'over',
          count: line.count + (index === last ? 1 : 0),
        }
      : line,
  )
}

/** "and 7 more" stands at the end of all. */
function linesOf({ reason }: Message): Line[] {
  const texts = (reason ?? '').trimEnd().split('\n')
  return texts
    .filter((text) => !/^and \d+ more$/.test(text))
    .map((text) => ({ text, task: null, kind: 'digest', count: 1 }))
}
