import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import type { Faults } from '../run/faults.ts'
import type { PingEvent } from '../tasks/notify.ts'
import { boundedMessage, type Message, parseMessage } from './message.ts'

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
  /** Only if it is not on the disk. */
  readonly letter?: Letter
}

/**
 * What waits to be sent, one file for each entry. It is there again after a crash, and an entry is removed only after
 * it was delivered: so everything is delivered once, or twice with the same id.
 */
export interface Outbox {
  /** The oldest first. */
  entries(): readonly Entry[]
  /**
   * Puts a letter into the outbox; it is on the disk when this returns, unless the disk refuses it.
   * undefined if the same message for the same target waits already. A ping and a heartbeat replace those
   * that wait for the same recipient, except `busy` ones.
   */
  add(letter: Letter, busy: ReadonlySet<string>): Entry | undefined
  /** What is in an entry; undefined if its file is gone or damaged. */
  letterOf(entry: Entry): Letter | undefined
  /** It could not be sent and is tried again. */
  postpone(entry: Entry, again: Pick<Entry, 'waitedMs' | 'nextMs' | 'lastError'>): void
  remove(entry: Entry): void
}

export interface OutboxParts {
  readonly host: Pick<Host, 'clock' | 'files'>
  readonly folder: string
  readonly faults: Pick<Faults, 'attempt'>
  /** The outbox was full, and this entry had to go. */
  readonly onDropped: (entry: Entry) => void
  /** A newer ping took the place of this one. */
  readonly onReplaced: (entry: Entry) => void
}

/** The most entries. After that the oldest goes. */
export const maxEntries = 1_000
const maxEntryBytes = 64 * 1024
const namePattern = /^\d{15}-\d{4}-[0-9a-f]{16}\.json$/

/** `ops`, or `ping TASK` and `heartbeat`: a name of a target has no space. */
function recipientOf(letter: Letter): string {
  if (letter.kind === 'message') return letter.target
  return letter.kind === 'ping' ? `ping ${letter.task}` : heartbeatRecipient
}

export const heartbeatRecipient = '(heartbeat)'

function taskOf(letter: Letter): string | null {
  if (letter.kind === 'message') return letter.message.task
  return letter.kind === 'ping' ? letter.task : null
}

/** Reads the entries that an earlier daemon left. Never throws: what the disk refuses is a fault. */
export function openOutbox({ host, folder, faults, onDropped, onReplaced }: OutboxParts): Outbox {
  const { files, clock } = host
  const entries = new Map<string, Entry>()
  let sequence = 0
  let lastName = ''
  const fileOf = ({ name }: Pick<Entry, 'name'>): string => path.join(folder, name)

  function save(entry: Entry, letter: Letter, sync: boolean): boolean {
    return faults.attempt('write the outbox', () => {
      files.makeDirectory(folder, 0o700)
      files.replace(fileOf(entry), encode(entry, letter), { sync })
    })
  }

  function remove(entry: Entry): void {
    entries.delete(entry.name)
    if (entry.letter === undefined)
      faults.attempt('remove from the outbox', () => files.remove(fileOf(entry)))
  }

  /** In the order of their making, also if the clock was set back. */
  function newName(hash: string): string {
    const last = lastName.slice(0, 15)
    const nowText = String(clock.now()).padStart(15, '0')
    const time = last > nowText ? last : nowText
    sequence = (sequence + 1) % 10_000
    const name = `${time}-${String(sequence).padStart(4, '0')}-${hash}.json`
    lastName =
      name > lastName ? name : `${String(Number(time) + 1).padStart(15, '0')}${name.slice(15)}`
    return lastName
  }

  const found = readOutbox(files, folder)
  for (const entry of found.entries) {
    entries.set(entry.name, entry)
    lastName = entry.name
  }
  for (const name of found.damaged) quietly(() => files.remove(path.join(folder, name)))

  return {
    entries: () => [...entries.values()],
    add(letter, busy) {
      const recipient = recipientOf(letter)
      const hash = hashOf(letter)
      const waiting = [...entries.values()].filter((each) => each.recipient === recipient)
      if (letter.kind === 'message' && waiting.some(({ name }) => name.includes(hash)))
        return undefined
      if (letter.kind !== 'message')
        for (const each of waiting)
          if (!busy.has(each.name)) {
            remove(each)
            onReplaced(each)
          }
      const oldest = entries.size < maxEntries ? undefined : firstOf(entries, busy)
      if (oldest !== undefined) {
        remove(oldest)
        onDropped(oldest)
      }
      const name = newName(hash)
      const entry = {
        ...{ name, recipient, task: taskOf(letter) },
        ...{ attempts: 0, waitedMs: 0, nextMs: null, lastError: null },
      }
      const bounded = boundedLetter(letter)
      const isKept = isOnDisk(letter) && save(entry, bounded, letter.kind === 'message')
      const added = isKept ? entry : { ...entry, letter: bounded }
      entries.set(name, added)
      return added
    },
    letterOf: (entry) => entry.letter ?? quietly(() => readEntry(files, fileOf(entry)))?.letter,
    postpone(entry, again) {
      const letter = entry.letter ?? readEntry(files, fileOf(entry))?.letter
      const next = { ...entry, ...again, attempts: entry.attempts + 1 }
      entries.set(entry.name, next)
      // Without it the next daemon tries it earlier.
      if (entry.letter === undefined && letter !== undefined) save(next, letter, false)
    },
    remove,
  }
}

/** The oldest entry that is not being sent. */
function firstOf(
  entries: ReadonlyMap<string, Entry>,
  busy: ReadonlySet<string>,
): Entry | undefined {
  for (const entry of entries.values()) if (!busy.has(entry.name)) return entry
  return undefined
}

/** What is old news for the next daemon stays in memory. */
function isOnDisk(letter: Letter): boolean {
  if (letter.kind === 'ping') return letter.event !== 'start'
  return letter.kind === 'message'
}

function hashOf(letter: Letter): string {
  const key = letter.kind === 'message' ? [letter.target, letter.message.id] : [recipientOf(letter)]
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
}

function boundedLetter(letter: Letter): Letter {
  return letter.kind === 'message' ? { ...letter, message: boundedMessage(letter.message) } : letter
}

/** The entries on the disk, the oldest first, and the names of files that cannot be read as one. */
export function readOutbox(
  files: Host['files'],
  folder: string,
): { readonly entries: readonly Entry[]; readonly damaged: readonly string[] } {
  const entries: Entry[] = []
  const damaged: string[] = []
  for (const name of quietly(() => files.list(folder)) ?? []) {
    if (!namePattern.test(name)) continue
    const read = readEntry(files, path.join(folder, name))
    if (read === undefined) damaged.push(name)
    else entries.push({ ...read.entry, name })
  }
  return { entries, damaged }
}

interface EntryFile extends Omit<Entry, 'name' | 'recipient' | 'task' | 'letter'> {
  readonly version: 1
  readonly letter: Letter
}

function encode({ attempts, waitedMs, nextMs, lastError }: Entry, letter: Letter): string {
  const file: EntryFile = { version: 1, attempts, waitedMs, nextMs, lastError, letter }
  return `${JSON.stringify(file)}\n`
}

/** undefined if the file is gone or damaged. */
function readEntry(
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
