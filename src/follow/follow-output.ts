import path from 'node:path'
import { newSleep } from '../host/clock.ts'
import type { Host } from '../host/host.ts'
import { readTraces } from '../run/directory.ts'
import { type Collected, isCollecting, isOutputWhole } from '../run/output.ts'
import type { Piece } from './holes.ts'
import type { HomeFiles, KeptRun } from './kept-runs.ts'
import type { NewRuns } from './new-runs.ts'
import { type Beginning, fromStart, openOutput, type OutputReader } from './run-output.ts'

/** What happens to the output of the runs that somebody follows. */
export type OutputEvent =
  | { readonly kind: 'start'; readonly run: KeptRun }
  | {
      readonly kind: 'output'
      readonly run: KeptRun
      readonly piece: Piece
      /** When it came, in milliseconds since the epoch. */
      readonly atMs: number
    }
  /** The run has ended, and its output counts as whole; or its directory is gone. */
  | { readonly kind: 'end'; readonly run: KeptRun }
  /** Nothing more comes, not even from what the run left behind. */
  | { readonly kind: 'closed'; readonly run: KeptRun }

export interface Following {
  readonly runs: readonly { readonly run: KeptRun; readonly beginning: Beginning }[]
  /** Watches for runs that start meanwhile; without it, following ends with the last run. */
  readonly watchNew?: (onChange: () => void) => NewRuns
  /** Whether to follow what runs left behind, until it ends. */
  readonly untilClosed: boolean
  readonly signal?: AbortSignal | undefined
}

/** How often to look, in milliseconds, if the system reports no change. */
const pollMs = 200
/** How often to look whether the last bytes of an ended run have come: usually within a millisecond. */
const collectPollMs = 5
/** A run that prints all the time must not keep the others waiting. */
const maxPiecesInTurn = 16

/** A run that is followed. */
interface FollowedRun {
  readonly run: KeptRun
  readonly directory: string
  readonly output: OutputReader
  /** Something may be new: in its output, or in other files of its directory. */
  mayHaveOutput: boolean
  mayHaveEnded: boolean
  /** `unknown`: its directory is gone, or damaged. */
  ended: 'no' | 'unknown' | { readonly collected: Collected; readonly endedMs: number }
  saidEnd: boolean
  isClosed: boolean
  stopWatching(): void
}

/**
 * Follows the output of runs as it comes, whether a daemon runs or not. The reader sets the pace: as
 * long as it does not ask for the next event, nothing is read. Throws the reason of `signal` when that
 * is aborted.
 */
export async function* followOutput(
  home: HomeFiles,
  { runs, watchNew, untilClosed, signal }: Following,
): AsyncGenerator<OutputEvent> {
  const { clock } = home.host
  const sleep = newSleep(clock)
  const open = new Set<FollowedRun>()
  const newRuns = watchNew?.(sleep.wake)
  const add = (run: KeptRun, beginning: Beginning) =>
    open.add(followedRun(home, run, beginning, sleep.wake))
  signal?.addEventListener('abort', sleep.wake)
  try {
    for (const { run, beginning } of runs) add(run, beginning)
    for (let pollAt = 0; ;) {
      for (const run of newRuns?.find() ?? []) {
        add(run, fromStart)
        yield { kind: 'start', run }
      }
      if (clock.monotonic() >= pollAt) {
        for (const each of open) each.mayHaveOutput = each.mayHaveEnded = true
        pollAt = clock.monotonic() + pollMs
      }
      for (const each of open) {
        signal?.throwIfAborted()
        yield* newsOf(home, each, untilClosed)
        if (each.isClosed) open.delete(each)
      }
      if (open.size === 0 && newRuns === undefined) return
      signal?.throwIfAborted()
      // Even if there is always more to read, everything else in this process has its turn.
      if (hasMore(open)) await clock.turn()
      else await sleep.sleep(isCollected(open) ? pollAt - clock.monotonic() : collectPollMs)
    }
  } finally {
    signal?.removeEventListener('abort', sleep.wake)
    newRuns?.close()
    for (const each of open) closeRun(each)
  }
}

function followedRun(
  { host, paths }: HomeFiles,
  run: KeptRun,
  beginning: Beginning,
  wake: () => void,
): FollowedRun {
  const directory = path.join(paths.runs, run.task, run.run)
  const followed: FollowedRun = {
    run,
    directory,
    output: openOutput(host, directory, beginning),
    mayHaveOutput: true,
    mayHaveEnded: true,
    ended: 'no',
    saidEnd: false,
    isClosed: false,
    stopWatching: host.watchNames(directory, (name) => {
      if (name === 'output') followed.mayHaveOutput = true
      else followed.mayHaveEnded = true
      wake()
    }),
  }
  return followed
}

function closeRun({ output, stopWatching }: FollowedRun): void {
  output.close()
  stopWatching()
}

function hasMore(open: ReadonlySet<FollowedRun>): boolean {
  return [...open].some((each) => each.mayHaveOutput)
}

/** Whether no run waits for its last bytes. */
function isCollected(open: ReadonlySet<FollowedRun>): boolean {
  return [...open].every((each) => each.ended === 'no' || each.saidEnd)
}

/** What is new of one run: some of its output, and behind the last of it the end. */
function* newsOf(
  { host }: HomeFiles,
  each: FollowedRun,
  untilClosed: boolean,
): Generator<OutputEvent> {
  const { run } = each
  // Look BEFORE reading: after its end a run writes nothing more.
  const state = each.mayHaveEnded ? stateOf(host, each) : 'open'
  const isEnd = state !== 'open' && !each.saidEnd
  const isLast = isEnd || state === 'closed'
  for (let count = 0; each.mayHaveOutput || isLast; count++) {
    if (count >= maxPiecesInTurn && !isLast) return
    const piece = each.output.next()
    each.mayHaveOutput = piece !== undefined
    if (piece === undefined) break
    const atMs = Math.min(each.output.writtenMs() ?? Infinity, host.clock.now())
    yield { kind: 'output', run, piece, atMs }
  }
  if (isEnd) {
    each.saidEnd = true
    yield { kind: 'end', run }
  }
  if (state === 'closed' || (each.saidEnd && !untilClosed)) {
    each.isClosed = true
    closeRun(each)
    yield { kind: 'closed', run }
  }
}

/** `whole`: the run has ended and its output counts as whole, but what it left behind may still write. */
function stateOf(host: Host, each: FollowedRun): 'open' | 'whole' | 'closed' {
  if (each.ended === 'no') each.ended = endOf(host, each.directory)
  const { ended } = each
  if (ended === 'unknown') return 'closed'
  if (ended !== 'no' && !isCollecting(host, ended.collected)) return 'closed'
  const isWhole = ended !== 'no' && isOutputWhole(host, ended.collected, ended.endedMs)
  // Otherwise the next poll looks again.
  each.mayHaveEnded = ended !== 'no' && !isWhole
  return isWhole ? 'whole' : 'open'
}

function endOf(host: Host, directory: string): FollowedRun['ended'] {
  const isThere = (file: string): boolean => host.files.facts(file) !== undefined
  // Most looks find no end, and so read no more than this.
  if (!isThere(path.join(directory, 'outcome.json'))) return isThere(directory) ? 'no' : 'unknown'
  const { description, conclusion } = readTraces(host, directory)
  if (conclusion === undefined) return 'no'
  if (description === undefined) return 'unknown'
  const { collector } = description
  return { collected: { description, collector }, endedMs: conclusion.endedMs }
}
