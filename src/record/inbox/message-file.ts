import { createHash, randomBytes } from 'node:crypto'
import type { Message, Sender } from '../../plan/messages.ts'
import { runStamp, startOfRun } from '../../run/directory.ts'

/*
 * A message is one file: a line of JSON about it, then its text to the end of the file. It is made under
 * another name and then renamed, so nobody ever sees half of one.
 */

/** The line of JSON. More than the longest sender that is kept. */
export const maxHeadBytes = 4096
/** Names of hosts and tasks are shorter. */
const maxSenderLength = 256

interface Head {
  readonly id: string
  readonly at: string
  readonly from: Sender
  /** Of the text, in UTF-8. */
  readonly bytes: number
  readonly sha256: string
}

/** The content of the file of a message. */
export function encodeMessage({ id, at, from, text }: Message): Buffer {
  const body = Buffer.from(text)
  const head: Head = { id, at, from: shortened(from), bytes: body.length, sha256: sumOf(body) }
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
}

/** The message in a file, or what is wrong with it. */
export function decodeMessage(content: Buffer, id: string): Message | string {
  const end = content.indexOf('\n')
  const head = parseHead(content.subarray(0, end === -1 ? 0 : end))
  if (head === undefined) return 'its first line is damaged'
  const body = content.subarray(end + 1)
  if (body.length !== head.bytes) return `it has ${body.length} bytes of ${head.bytes}`
  if (sumOf(body) !== head.sha256) return 'its text is not what was sent: the sum differs'
  return { id, at: head.at, from: head.from, text: body.toString() }
}

/** How long the text is, from the first bytes of a file alone; 0 if they are damaged. */
export function textBytes(start: Buffer): number {
  const end = start.indexOf('\n')
  return parseHead(start.subarray(0, end === -1 ? 0 : end))?.bytes ?? 0
}

function sumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

function parseHead(line: Buffer): Head | undefined {
  try {
    const { id, at, from, bytes, sha256 } = JSON.parse(line.toString()) as Partial<Head>
    const isWhole =
      typeof id === 'string' && typeof at === 'string' && typeof bytes === 'number' && sha256
    return isWhole ? { id, at, from: senderOf(from), bytes, sha256 } : undefined
  } catch {
    return undefined
  }
}

function senderOf(from: Partial<Sender> | undefined): Sender {
  return { host: from?.host ?? '', task: from?.task ?? null, run: from?.run ?? null }
}

function shortened({ host, task, run }: Sender): Sender {
  const short = (word: string | null): string | null => word && word.slice(0, maxSenderLength)
  return { host: host.slice(0, maxSenderLength), task: short(task), run: short(run) }
}

/** What the name of a file says. */
export interface MessageName {
  readonly name: string
  readonly id: string
  /** How often the message was given to a run and came back. */
  readonly tries: number
}

const namePattern = /^(\d{8}T\d{6}\.\d{3}-[0-9a-f]{10})(?:,([1-9]\d{0,5}))?$/

/** undefined for a file that is not a message. */
export function parseMessageName(name: string): MessageName | undefined {
  const match = namePattern.exec(name)
  return match === null ? undefined : { name, id: match[1] ?? '', tries: Number(match[2] ?? 0) }
}

/** `ID`, or `ID,2` for one that was given twice already. Names sort as the ids do. */
export function messageName(id: string, tries: number): string {
  return tries === 0 ? id : `${id},${tries}`
}

/** Makes ids that sort in the order in which they were made, whatever the clock does. */
export interface MessageIds {
  /** No id is less than this one from now on. */
  atLeast(id: string): void
  next(nowMs: number): string
}

const maxSequence = 0xffff

/** An id is the time in milliseconds, 4 digits that count within one, and 6 random ones. */
export function newMessageIds(): MessageIds {
  let lastMs = 0
  let sequence = 0
  return {
    atLeast(id) {
      const ms = startOfRun(id)
      if (ms < lastMs) return
      const count = Number.parseInt(id.slice(idStampLength + 1, idStampLength + 5), 16)
      sequence = ms === lastMs ? Math.max(sequence, count) : count
      lastMs = ms
    },
    next(nowMs) {
      if (nowMs > lastMs) {
        lastMs = nowMs
        sequence = 0
      } else if (sequence < maxSequence) sequence += 1
      else {
        lastMs += 1
        sequence = 0
      }
      const count = sequence.toString(16).padStart(4, '0')
      return `${runStamp(lastMs)}-${count}${randomBytes(3).toString('hex')}`
    },
  }
}

const idStampLength = '20261121T071700.123'.length
