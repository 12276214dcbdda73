import type { Hono } from 'hono'
import type { Clock } from '../host/clock.ts'
import type { OutputPart } from '../follow/output-part.ts'
import type { RunName, View } from '../view/view.ts'
import { eventStreamReply, noRun } from './api-routes.ts'
import { eventText, type EventStreams, type OpenStream } from './event-stream.ts'
import { hostIn, wholeIn } from './query.ts'
import { type Env, refusal, wrongMethod } from './reply.ts'

export interface OutputParts {
  readonly scopes: {
    of(host: string | undefined): Promise<{ readonly view: Pick<View, 'run' | 'output'> }>
  }
  readonly streams: EventStreams
  readonly clock: Clock
}

/** The most bytes of one answer. */
const maxAnswerBytes = 1024 * 1024
/** The most bytes of one event, and the pause behind it: 1 MB a second. */
const maxEventBytes = 256 * 1024
const eventMs = 250
const maxOffset = Number.MAX_SAFE_INTEGER

/** What runs printed, as text: a browser never takes it for a page. */
export function addOutputRoutes(app: Hono<Env>, parts: OutputParts): void {
  app.get('/api/runs/:run/output', async (c) => {
    const { view } = await parts.scopes.of(hostIn(c))
    const row = await view.run(c.req.param('run'))
    if (row === undefined || row.run === null) throw noRun(c.req.param('run'))
    const run = { task: row.task, run: row.run }
    const resumed = c.req.header('last-event-id')
    const from = /^\d{1,15}$/.test(resumed ?? '')
      ? Number(resumed)
      : (wholeIn(c, 'from', maxOffset) ?? 0)
    const to = wholeIn(c, 'to', maxOffset) ?? from + maxAnswerBytes
    if (c.req.query('follow') === '1') {
      if (c.req.method === 'HEAD') return wrongMethod(c, 'GET')
      const stream = parts.streams.start((wake) =>
        followed({ view, clock: parts.clock }, run, from, wake),
      )
      if (stream === undefined)
        return refusal(c, 503, 'too-many', 'too many pages are open', 'close some of them')
      return eventStreamReply(stream)
    }
    const isDownload = c.req.query('download') === '1'
    const bytes = isDownload ? 0 : Math.min(Math.max(to - from, 0), maxAnswerBytes)
    const found = await view.output(run, from, bytes)
    if (found === undefined)
      return refusal(
        c,
        404,
        'no-runs',
        'the output of this run is not kept',
        'see output.keep_runs',
      )
    const headers: Record<string, string> = {
      'content-type': 'text/plain; charset=utf-8',
      'torch-output-size': String(found.size),
      'torch-output-ended': String(found.isWhole),
      'torch-output-from': String(found.from),
      'torch-output-to': String(found.to),
    }
    if (!isDownload) return new Response(new Uint8Array(found.bytes), { headers })
    headers['content-disposition'] = `attachment; filename="${fileName(run)}"`
    return new Response(download(view, run), { headers })
  })
}

/** Only characters that no browser and no system takes for something else. */
function fileName({ task, run }: RunName): string {
  return `${task}-${run}.log`.replaceAll(/[^\w.-]/g, '_')
}

/** The whole output until now, in pieces: the reader sets the pace. */
function download(view: Pick<View, 'output'>, run: RunName): ReadableStream<Uint8Array> {
  let from = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = await view.output(run, from, maxEventBytes)
        // Whoever saves it is not to take a part of it for the whole.
        if (part === undefined) return controller.error(new Error('the output was removed'))
        if (part.bytes.length === 0) return controller.close()
        from = part.to
        controller.enqueue(part.bytes)
      },
    },
    { highWaterMark: 0 },
  )
}

/** New output as it comes, and at its end the row of the run. */
function followed(
  { view, clock }: { readonly view: Pick<View, 'run' | 'output'>; readonly clock: Clock },
  run: RunName,
  start: number,
  wake: () => void,
): OpenStream {
  let from = start
  let readMs = -Infinity
  let isOver = false
  let cancel = (): void => {}
  const later = (ms: number): undefined => {
    cancel()
    cancel = clock.after(ms, wake)
    return undefined
  }
  return {
    async next() {
      if (isOver) return null
      const leftMs = readMs + eventMs - clock.monotonic()
      if (leftMs > 0) return later(leftMs)
      readMs = clock.monotonic()
      const part = await view.output(run, from, maxEventBytes)
      const shown = part === undefined ? undefined : wholeCharacters(part)
      if (part !== undefined && shown !== undefined && shown.length > 0) {
        const text = shown.toString('utf8')
        const begin = part.from
        from = part.to - (part.bytes.length - shown.length)
        return eventText(undefined, String(from), JSON.stringify({ from: begin, text }))
      }
      if (part !== undefined && !part.isWhole) return later(eventMs)
      const row = await view.run(run.run)
      if (row?.outcome === 'running') return later(eventMs)
      isOver = true
      return eventText('end', undefined, JSON.stringify(row ?? null))
    },
    close: () => cancel(),
  }
}

/** Without a character at the end whose last bytes are still to come. */
function wholeCharacters({ bytes, isWhole, to, size }: OutputPart): Buffer {
  const buffer = Buffer.from(bytes)
  if (isWhole && to >= size) return buffer
  for (let back = 1; back <= Math.min(3, buffer.length); back++) {
    const byte = buffer[buffer.length - back] ?? 0
    if ((byte & 0b1100_0000) === 0b1000_0000) continue
    const needed = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1
    return needed > back ? buffer.subarray(0, buffer.length - back) : buffer
  }
  return buffer
}
