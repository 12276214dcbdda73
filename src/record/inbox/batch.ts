import path from 'node:path'
import { messageOf } from '../../errors.ts'
import {
  type BatchEnd,
  type Fate,
  fateOf,
  fitsBatch,
  inputLine,
  maxKept,
  type Message,
} from '../../plan/messages.ts'
import { maxLineBytes } from '../../text/line-fault.ts'
import { byteLength } from '../../text/size.ts'
import { folderOf, type Inbox, takenFolder } from './inbox.ts'
import {
  decodeMessage,
  maxHeadBytes,
  messageName,
  type MessageName,
  parseMessageName,
} from './message-file.ts'

/** The messages that one run gets as its input. */
export interface Batch {
  readonly ids: readonly string[]
  /** What the run reads. */
  readonly text: string
}

/**
 * Takes the oldest messages of a task for a run. Throws if the machine refuses it; then putBack() undoes
 * what was done. A damaged message goes to `bad`, and the next one is taken.
 */
export function takeBatch(inbox: Inbox, task: string, run: string, format: 'text' | 'json'): Batch {
  const { host, waiting } = inbox
  const batch = newBatch()
  const gone = new Set<string>()
  const from = folderOf(inbox, task, 'new')
  const to = takenFolder(inbox, task, run)
  try {
    for (const each of waiting.of(task)) {
      const message = readMessage(inbox, task, { file: path.join(from, each.name), ...each })
      if (message !== undefined) {
        const line = inputLine(message, format, each.tries)
        if (!batch.add(message.id, line)) break
        if (batch.ids.length === 1) host.files.makeDirectory(to, 0o700)
        host.files.rename(path.join(from, each.name), path.join(to, each.name))
      }
      gone.add(each.name)
    }
  } finally {
    waiting.remove(task, gone)
  }
  return batch.whole()
}

/** Takes the messages that an earlier attempt had, for the next one, which is its `attempt`-th. */
export function takeAgain(
  inbox: Inbox,
  task: string,
  { before, run, attempt, format }: Again,
): Batch {
  const taken = takenFolder(inbox, task, run)
  const batch = newBatch()
  // ONE step: a crash leaves all of them to one of the two.
  keepForRetry(inbox, task, { from: before, to: run })
  for (const each of takenBy(inbox, task, run)) {
    const message = readMessage(inbox, task, { file: path.join(taken, each.name), ...each })
    if (message !== undefined)
      batch.add(message.id, inputLine(message, format, triesBefore(each, attempt)))
  }
  return batch.whole()
}

interface Again {
  /** The run of the attempt before. */
  readonly before: string
  readonly run: string
  readonly attempt: number
  readonly format: 'text' | 'json'
}

function newBatch() {
  const lines: string[] = []
  const ids: string[] = []
  let bytes = 0
  return {
    ids,
    /** False if it does not fit any more. */
    add(id: string, line: string): boolean {
      const lineBytes = byteLength(line)
      if (!fitsBatch({ count: ids.length, bytes }, lineBytes)) return false
      ids.push(id)
      lines.push(line)
      bytes += lineBytes
      return true
    },
    whole: (): Batch => ({ ids, text: lines.join('') }),
  }
}

/** A name keeps the tries from before the first attempt: the attempts of one batch count from there. */
function triesBefore({ tries }: MessageName, attempt: number): number {
  return tries + attempt - 1
}

/** What a run has taken, the oldest first. */
export function takenBy(inbox: Inbox, task: string, run: string): MessageName[] {
  const folder = takenFolder(inbox, task, run)
  return inbox.host.files.list(folder).flatMap((name) => parseMessageName(name) ?? [])
}

/** The runs that have taken messages of a task. */
export function runsWithMessages(inbox: Inbox, task: string): string[] {
  return inbox.host.files.list(folderOf(inbox, task, 'taken'))
}

/** The message in a file; undefined if it was damaged, and is in `bad` now, or if it is gone. */
export function readMessage(
  inbox: Inbox,
  task: string,
  { file, name, id }: MessageName & { readonly file: string },
): Message | undefined {
  const { files } = inbox.host
  const content = readWhole(inbox, file)
  if (content === undefined) return undefined
  const message = typeof content === 'string' ? content : decodeMessage(content, id)
  if (typeof message !== 'string') return message
  const bad = folderOf(inbox, task, 'bad')
  files.makeDirectory(bad, 0o700)
  files.rename(file, path.join(bad, name))
  inbox.onDamaged(task, id, message)
  return undefined
}

/** The content of a file, or what is wrong with it. Throws what the machine refuses for a while. */
function readWhole({ host }: Inbox, file: string): Buffer | string | undefined {
  try {
    return host.files.readFile(file, maxHeadBytes + maxLineBytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error
    return `it ${messageOf(error)}`
  }
}

/**
 * Puts the messages of a run back in their places, and returns how many there are. `given`: how often that
 * run and its earlier attempts count.
 */
export function putBack(inbox: Inbox, task: string, run: string, given: number): number {
  return giveBack(inbox, task, run, () => 'back', given).back
}

/** Gives the messages of a retry that never began back to the attempt before: the next retry gets them. */
export function keepForRetry(
  inbox: Inbox,
  task: string,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const { files } = inbox.host
  const folder = takenFolder(inbox, task, from)
  if (files.facts(folder) === undefined) return
  files.rename(folder, takenFolder(inbox, task, to))
}

/** Removes the messages of a run that was ok. */
export function discardBatch(inbox: Inbox, task: string, run: string): void {
  inbox.host.files.remove(takenFolder(inbox, task, run))
}

/** How many messages of a run became what. */
export type Settled = Readonly<Record<Fate, number>>

/** Decides what becomes of the messages of a run that is over. May be repeated if it throws. */
export function settleBatch(
  inbox: Inbox,
  task: string,
  run: string,
  end: BatchEnd & { readonly attempt: number },
): Settled {
  const fate = (each: MessageName): Fate => fateOf(triesBefore(each, end.attempt), end)
  return giveBack(inbox, task, run, fate, end.attempt)
}

function giveBack(
  inbox: Inbox,
  task: string,
  run: string,
  fateOfEach: (each: MessageName) => Fate,
  given: number,
): Settled {
  const { files } = inbox.host
  const settled = { done: 0, again: 0, back: 0, dead: 0 }
  const taken = takenFolder(inbox, task, run)
  const returned: MessageName[] = []
  try {
    for (const each of takenBy(inbox, task, run)) {
      const fate = fateOfEach(each)
      const tries = each.tries + given
      const name = messageName(each.id, tries)
      if (fate === 'back' || fate === 'dead') {
        const folder = folderOf(inbox, task, fate === 'back' ? 'new' : 'dead')
        files.makeDirectory(folder, 0o700)
        files.rename(path.join(taken, each.name), path.join(folder, name))
      }
      if (fate === 'back') returned.push({ name, id: each.id, tries })
      settled[fate] += 1
    }
  } finally {
    inbox.waiting.add(task, returned)
  }
  // The messages of a run that was ok are removed together: its outcome is on disk already.
  if (settled.again === 0) discardBatch(inbox, task, run)
  if (settled.dead > 0) keepNewest(inbox, task)
  return settled
}

function keepNewest(inbox: Inbox, task: string): void {
  const { files } = inbox.host
  const folder = folderOf(inbox, task, 'dead')
  const names = files.list(folder)
  for (const name of names.slice(0, Math.max(names.length - maxKept, 0)))
    files.remove(path.join(folder, name))
}
