import { maxDigestLength } from '../plan/notify/digest-text.ts'

/** What a message tells. */
export type MessageKind =
  | 'failed'
  | 'recovered'
  | 'missed'
  | 'skipped'
  | 'late'
  | 'stuck'
  | 'no_success_for'
  | 'gave-up'
  | 'paused'
  | 'resumed'
  | 'refused'
  | 'daemon-started-after-crash'
  | 'digest'
  | 'test'

/** What happened, as a person is told. It has no secrets. Times are ISO 8601 in UTC. */
export interface Message {
  /** The same event always has the same id, so a reader can drop what comes twice. */
  readonly id: string
  readonly kind: MessageKind
  readonly host: string
  readonly task: string | null
  /** What the tasks file says that the task is for. */
  readonly description: string | null
  readonly run: string | null
  readonly at: string
  /** Since when it is so, if that is not `at`. */
  readonly since: string | null
  readonly exitCode: number | null
  readonly signal: string | null
  /** One line; in a digest a line for each of its messages. */
  readonly reason: string | null
  readonly outcome: string | null
  /** The last lines of the output. */
  readonly output: string | null
  /** A command that shows more. */
  readonly more: string
  /** Of the page, if there is one. */
  readonly url: string | null
  /** How many events this message stands for. */
  readonly count: number
  /** A digest of messages that waited has their ids. */
  readonly ids: readonly string[] | null
}

/** The most that is kept of each text of a message. A digest has its lines in the reason. */
const maxReasonLength = maxDigestLength
const maxOutputLength = 4_096
const maxWordLength = 512
/** The newest ones. As many messages as an outbox holds. */
export const maxIds = 1_000

/** The same message with no text longer than the outbox keeps. Of the output the end counts. */
export function boundedMessage(message: Message): Message {
  const { task, description, reason, output, more, url, ids } = message
  return {
    ...message,
    id: message.id.slice(0, maxWordLength),
    host: message.host.slice(0, maxWordLength),
    task: task && task.slice(0, maxWordLength),
    description: description && description.slice(0, maxWordLength),
    reason: reason && reason.slice(0, maxReasonLength),
    output: output && output.slice(-maxOutputLength),
    more: more.slice(0, maxWordLength),
    url: url && url.slice(0, maxWordLength),
    ids: ids && ids.slice(-maxIds),
  }
}

/** A message as an outbox kept it; undefined if it is damaged. A later version of torch may have kinds of its own. */
export function parseMessage(value: unknown): Message | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, kind, host, at, more, ...rest } = value as Partial<Message>
  const isWhole = [id, kind, host, at, more].every((each) => typeof each === 'string')
  if (!isWhole) return undefined
  const text = (each: unknown): string | null => (typeof each === 'string' ? each : null)
  return {
    ...{ id: id ?? '', kind: kind ?? 'test', host: host ?? '', at: at ?? '', more: more ?? '' },
    description: text(rest.description),
    ...{ task: text(rest.task), run: text(rest.run), since: text(rest.since) },
    ...{ signal: text(rest.signal), reason: text(rest.reason), outcome: text(rest.outcome) },
    ...{ output: text(rest.output), url: text(rest.url) },
    exitCode: typeof rest.exitCode === 'number' ? rest.exitCode : null,
    count: typeof rest.count === 'number' ? rest.count : 1,
    ids: Array.isArray(rest.ids) ? rest.ids.filter((each) => typeof each === 'string') : null,
  }
}
