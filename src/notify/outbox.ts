import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import type { Faults } from '../run/faults.ts'
import {
  encodeEntry,
  type Entry,
  hashOf,
  idsOf,
  isTarget,
  type Letter,
  newNames,
  readEntry,
  readOutbox,
  recipientOf,
  taskOf,
} from './entry-file.ts'
import { boundedMessage } from './message.ts'

/**
 * What waits to be sent, one file for each entry. It is there again after a crash, and an entry is removed only after
 * it was delivered: so everything is delivered once, or twice with the same id.
 */
export interface Outbox {
  /** The oldest first. */
  entries(): readonly Entry[]
  /** The same without a copy, for whoever does not go through all of them. */
  each(): Iterable<Entry>
  /** What waits for one recipient, the oldest first. */
  waitingFor(recipient: string): readonly Entry[]
  /**
   * Puts a letter into the outbox; it is on the disk when this returns, unless the disk refuses it.
   * undefined if the same message for the same target waits already. A ping and a heartbeat replace those
   * that wait for the same recipient, except `busy` ones.
   */
  add(letter: Letter, busy: ReadonlySet<string>): Entry | undefined
  /** Puts one letter in the place of these entries. undefined: the disk refuses it, and they stay. */
  replace(entries: readonly Entry[], letter: Letter): Entry | undefined
  /** What is in an entry; undefined if its file is gone or damaged. */
  letterOf(entry: Entry): Letter | undefined
  /** It could not be sent and is tried again. */
  postpone(entry: Entry, again: Pick<Entry, 'waitedMs' | 'nextMs' | 'lastError'>): void
  /** It does not wait for the rest of its pause, which does not count as waited. Only in memory. */
  hasten(entry: Entry, leftMs: number): void
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

/** The most messages. After that the oldest goes. */
export const maxMessages = 1_000
/** The most pings, of as many tasks. They never take the place of a message. */
const maxPings = 10_000

interface State extends OutboxParts {
  /** By name, the oldest first: messages, and pings with the heartbeat. */
  readonly messages: Map<string, Entry>
  readonly pings: Map<string, Entry>
  readonly byRecipient: Map<string, Map<string, Entry>>
  readonly newName: (hash: string) => string
}

/** Reads the entries that an earlier daemon left. Never throws: what the disk refuses is a fault. */
export function openOutbox(parts: OutboxParts): Outbox {
  const { host, folder } = parts
  const found = readOutbox(host.files, folder)
  const newName = newNames(host.clock.now, found.entries.at(-1)?.name)
  const [messages, pings, byRecipient] = [new Map(), new Map(), new Map()]
  const state: State = { ...parts, messages, pings, byRecipient, newName }
  for (const entry of found.entries) keep(state, entry)
  const over = [...found.damaged, ...found.inDigest.map(({ name }) => name)]
  for (const name of over) quietly(() => host.files.remove(path.join(folder, name)))
  return {
    entries: () => [...inOrder(state)],
    each: () => inOrder(state),
    waitingFor: (recipient) => waitingFor(state, recipient),
    add: (letter, busy) => add(state, letter, busy),
    replace: (entries, letter) => replace(state, entries, letter),
    letterOf: (entry) =>
      entry.letter ?? quietly(() => readEntry(host.files, fileOf(state, entry)))?.letter,
    postpone: (entry, again) => postpone(state, entry, again),
    hasten: (entry, leftMs) =>
      keep(state, { ...entry, nextMs: null, waitedMs: Math.max(entry.waitedMs - leftMs, 0) }),
    remove: (entry) => remove(state, entry),
  }
}

function add(state: State, letter: Letter, busy: ReadonlySet<string>): Entry | undefined {
  const recipient = recipientOf(letter)
  const hash = hashOf(letter)
  const waiting = waitingFor(state, recipient)
  const isMessage = letter.kind === 'message'
  if (isMessage && waiting.some((each) => isSame(each, hash, letter))) return undefined
  if (!isMessage)
    for (const each of waiting)
      if (!busy.has(each.name)) {
        remove(state, each)
        state.onReplaced(each)
      }
  makeRoom(state, letter, busy)
  const entry = newEntry(state, letter)
  const bounded = isMessage ? { ...letter, message: boundedMessage(letter.message) } : letter
  const isKept = isOnDisk(letter) && save(state, entry, bounded, isMessage)
  const added = isKept ? entry : { ...entry, letter: bounded }
  keep(state, added)
  return added
}

function newEntry({ newName }: State, letter: Letter): Entry {
  return {
    ...{ name: newName(hashOf(letter)), recipient: recipientOf(letter), task: taskOf(letter) },
    ...{ attempts: 0, waitedMs: 0, nextMs: null, lastError: null, ...idsOf(letter) },
  }
}

/** Whether this message waits, by itself or in a digest. */
function isSame({ name, ids }: Entry, hash: string, letter: Letter): boolean {
  if (name.includes(hash)) return true
  return letter.kind === 'message' && ids?.includes(letter.message.id) === true
}

/**
 * FIRST the new one is on the disk: a crash in between leaves both, and the next daemon removes the others. It has
 * waited as long as the newest: no message is given up before its time.
 */
function replace(state: State, entries: readonly Entry[], letter: Letter): Entry | undefined {
  const waitedMs = Math.min(...entries.map((entry) => entry.waitedMs))
  const entry = { ...newEntry(state, letter), waitedMs }
  if (!save(state, entry, letter, true)) return undefined
  keep(state, entry)
  for (const each of entries) remove(state, each)
  return entry
}

function makeRoom(state: State, { kind }: Letter, busy: ReadonlySet<string>): void {
  const isMessage = kind === 'message'
  const like = isMessage ? state.messages : state.pings
  if (like.size < (isMessage ? maxMessages : maxPings)) return
  const oldest = firstOf(like, busy)
  if (oldest === undefined) return
  remove(state, oldest)
  state.onDropped(oldest)
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

function postpone(
  state: State,
  entry: Entry,
  again: Pick<Entry, 'waitedMs' | 'nextMs' | 'lastError'>,
): void {
  const letter = entry.letter ?? readEntry(state.host.files, fileOf(state, entry))?.letter
  const next = { ...entry, ...again, attempts: entry.attempts + 1 }
  keep(state, next)
  // Without it the next daemon tries it earlier.
  if (entry.letter === undefined && letter !== undefined) save(state, next, letter, false)
}

function save(state: State, entry: Entry, letter: Letter, sync: boolean): boolean {
  const { faults, host, folder } = state
  return faults.attempt('write the outbox', () => {
    host.files.makeDirectory(folder, 0o700)
    host.files.replace(fileOf(state, entry), encodeEntry(entry, letter), { sync })
  })
}

/** A new entry, or a newer version of one, which keeps its place. */
function keep({ messages, pings, byRecipient }: State, entry: Entry): void {
  const { name, recipient } = entry
  const own = byRecipient.get(recipient) ?? new Map<string, Entry>()
  byRecipient.set(recipient, own.set(name, entry))
  if (isTarget(recipient)) messages.set(name, entry)
  else pings.set(name, entry)
}

function remove(state: State, entry: Entry): void {
  const { messages, pings, byRecipient, faults, host } = state
  const { name, recipient } = entry
  messages.delete(name)
  pings.delete(name)
  byRecipient.get(recipient)?.delete(name)
  if (byRecipient.get(recipient)?.size === 0) byRecipient.delete(recipient)
  if (entry.letter === undefined)
    faults.attempt('remove from the outbox', () => host.files.remove(fileOf(state, entry)))
}

/** Messages first: a person waits for them. */
function* inOrder({ messages, pings }: State): Generator<Entry> {
  yield* messages.values()
  yield* pings.values()
}

function waitingFor({ byRecipient }: State, recipient: string): Entry[] {
  return [...(byRecipient.get(recipient)?.values() ?? [])]
}

function fileOf({ folder }: State, { name }: Entry): string {
  return path.join(folder, name)
}
