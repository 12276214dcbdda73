import fs from 'node:fs'
import path from 'node:path'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { type Amount, type Message, refusal, type Sender } from '../../plan/messages.ts'
import { type HostFacts, matchHosts } from '../../tasks/hosts.ts'
import type { Task } from '../../tasks/task.ts'
import { byteLength } from '../../text/size.ts'
import { encodeMessage, type MessageIds, newMessageIds } from './message-file.ts'
import { newWaiting, type Waiting } from './waiting.ts'

/*
 * The messages of the tasks with `input: queue`, as a maildir. In HOME/inbox/TASK/:
 *
 *   tmp/       a message while it is written
 *   new/       the messages that wait: ID, or ID,2 for one that was given to a run twice already
 *   taken/RUN/ the messages of one run, until it is known what becomes of them
 *   dead/      given as often as `retry` allows
 *   bad/       damaged files
 *
 * Every step is a rename within this folder, so a crash leaves a message in one of these places, whole.
 */

export type MessageFolder = 'tmp' | 'new' | 'taken' | 'dead' | 'bad'

/** The messages of one home. A daemon keeps one as long as it lives; a command opens one. */
export interface Inbox {
  readonly host: Host
  /** HOME/inbox. */
  readonly root: string
  readonly waiting: Waiting
  /** One for each task: order matters only within a task. */
  readonly ids: Map<string, MessageIds>
  /** What is being written for each task, and will wait in a moment. */
  readonly coming: Map<string, Amount>
  /** Gets a damaged message once it is in `bad`. */
  readonly onDamaged: (task: string, id: string, why: string) => void
}

/** Reads nothing yet. */
export function openInbox(host: Host, root: string, onDamaged: Inbox['onDamaged']): Inbox {
  const waiting = newWaiting(host, (task) => path.join(root, task, 'new'))
  return { host, root, waiting, ids: new Map(), coming: new Map(), onDamaged }
}

export function folderOf({ root }: Inbox, task: string, folder: MessageFolder): string {
  return path.join(root, task, folder)
}

/** What one run has taken. */
export function takenFolder(inbox: Inbox, task: string, run: string): string {
  return path.join(folderOf(inbox, task, 'taken'), run)
}

/** The tasks that have or had messages. */
export function tasksWithMessages({ host, root }: Inbox): string[] {
  return host.files.list(root)
}

/** Throws for a task that takes no messages on this machine. One that is not enabled takes them. */
export function demandQueue(task: Task, facts: HostFacts): void {
  if (task.input.mode !== 'queue') throw takesNoMessages(task.name)
  if (!matchHosts(task.hosts, facts))
    throw new TorchError('no-queue', `${task.name} does not run on this machine: see its hosts`, {
      hint: 'send it on a machine that runs it; torch plan shows which',
    })
}

/** The error for a task without a queue. */
export function takesNoMessages(task: string): TorchError {
  return new TorchError('no-queue', `${task} takes no messages`, {
    exit: exitStatus.usage,
    hint: 'give it input: queue in the tasks file',
  })
}

/** Messages that are written to the disk at the same time: the disk takes them together. */
const writesAtOnce = 16

/**
 * Adds messages for a task. When this settles they are on disk, all of them, and their ids are returned.
 * If that fails none of them is there. Their order is that of the calls. Throws TorchError `inbox-full` and
 * `inbox-unwritable`.
 */
export async function putMessages(
  inbox: Inbox,
  task: string,
  texts: readonly string[],
  from: Sender,
): Promise<readonly string[]> {
  const more = {
    count: texts.length,
    bytes: texts.reduce((sum, text) => sum + byteLength(text), 0),
  }
  demandRoom(inbox, task, more)
  const messages = newMessages(inbox, task, texts, from)
  reserve(inbox, task, more, 1)
  try {
    await store(inbox, task, messages)
  } finally {
    reserve(inbox, task, more, -1)
  }
  return messages.map(({ id }) => id)
}

function demandRoom(inbox: Inbox, task: string, more: Amount): void {
  const waiting = inbox.waiting.amount(task)
  const { count, bytes } = inbox.coming.get(task) ?? nothing
  const why = refusal({ count: waiting.count + count, bytes: waiting.bytes + bytes }, more)
  if (why === undefined) return
  throw new TorchError('inbox-full', `the queue of ${task} is full: ${why}`, {
    hint: `send again when ${task} has taken some of them; torch inbox ${task} shows them`,
  })
}

const nothing: Amount = { count: 0, bytes: 0 }

/** Keeps room for messages that will wait in a moment, or gives it back. */
export function reserve({ coming }: Inbox, task: string, more: Amount, sign: 1 | -1): void {
  const { count, bytes } = coming.get(task) ?? nothing
  coming.set(task, { count: count + sign * more.count, bytes: bytes + sign * more.bytes })
}

async function store(inbox: Inbox, task: string, messages: readonly Message[]): Promise<void> {
  const { files } = inbox.host
  const made: string[] = []
  try {
    await writeAll(inbox, task, messages)
    for (const { id } of messages) {
      const file = path.join(folderOf(inbox, task, 'new'), id)
      files.rename(path.join(folderOf(inbox, task, 'tmp'), id), file)
      made.push(file)
    }
    // BEFORE the next pause: somebody may read the folder in it, and take them.
    inbox.waiting.add(
      task,
      messages.map(({ id, text }) => ({ name: id, id, tries: 0, bytes: byteLength(text) })),
    )
    await syncFolder(folderOf(inbox, task, 'new'))
  } catch (error) {
    removeQuietly(inbox.host, made)
    inbox.waiting.remove(task, new Set(messages.map(({ id }) => id)))
    throw new TorchError(
      'inbox-unwritable',
      `messages for ${task} cannot be written: ${messageOf(error)}`,
      {
        hint: `check the disk of ${inbox.root}; what waits already is untouched`,
        cause: error,
      },
    )
  }
}

function newMessages(
  inbox: Inbox,
  task: string,
  texts: readonly string[],
  from: Sender,
): Message[] {
  const { clock } = inbox.host
  const ids = idsOf(inbox, task)
  const nowMs = clock.now()
  const at = new Date(nowMs).toISOString()
  return texts.map((text) => ({ id: ids.next(nowMs), at, from, text }))
}

/** No id sorts before one that waits, even if the clock was set back. */
function idsOf(inbox: Inbox, task: string): MessageIds {
  const ids = inbox.ids.get(task) ?? newMessageIds()
  const last = inbox.waiting.of(task).at(-1)
  if (last !== undefined) ids.atLeast(last.id)
  inbox.ids.set(task, ids)
  return ids
}

/** Writes the files in `tmp`, without blocking the event loop. If one fails, none stays. */
async function writeAll(inbox: Inbox, task: string, messages: readonly Message[]): Promise<void> {
  const { files } = inbox.host
  for (const folder of ['tmp', 'new'] as const)
    files.makeDirectory(folderOf(inbox, task, folder), 0o700)
  const fileOf = (id: string): string => path.join(folderOf(inbox, task, 'tmp'), id)
  try {
    for (let at = 0; at < messages.length; at += writesAtOnce) {
      // ALL of them are over before one that failed counts: none may appear after the others are removed.
      const written = await Promise.allSettled(
        messages
          .slice(at, at + writesAtOnce)
          .map((message) => files.writeAsync(fileOf(message.id), encodeMessage(message))),
      )
      for (const each of written) if (each.status === 'rejected') throw each.reason
    }
  } catch (error) {
    removeQuietly(
      inbox.host,
      messages.map(({ id }) => fileOf(id)),
    )
    throw error
  }
}

/** After this the new names survive a power cut too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, fs.constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function removeQuietly({ files }: Host, made: readonly string[]): void {
  for (const file of made) {
    try {
      files.remove(file)
    } catch {
      // removeTorn() removes what is left in `tmp`.
    }
  }
}

/** Writing a message takes much less, even on a slow disk. */
const maxWritingMs = 3600 * 1000

/** Removes what a sender that was killed has left in `tmp`: nobody finishes it. */
export function removeTorn(inbox: Inbox, task: string): void {
  const { host } = inbox
  const folder = folderOf(inbox, task, 'tmp')
  for (const name of host.files.list(folder)) {
    const file = path.join(folder, name)
    const changedMs = host.files.facts(file)?.mtimeMs
    if (changedMs !== undefined && host.clock.now() - changedMs > maxWritingMs)
      host.files.remove(file)
  }
}
