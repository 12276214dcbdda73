import { randomBytes } from 'node:crypto'
import { TorchError } from '../errors.ts'
import { type Clock, newSleep } from '../host/clock.ts'
import { fieldsOf } from '../text/fields-of.ts'
import { askHost } from './ask.ts'
import { type Exchange, jsonOf } from './exchange.ts'

/*
 * The output of runs from one machine to another, through the engine. The reader allows a few chunks at a time, so
 * nothing piles up in a server that would cut the reader off. Without a word of the reader the sender stops.
 *
 * log.ID.out carries the chunks: a line of JSON, and then bytes. log.ID.more carries what the reader allows.
 */

export const chunkBytes = 48 * 1024
/** How many chunks may be on their way. */
const inFlight = 4
/** So many chunks may wait for the reader: twice what it allows. */
const maxWaiting = 2 * inFlight
/** How often the reader says that it is there, and after what silence the other side counts as gone. */
const wordMs = 5_000
const goneMs = 15_000

const kinds = ['start', 'output', 'end', 'alive', 'over'] as const

/** The head of a chunk. */
interface ChunkHead {
  readonly kind: (typeof kinds)[number]
  readonly task?: string
  readonly run?: string
  /** Of `output`: when it came, ISO 8601 in UTC. Older daemons do not send it. */
  readonly at?: string
  /** Of `end`: the row of the run. */
  readonly row?: unknown
}

export interface Chunk {
  readonly head: ChunkHead
  readonly bytes: Uint8Array
}

/** Sends chunks as far as the reader allows. */
export interface ChunkSender {
  /** Settles when the chunk is on its way. Throws the reason of `signal` if the reader is gone. */
  send(head: ChunkHead, bytes?: Uint8Array): Promise<void>
  /** Aborted when the reader is gone, or wants nothing more. */
  readonly signal: AbortSignal
  close(): void
}

export function newChunkSender(exchange: Exchange, clock: Clock, id: string): ChunkSender {
  const abort = new AbortController()
  const sleep = newSleep(clock)
  let [sent, allowed] = [0, inFlight]
  let cancel = (): void => {}
  const publish = (head: ChunkHead, bytes: Uint8Array): void => {
    const line = Buffer.from(`${JSON.stringify({ ...head, n: sent })}\n`)
    exchange.publish(`log.${id}.out`, Buffer.concat([line, bytes]))
  }
  const end = (): void => {
    abort.abort(new Error('the reader is gone'))
    sleep.wake()
  }
  const waitForWord = (): void => {
    cancel()
    cancel = clock.after(goneMs, end)
  }
  const stop = exchange.listen(`log.${id}.more`, ({ data }) => {
    const { upTo = 0 } = fieldsOf(jsonOf(data))
    if (upTo === null) return end()
    if (typeof upTo !== 'number') return
    allowed = Math.max(allowed, Math.min(upTo, sent + inFlight))
    waitForWord()
    if (sent === allowed - inFlight) publish({ kind: 'alive' }, nothing)
    sleep.wake()
  })
  waitForWord()
  return {
    signal: abort.signal,
    async send(head, bytes = nothing) {
      while (sent >= allowed && !abort.signal.aborted) await sleep.sleep(goneMs)
      abort.signal.throwIfAborted()
      sent += 1
      publish(head, bytes)
    },
    close() {
      cancel()
      stop()
      end()
    },
  }
}

const nothing = new Uint8Array()

/** What to send: the runs of a task, or one run. */
export interface LogRequest {
  readonly task: string
  readonly run: string | null
  /** Only the last lines of what is there; null: all. */
  readonly lines: number | null
  /** Also what comes, and runs that start later. */
  readonly isFollowing: boolean
}

/**
 * The chunks of a machine, until it has no more, or the signal is aborted. Throws TorchError `no-host` if it falls
 * silent or sends too much, and its own errors.
 */
export async function* readChunks(
  exchange: Exchange,
  clock: Clock,
  host: string,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const id = randomBytes(12).toString('hex')
  const sleep = newSleep(clock)
  const waiting: Chunk[] = []
  let [taken, heardMs, cancel] = [0, clock.monotonic(), (): void => {}]
  let isTooMuch = false
  const say = (upTo: number | null): void =>
    exchange.publish(`log.${id}.more`, JSON.stringify({ upTo }))
  const sayAgain = (): void => {
    say(taken + inFlight)
    cancel = clock.after(wordMs, sayAgain)
    sleep.wake()
  }
  const stop = exchange.listen(`log.${id}.out`, ({ data }) => {
    heardMs = clock.monotonic()
    const chunk = chunkOf(data)
    if (chunk !== undefined && chunk.head.kind !== 'alive') waiting.push(chunk)
    isTooMuch ||= waiting.length > maxWaiting
    if (isTooMuch) waiting.length = 0
    sleep.wake()
  })
  signal.addEventListener('abort', sleep.wake)
  try {
    await askHost(exchange, host, { kind: 'log', stream: id, ...request })
    cancel = clock.after(wordMs, sayAgain)
    while (!signal.aborted) {
      if (isTooMuch) throw greedyHost(host)
      const chunk = waiting.shift()
      if (chunk === undefined) {
        if (clock.monotonic() - heardMs > goneMs) throw silentHost(host)
        await sleep.sleep(wordMs)
        continue
      }
      if (chunk.head.kind === 'over') return
      yield chunk
      taken += 1
      say(taken + inFlight)
    }
  } finally {
    signal.removeEventListener('abort', sleep.wake)
    cancel()
    say(null)
    stop()
  }
}

/** undefined: another version sent it. */
function chunkOf(data: Uint8Array): Chunk | undefined {
  const bytes = Buffer.from(data)
  const end = bytes.indexOf(10)
  const { kind, task, run, at, row } = fieldsOf(jsonOf(bytes.subarray(0, Math.max(end, 0))))
  const known = kinds.find((each) => each === kind)
  if (known === undefined) return undefined
  const head = {
    kind: known,
    ...(typeof task === 'string' && { task }),
    ...(typeof run === 'string' && { run }),
    ...(typeof at === 'string' && { at }),
    ...(row !== undefined && { row }),
  }
  return { head, bytes: bytes.subarray(end + 1) }
}

function greedyHost(host: string): TorchError {
  return new TorchError('no-host', `${host} sends more than it was asked for`, {
    hint: 'torch fleet status shows its version',
  })
}

function silentHost(host: string): TorchError {
  return new TorchError('no-host', `${host} sends nothing any more`, {
    hint: 'torch fleet status shows which machines are up',
  })
}
