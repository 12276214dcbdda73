import path from 'node:path'
import { inputLine } from '../../plan/messages.ts'
import { hasCode } from '../../host/system-error.ts'
import { readMessage, takenBy } from './batch.ts'
import { folderOf, type Inbox, takenFolder } from './inbox.ts'
import { messageName, type MessageName } from './message-file.ts'

/** A message as a run reads it from its pipe. */
export interface LineOfMessage extends MessageName {
  readonly line: Buffer
}

/** The oldest message that waits, but none of `begun`, which are in a pipe in part. It stays where it is. */
export function nextLine(
  inbox: Inbox,
  task: string,
  format: 'text' | 'json',
  begun: ReadonlySet<string>,
): LineOfMessage | undefined {
  for (const each of inbox.waiting.of(task)) {
    if (begun.has(each.name)) continue
    const found = lineOf(
      inbox,
      task,
      each,
      path.join(folderOf(inbox, task, 'new'), each.name),
      format,
    )
    if (found !== undefined) return found
    inbox.waiting.remove(task, new Set([each.name]))
  }
  return undefined
}

function lineOf(
  inbox: Inbox,
  task: string,
  { name, id, tries }: MessageName,
  file: string,
  format: 'text' | 'json',
): LineOfMessage | undefined {
  const message = readMessage(inbox, task, { file, name, id, tries })
  return message && { name, id, tries, line: Buffer.from(inputLine(message, format, tries)) }
}

/** A message that waited is in the pipe of a run now. Somebody may have dropped it meanwhile. */
export function giveOne(inbox: Inbox, task: string, run: string, { name }: MessageName): void {
  const { files } = inbox.host
  const to = takenFolder(inbox, task, run)
  files.makeDirectory(to, 0o700)
  try {
    files.rename(path.join(folderOf(inbox, task, 'new'), name), path.join(to, name))
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  inbox.waiting.remove(task, new Set([name]))
}

/** What a run has in its pipe or has read: what an earlier daemon gave it. */
export function takenLines(
  inbox: Inbox,
  task: string,
  run: string,
  format: 'text' | 'json',
): LineOfMessage[] {
  const folder = takenFolder(inbox, task, run)
  return takenBy(inbox, task, run).flatMap(
    (each) => lineOf(inbox, task, each, path.join(folder, each.name), format) ?? [],
  )
}

/** Removes messages that a run has read. */
export function discardRead(
  inbox: Inbox,
  task: string,
  run: string,
  read: readonly MessageName[],
): void {
  const folder = takenFolder(inbox, task, run)
  for (const { name } of read) inbox.host.files.remove(path.join(folder, name))
}

/**
 * The pipe of a run is gone: these of its messages wait again, in their old places, and all others are
 * removed. `given`: how often it counts. May be repeated if it throws.
 */
export function returnUnread(
  inbox: Inbox,
  task: string,
  run: string,
  unread: readonly (MessageName & { readonly given: number })[],
): void {
  const { files } = inbox.host
  const taken = takenFolder(inbox, task, run)
  const back: MessageName[] = []
  try {
    for (const { name, id, tries, given } of unread) {
      if (files.facts(path.join(taken, name)) === undefined) continue
      const next = { name: messageName(id, tries + given), id, tries: tries + given }
      files.rename(path.join(taken, name), path.join(folderOf(inbox, task, 'new'), next.name))
      back.push(next)
    }
  } finally {
    inbox.waiting.add(task, back)
  }
  files.remove(taken)
}
