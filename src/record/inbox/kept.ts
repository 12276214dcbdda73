import path from 'node:path'
import { exitStatus, TorchError } from '../../errors.ts'
import type { Clock } from '../../host/clock.ts'
import { hasCode } from '../../host/system-error.ts'
import { type Message, refusal } from '../../plan/messages.ts'
import { startOfRun } from '../../run/directory.ts'
import { runsWithMessages } from './batch.ts'
import { folderOf, type Inbox, reserve } from './inbox.ts'
import {
  decodeMessage,
  maxHeadBytes,
  messageName,
  type MessageName,
  parseMessageName,
  textBytes,
} from './message-file.ts'

/** How many messages of a task are where. */
export interface InboxCounts {
  readonly waiting: number
  /** Of the texts that wait. */
  readonly bytes: number
  /** When the oldest one that waits was sent, ISO 8601 in UTC; null if none waits. */
  readonly oldest: string | null
  readonly inWork: number
  readonly dead: number
  readonly bad: number
}

export function countMessages(inbox: Inbox, task: string): InboxCounts {
  const { count, bytes } = inbox.waiting.amount(task)
  const [first] = inbox.waiting.of(task)
  const oldest = first === undefined ? null : new Date(startOfRun(first.id)).toISOString()
  const [taken, dead, bad] = (['taken', 'dead', 'bad'] as const).map(
    (place) => filesOf(inbox, task, place).length,
  )
  return { waiting: count, bytes, oldest, inWork: taken ?? 0, dead: dead ?? 0, bad: bad ?? 0 }
}

export type Place = 'new' | 'taken' | 'dead' | 'bad'

/** The messages of a task in these places, the oldest first. */
export function keptMessages(inbox: Inbox, task: string, places: readonly Place[]): KeptMessage[] {
  const { files } = inbox.host
  const found = places.flatMap((place) => filesOf(inbox, task, place))
  return found
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((each) => {
      const text = files.facts(each.file)
      if (text === undefined) return []
      const message = decodeMessage(files.readBytes(each.file, 0, text.size), each.id)
      return [{ ...each, message: typeof message === 'string' ? undefined : message }]
    })
}

interface KeptFile extends MessageName {
  readonly place: Place
  /** The run that has it. */
  readonly run: string | null
  readonly file: string
}

/** One message as `torch inbox` shows it; without a text if its file is damaged. */
export interface KeptMessage extends KeptFile {
  readonly message: Message | undefined
}

function filesOf(inbox: Inbox, task: string, place: Place): KeptFile[] {
  const folder = folderOf(inbox, task, place)
  const runs = place === 'taken' ? runsWithMessages(inbox, task) : [null]
  return runs.flatMap((run) => {
    const inside = run === null ? folder : path.join(folder, run)
    return inbox.host.files.list(inside).flatMap((name) => {
      const parsed = parseMessageName(name)
      return parsed === undefined ? [] : [{ ...parsed, place, run, file: path.join(inside, name) }]
    })
  })
}

/** What a person does with messages. */
export interface InboxChange {
  readonly task: string
  readonly action: 'again' | 'drop'
  /** The beginning of an id, or `all`. */
  readonly which: string
  /** Only those that are dead or damaged. */
  readonly dead: boolean
}

/**
 * Does it, and returns the ids. It pauses between pieces of the work: the daemon has to start runs meanwhile.
 * A message that a run takes in such a pause stays with that run. Throws TorchError `no-message` and `inbox-full`.
 */
export function changeMessages(
  inbox: Inbox,
  { task, action, which, dead }: InboxChange,
): Promise<string[]> {
  if (action === 'again') return sendAgain(inbox, task, which)
  // An id is looked for everywhere; `all` must not mean more than one place.
  if (dead) return dropMessages(inbox, task, ['dead', 'bad'], which)
  return dropMessages(inbox, task, which === 'all' ? ['new'] : ['new', 'dead', 'bad'], which)
}

/** Lets dead messages wait again, as if they had never been given. `which`: the beginning of an id, or `all`. */
export async function sendAgain(inbox: Inbox, task: string, which: string): Promise<string[]> {
  const { host, waiting } = inbox
  const chosen = choose(filesOf(inbox, task, 'dead'), which, `no dead message of ${task}`)
  const sized: (KeptFile & { bytes: number })[] = []
  await inPieces(host.clock, chosen, (each) => {
    if (host.files.facts(each.file) === undefined) return
    const bytes = textBytes(host.files.readBytes(each.file, 0, maxHeadBytes))
    sized.push({ ...each, bytes })
  })
  const bytes = sized.reduce((sum, each) => sum + each.bytes, 0)
  const why = refusal(waiting.amount(task), { count: sized.length, bytes })
  if (why !== undefined)
    throw new TorchError('inbox-full', `the queue of ${task} is full: ${why}`, {
      hint: 'send them again one by one, or drop what waits',
    })
  host.files.makeDirectory(folderOf(inbox, task, 'new'), 0o700)
  const again: string[] = []
  const left = { count: sized.length, bytes }
  // A message that is sent in a pause must not take the room.
  reserve(inbox, task, left, 1)
  try {
    await inPieces(host.clock, sized, ({ id, file, bytes: size }) => {
      const name = messageName(id, 0)
      const target = path.join(folderOf(inbox, task, 'new'), name)
      if (!isThere(() => host.files.rename(file, target))) return
      waiting.add(task, [{ name, id, tries: 0, bytes: size }])
      again.push(id)
      reserve(inbox, task, { count: 1, bytes: size }, -1)
      left.count -= 1
      left.bytes -= size
    })
  } finally {
    reserve(inbox, task, left, -1)
  }
  return again
}

/** Removes messages for good. `which`: the beginning of an id, or `all` that is in these places. */
export async function dropMessages(
  inbox: Inbox,
  task: string,
  places: readonly Place[],
  which: string,
): Promise<string[]> {
  const { host, waiting } = inbox
  const found = places.flatMap((place) => filesOf(inbox, task, place))
  const chosen = choose(found, which, `no message of ${task}`)
  const dropped: string[] = []
  let names = new Set<string>()
  const forget = (): void => {
    waiting.remove(task, names)
    names = new Set()
  }
  await inPieces(
    host.clock,
    chosen,
    ({ id, name, file }) => {
      if (!isThere(() => host.files.unlink(file))) return
      names.add(name)
      dropped.push(id)
    },
    forget,
  )
  return dropped
}

/** How long a piece of this work may keep the event loop from everything else. */
const maxPieceMs = 10

/** Does the work on all of these in pieces, with a turn of the event loop between two. `after` ends each piece. */
async function inPieces<T>(
  clock: Clock,
  all: readonly T[],
  work: (each: T) => void,
  after = (): void => {},
): Promise<void> {
  let sinceMs = clock.monotonic()
  try {
    for (const each of all) {
      if (clock.monotonic() - sinceMs >= maxPieceMs) {
        after()
        await clock.turn()
        sinceMs = clock.monotonic()
      }
      work(each)
    }
  } finally {
    after()
  }
}

/** False if the file that `act` needs is gone: a run took the message, or somebody else dropped it. */
function isThere(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

function choose(found: readonly KeptFile[], which: string, none: string): readonly KeptFile[] {
  if (which === 'all') return found
  const chosen = found.filter(({ id }) => id.startsWith(which))
  if (chosen.length === 1) return chosen
  if (chosen.length === 0)
    throw new TorchError('no-message', `${none} begins with "${which}"`, {
      hint: 'torch inbox TASK shows what waits, torch inbox TASK --dead the others',
    })
  throw new TorchError('no-message', `${chosen.length} messages begin with "${which}"`, {
    exit: exitStatus.usage,
    hint: 'give more of the id',
  })
}
