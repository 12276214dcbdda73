import type { Clock } from '../host/clock.ts'

/** Streams of server-sent events at one time: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const maxStreams = 50
/** A proxy may end a connection on which nothing comes for a minute. */
const aliveMs = 15_000
/** A reader that takes nothing for so long is cut off. */
const maxStandstillMs = 60_000

/** What a stream sends next: text, null at its end, or undefined if nothing is new until wake() is called. */
type Next = string | null | undefined

export interface EventStreams {
  /** undefined if too many streams are open. `open` gets a function that wakes the stream, and returns what it sends. */
  start(open: (wake: () => void) => OpenStream): ReadableStream<Uint8Array> | undefined
  count(): number
  /** Ends all streams. */
  close(): void
}

export interface OpenStream {
  next(): Promise<Next> | Next
  close(): void
}

export function newEventStreams(clock: Pick<Clock, 'after'>): EventStreams {
  const open = new Set<() => void>()
  return {
    start(openStream) {
      if (open.size >= maxStreams) return undefined
      return streamOf(clock, openStream, open)
    },
    count: () => open.size,
    close() {
      for (const end of open) end()
    },
  }
}

/** The reader sets the pace: nothing is made for it before it has taken what came before. */
function streamOf(
  clock: Pick<Clock, 'after'>,
  openStream: (wake: () => void) => OpenStream,
  all: Set<() => void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let wake = (): void => {}
  let isEnded = false
  let cancelStandstill = (): void => {}
  const stream = openStream(() => wake())
  const end = (): void => {
    if (isEnded) return
    isEnded = true
    all.delete(end)
    cancelStandstill()
    stream.close()
    wake()
  }
  all.add(end)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        cancelStandstill()
        const chunk = await nextChunk()
        if (chunk === null || isEnded) {
          end()
          controller.close()
          return
        }
        controller.enqueue(encoder.encode(chunk))
        cancelStandstill = clock.after(maxStandstillMs, () => {
          end()
          controller.error(new Error('the reader stands still'))
        })
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )

  /** The next chunk, or a comment if nothing is new for a while. */
  async function nextChunk(): Promise<string | null> {
    for (;;) {
      let isWoken = false
      const woken = new Promise<boolean>((resolve) => {
        const cancel = clock.after(aliveMs, () => resolve(false))
        wake = () => {
          isWoken = true
          cancel()
          resolve(true)
        }
      })
      const chunk = isEnded ? null : await stream.next()
      if (chunk !== undefined) {
        wake()
        return chunk
      }
      if (!isWoken && !(await woken)) return ': alive\n\n'
    }
  }
}

/** One event as text. JSON has no line breaks. */
export function eventText(event: string | undefined, id: string | undefined, data: string): string {
  const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`
  return `${head}data: ${data}\n\n`
}
