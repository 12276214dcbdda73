import path from 'node:path'
import { isAlive } from '../../host/processes.ts'
import { unreadLines } from '../../plan/messages.ts'
import {
  discardRead,
  giveOne,
  type LineOfMessage,
  nextLine,
  returnUnread,
  takenLines,
} from '../../record/inbox/deliver.ts'
import type { Inbox } from '../../record/inbox/inbox.ts'
import type { Faults } from '../../run/faults.ts'
import { unreadFile } from '../../run/input-pipes.ts'
import { inputPosition, unreadBytes, writeInput } from '../../run/input.ts'
import type { LiveRun, RunContext } from '../../run/live-run.ts'
import type { Phase } from '../phase.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { RunTable } from './run-table.ts'

/*
 * The runs of a daemon task with a queue read messages while they live. A message is written into the
 * input of a run and THEN noted as taken: a crash in between may give it twice, but never loses it. It is
 * removed when the run has read it, which is when the pipe holds only what was written after it.
 */

/** What the daemon knows of the messages that runs were given. */
export interface Feeding {
  readonly feeds: Map<string, Feed>
  /** The next look at a task. */
  readonly timers: Map<string, { readonly cancel: () => void; readonly delayMs: number }>
}

interface Feed {
  /** The messages in the input, the oldest first. */
  given: LineOfMessage[]
  /** An earlier daemon gave them, and their order is not known. */
  isUnordered: boolean
  /** A message that is longer than the room in the pipe, and in it in part. */
  current: LineOfMessage | undefined
}

export function newFeeding(): Feeding {
  return { feeds: new Map(), timers: new Map() }
}

export interface FeedParts {
  readonly phase: Phase
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly faults: Faults
  readonly runContext: RunContext
  readonly messages: { readonly inbox: Inbox; readonly feeding: Feeding }
}

/** Messages that are written without a pause: some 10 ms. */
const messagesPerTurn = 64
/** How soon to look again at runs that have no room, or have not read everything; doubled while nothing happens. */
const minLookMs = 20
const maxLookMs = 2_000
/** Of several runs, each gets the next message only while it has less than this to read: the others are free sooner. */
const maxAheadBytes = 4_096
/** The most that a pipe holds, where the machine does not say how much it does. */
const pipeBytes = 65_536

/** Gives the runs of a task what waits, as far as they have room, and forgets what they have read. */
export function feedRuns(parts: FeedParts, name: string): void {
  const { phase, tasks, runs, faults, messages } = parts
  const task = tasks.here.get(name)
  if (phase.now !== 'running' || task?.input.mode !== 'queue' || task.type !== 'daemon') return
  const living = runs.of(name).filter(({ state }) => state.kind === 'running')
  if (living.length === 0) return
  let progress = 0
  const isOver = faults.attempt(
    'give messages to runs',
    () => {
      progress = living.reduce((sum, run) => sum + forgetRead(parts, run), 0)
      progress += giveSome(parts, living)
    },
    name,
  )
  const isLeft =
    messages.inbox.waiting.amount(name).count > 0 ||
    living.some((run) => (messages.feeding.feeds.get(idOf(run))?.given.length ?? 0) > 0)
  if (isLeft || !isOver) lookAgain(parts, name, progress)
}

/** A new run is not yet ready to read. */
export function feedSoon(parts: FeedParts, name: string): void {
  lookAgain(parts, name, 1)
}

function lookAgain(parts: FeedParts, name: string, progress: number): void {
  const { timers } = parts.messages.feeding
  const before = timers.get(name)
  before?.cancel()
  const slower = Math.min((before?.delayMs ?? minLookMs / 2) * 2, maxLookMs)
  const delayMs = progress >= messagesPerTurn ? 0 : progress > 0 ? minLookMs : slower
  const cancel = parts.runContext.host.clock.after(delayMs, () => feedRuns(parts, name))
  timers.set(name, { cancel, delayMs: Math.max(delayMs, minLookMs) })
}

function idOf({ description }: LiveRun): string {
  return description.run
}

function feedOf({ messages }: FeedParts, run: LiveRun): Feed {
  const { inbox, feeding } = messages
  const { run: id, task, format } = run.description
  const known = feeding.feeds.get(id)
  if (known !== undefined) return known
  const given = takenLines(inbox, task, id, format ?? 'text')
  const feed = { given, isUnordered: given.length > 0, current: undefined }
  feeding.feeds.set(id, feed)
  return feed
}

/** Removes the messages that a run has read. Returns how many. */
function forgetRead(parts: FeedParts, run: LiveRun): number {
  const { description } = run
  const feed = feedOf(parts, run)
  if (feed.given.length === 0) return 0
  const { host } = parts.runContext
  const left = unreadBytes(host, run) ?? pipeBytes
  // A pipe that nobody has open is empty, whatever was in it. AFTER the count: it was open then.
  if (!isAlive(host, run.recorder)) return 0
  if (feed.isUnordered && left > 0) return 0
  const read = feed.given.slice(0, feed.given.length - lastOnes(feed.given, left))
  if (read.length === 0) return 0
  discardRead(parts.messages.inbox, description.task, description.run, read)
  feed.given = feed.given.slice(read.length)
  if (feed.given.length === 0) feed.isUnordered = false
  return read.length
}

/** How many of the last messages these bytes may belong to. */
function lastOnes(given: readonly LineOfMessage[], bytes: number): number {
  let left = bytes
  let count = 0
  while (left > 0 && count < given.length) {
    count += 1
    left -= given.at(-count)?.line.length ?? 0
  }
  return count
}

/** Returns how many messages were given: the oldest first, each to the run that has the least to read. */
function giveSome(parts: FeedParts, living: readonly LiveRun[]): number {
  const { host } = parts.runContext
  const ahead = new Map(
    living.map((run) => [run, living.length === 1 ? 0 : (unreadBytes(host, run) ?? 0)]),
  )
  let given = 0
  while (given < messagesPerTurn) {
    const [best] = [...ahead].toSorted(([, a], [, b]) => a - b)
    if (best === undefined) return given
    const [run, bytes] = best
    if (living.length > 1 && bytes >= maxAheadBytes) return given
    const written = giveTo(parts, run)
    if (written === 'nothing-waits') return given
    if (written === 'no-room') ahead.delete(run)
    else {
      given += 1
      if (living.length > 1) ahead.set(run, bytes + written)
    }
  }
  return given
}

/** Returns how many bytes the run got, or why none. */
function giveTo(parts: FeedParts, run: LiveRun): number | 'nothing-waits' | 'no-room' {
  const { runContext, messages } = parts
  const { inbox, feeding } = messages
  const { host } = runContext
  const { run: id, task, format = 'text' } = run.description
  const feed = feedOf(parts, run)
  const begun = new Set([...feeding.feeds.values()].flatMap(({ current }) => current?.name ?? []))
  const message = feed.current ?? nextLine(inbox, task, format, begun)
  if (message === undefined) return 'nothing-waits'
  const part = { sender: message.id, from: 0, bytes: message.line }
  const isWritten = writeInput(host, run, part) === 'written'
  // A short line is in the pipe whole or not at all: then another run may have room for it.
  const isBegun = !isWritten && inputPosition(host, run, message.id) > 0
  feed.current = isBegun ? message : undefined
  if (!isWritten) return 'no-room'
  giveOne(inbox, task, id, message)
  feed.given.push(message)
  return message.line.length
}

/** A run is over: what it has not read waits again, and the rest is done. */
export function settleFeed(
  parts: FeedParts,
  run: Pick<LiveRun, 'directory' | 'description'>,
): void {
  if (run.description.input !== 'queue') return
  const { messages, runContext, faults } = parts
  const { inbox, feeding } = messages
  const { run: id, task, format = 'text' } = run.description
  const known = feeding.feeds.get(id)
  feeding.feeds.delete(id)
  faults.insist('settle messages', () => {
    const given = known?.given ?? takenLines(inbox, task, id, format)
    const unread = given.length === 0 ? [] : unreadOf(runContext, run.directory, given)
    returnUnread(inbox, task, id, unread)
  })
}

/** More than a pipe holds. */
const maxUnreadBytes = 2 * 1024 * 1024

function unreadOf(
  { host }: RunContext,
  directory: string,
  given: readonly LineOfMessage[],
): (LineOfMessage & { given: number })[] {
  const unread = host.files.readFile(path.join(directory, unreadFile), maxUnreadBytes)
  // The recorder was killed with its run: nobody knows what was left, so nothing may be lost.
  if (unread === undefined) return given.map((each) => ({ ...each, given: 1 }))
  const lines = given.map(({ line }) => line.toString('latin1'))
  const found = unreadLines(lines, unread.toString('latin1'))
  return given.flatMap((each, at) => {
    const how = found.get(at)
    return how === undefined ? [] : [{ ...each, given: how === 'half' ? 1 : 0 }]
  })
}
