import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import type { PingEvent } from '../tasks/notify.ts'
import { type Message, parseMessage } from './message.ts'

/** Something to send to one target. */
export type Letter =
  | { readonly kind: 'message'; readonly target: string; readonly message: Message }
  | {
      readonly kind: 'ping'
      readonly task: string
      readonly event: PingEvent
      readonly words: string
    }
  | { readonly kind: 'heartbeat' }

/** One entry of the outbox, without its text: 1,000 of them are small. */
export interface Entry {
  /** The name of its file. Names sort by age. */
  readonly name: string
  /** Who gets it: see recipientOf(). */
  readonly recipient: string
  readonly task: string | null
  readonly attempts: number
  /** How long it waited between attempts, in all. Time without a daemon does not count. */
  readonly waitedMs: number
  /** When it is tried next, by the wall clock; null: now. */
  readonly nextMs: number | null
  readonly lastError: string | null
  /** A digest has the ids of its messages. */
  readonly ids?: readonly string[]
  /** Only if it is not on the disk. */
  readonly letter?: Letter
}

/** `ops`, or `ping TASK` and `(heartbeat)`: a name of a target has no space and no parenthesis. */
export function recipientOf(letter: Letter): string {
  if (letter.kind === 'message') return letter.target
  return letter.kind === 'ping' ? pingRecipient(letter.task) : heartbeatRecipient
}

export const heartbeatRecipient = '(heartbeat)'

const pingPrefix = 'ping '

function pingRecipient(task: string): string {
  return `${pingPrefix}${task}`
}

/** The task whose pings have this recipient; undefined if it is another one. */
export function pingedTask(recipient: string): string | undefined {
  return recipient.startsWith(pingPrefix) ? recipient.slice(pingPrefix.length) : undefined
}

/** Whether a recipient is a target: people get messages there. */
export function isTarget(recipient: string): boolean {
  return recipient !== heartbeatRecipient && pingedTask(recipient) === undefined
}

export function taskOf(letter: Letter): string | null {
  if (letter.kind === 'message') return letter.message.task
  return letter.kind === 'ping' ? letter.task : null
}

/** A part of the name of an entry: the same for the same message to the same target. */
export function hashOf(letter: Letter): string {
  return letter.kind === 'message'
    ? messageHash(letter.target, letter.message.id)
    : shortHash([recipientOf(letter)])
}

function messageHash(target: string, id: string): string {
  return shortHash([target, id])
}

function shortHash(key: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
}

/** The name of an entry: its time in milliseconds, a number that keeps the order, and the hash of its letter. */
const namePattern = /^\d{15}-\d{4}-[0-9a-f]{16}\.json$/
const timeDigits = 15
/** Of `0123456789abcdef.json`. */
const hashLength = 21

/** Makes names that sort in the order of their making, also if the clock was set back. `lastName`: the last one so far. */
export function newNames(now: () => number, lastName = ''): (hash: string) => string {
  let last = lastName
  let sequence = 0
  return (hash) => {
    const known = last.slice(0, timeDigits)
    const nowText = String(now()).padStart(timeDigits, '0')
    const time = known > nowText ? known : nowText
    sequence = (sequence + 1) % 10_000
    const name = `${time}-${String(sequence).padStart(4, '0')}-${hash}.json`
    const later = String(Number(time) + 1).padStart(timeDigits, '0')
    last = name > last ? name : `${later}${name.slice(timeDigits)}`
    return last
  }
}

/** When an entry was added. */
export function addedMs({ name }: Entry): number {
  return Number(name.slice(0, timeDigits))
}

/** A digest has the ids of a thousand messages. */
const maxEntryBytes = 256 * 1024

/**
 * The entries on the disk, the oldest first, and the names of files that cannot be read as one. A crash may leave
 * messages beside the digest that stands for them: `inDigest`.
 */
export function readOutbox(files: Host['files'], folder: string): Found {
  const entries: Entry[] = []
  const damaged: string[] = []
  for (const name of quietly(() => files.list(folder)) ?? []) {
    if (!namePattern.test(name)) continue
    const read = readEntry(files, path.join(folder, name))
    if (read === undefined) damaged.push(name)
    else entries.push({ ...read.entry, name })
  }
  const hashes = new Set(
    entries.flatMap(({ recipient, ids = [] }) => ids.map((id) => messageHash(recipient, id))),
  )
  const isInDigest = ({ name }: Entry): boolean => hashes.has(name.slice(-hashLength, -5))
  return {
    entries: entries.filter((entry) => !isInDigest(entry)),
    inDigest: entries.filter(isInDigest),
    damaged,
  }
}

interface Found {
  readonly entries: readonly Entry[]
  readonly inDigest: readonly Entry[]
  readonly damaged: readonly string[]
}

interface EntryFile extends Omit<Entry, 'name' | 'recipient' | 'task' | 'ids' | 'letter'> {
  readonly version: 1
  readonly letter: Letter
}

/** The text of the file of an entry. */
export function encodeEntry(
  { attempts, waitedMs, nextMs, lastError }: Entry,
  letter: Letter,
): string {
  const file: EntryFile = { version: 1, attempts, waitedMs, nextMs, lastError, letter }
  return `${JSON.stringify(file)}\n`
}

export function idsOf(letter: Letter): Pick<Entry, 'ids'> {
  const ids = letter.kind === 'message' ? letter.message.ids : null
  return ids === null ? {} : { ids }
}

/** undefined if the file is gone or damaged. */
export function readEntry(
  files: Host['files'],
  file: string,
): { readonly entry: Omit<Entry, 'name'>; readonly letter: Letter } | undefined {
  try {
    const text = files.readFile(file, maxEntryBytes)?.toString() ?? ''
    const { attempts, waitedMs, nextMs, lastError, ...rest } = JSON.parse(
      text,
    ) as Partial<EntryFile>
    const letter = parseLetter(rest.letter)
    if (letter === undefined) return undefined
    const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
    const entry = {
      recipient: recipientOf(letter),
      task: taskOf(letter),
      attempts: number(attempts),
      waitedMs: number(waitedMs),
      nextMs: typeof nextMs === 'number' ? nextMs : null,
      lastError: typeof lastError === 'string' ? lastError : null,
      ...idsOf(letter),
    }
    return { entry, letter }
  } catch {
    return undefined
  }
}

function parseLetter(value: Letter | undefined): Letter | undefined {
  if (value?.kind === 'message') {
    const message = parseMessage(value.message)
    return message && typeof value.target === 'string' ? { ...value, message } : undefined
  }
  if (value?.kind !== 'ping') return undefined
  const { task, event, words } = value
  const isWhole =
    [task, words].every((each) => typeof each === 'string') &&
    ['start', 'ok', 'failed'].includes(event)
  return isWhole ? { kind: 'ping', task, event, words } : undefined
}
