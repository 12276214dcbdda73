import { type Clock, newSleep, type Sleep } from '../host/clock.ts'

/** Streams of server-sent events at one time: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const maxStreams = 50
/** A proxy may end a connection on which nothing comes for a minute. */
const aliveMs = 15_000
/** A reader that takes nothing for this time is cut off. */
const maxStandstillMs = 60_000

/** What a stream sends next: text, null at its end, or undefined if nothing is new until wake() is called. */
type Next = string | null | undefined

export interface EventStreams {
  /** undefined if too many streams are open. `open` gets a function that wakes the stream, and returns what it sends. */
  start(open: (wake: () => void) => OpenStream): ReadableStream<Uint8Array> | undefined
  /** Ends all streams. */
  close(): void
}

export interface OpenStream {
  next(): Promise<Next> | Next
  close(): void
}

/** The time of the machine and its timers. */
type StreamClock = Pick<Clock, 'after' | 'monotonic'>

export function newEventStreams(clock: StreamClock): EventStreams {
  const open = new Set<() => void>()
  return {
    start(openStream) {
      if (open.size >= maxStreams) return undefined
      return streamOf(clock, openStream, open)
    },
    close() {
      for (const end of open) end()
    },
  }
}

/** The reader sets the pace: nothing is made for it before it has taken what came before. */
function streamOf(
  clock: StreamClock,
  openStream: (wake: () => void) => OpenStream,
  all: Set<() => void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const sleep = newSleep(clock)
  let isEnded = false
  let cancelStandstill = (): void => {}
  const stream = openStream(sleep.wake)
  const end = (): void => {
    if (isEnded) return
    isEnded = true
    all.delete(end)
    cancelStandstill()
    stream.close()
    sleep.wake()
  }
  all.add(end)
  const awaitReader = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    cancelStandstill = clock.after(maxStandstillMs, () => {
      end()
      controller.error(new Error('the reader stands still'))
    })
  }
  return new ReadableStream<Uint8Array>(
    {
      // Whoever sent the request may never begin to read.
      start: awaitReader,
      async pull(controller) {
        cancelStandstill()
        try {
          const chunk = await nextChunk(clock, sleep, () => (isEnded ? null : stream.next()))
          if (chunk !== null && !isEnded) {
            controller.enqueue(encoder.encode(chunk))
            return awaitReader(controller)
          }
        } catch (error) {
          end()
          throw error
        }
        end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}

/** The next chunk, or a comment if nothing is new for a while. */
async function nextChunk(
  clock: StreamClock,
  { sleep }: Sleep,
  next: OpenStream['next'],
): Promise<string | null> {
  const aliveAtMs = clock.monotonic() + aliveMs
  for (;;) {
    const chunk = await next()
    if (chunk !== undefined) return chunk
    const leftMs = aliveAtMs - clock.monotonic()
    if (leftMs <= 0) return ': alive\n\n'
    await sleep(leftMs)
  }
}

/** One event as text. JSON has no line breaks. */
export function eventText(event: string | undefined, id: string | undefined, data: string): string {
  const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`
  return `${head}data: ${data}\n\n`
}
