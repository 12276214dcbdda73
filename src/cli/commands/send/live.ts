import { type LineStream, newLineStream } from '../../../control/line-stream.ts'
import { counted } from '../../../text/plural.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'

export interface ChosenRun {
  readonly task: string
  readonly run: string
}

/** Words are all there is to send; whoever writes to standard input can wait longer. */
const wordPatienceMs = 1_000
const inputPatienceMs = 10_000

/**
 * Sends all lines to each of the runs, and closes their inputs with --end. Shows what was sent, also if
 * some run took not all of it, and then throws why.
 */
export async function sendToRuns(
  call: Call,
  values: Values,
  runs: readonly ChosenRun[],
  batches: AsyncIterable<readonly Buffer[]>,
): Promise<void> {
  const isOfWords = call.args.length > 1
  const patienceMs = values.timeout ?? (isOfWords ? wordPatienceMs : inputPatienceMs)
  const streams = runs.map((run) =>
    newLineStream({
      ...{ clock: call.host.clock, ...run, patienceMs },
      ask: (request) => ask(call, 'send', request, 'required'),
    }),
  )
  const failed = new Map<LineStream, unknown>()
  const each = async (act: (stream: LineStream) => Promise<void>): Promise<void> => {
    const able = streams.filter((stream) => !failed.has(stream))
    await Promise.all(
      able.map((stream) => act(stream).catch((error: unknown) => failed.set(stream, error))),
    )
  }
  try {
    for await (const lines of batches) {
      await each((stream) => stream.send(lines))
      if (failed.size === streams.length) break
    }
    if (values.end) await each((stream) => stream.end())
  } finally {
    await showSent(call, values, streams, failed)
  }
  const [error] = failed.values()
  if (failed.size > 0) throw error
}

async function showSent(
  { terminal }: Call,
  { json, end }: Values,
  streams: readonly LineStream[],
  failed: ReadonlyMap<LineStream, unknown>,
): Promise<void> {
  if (json) {
    const sent = streams.map(({ task, run, sent: lines }) => ({
      ...{ task, run, lines: lines(), message: null },
    }))
    return terminal.say(JSON.stringify(sent, null, 2))
  }
  for (const stream of streams.filter((each) => !failed.has(each))) {
    const { task, run } = stream
    const lines = stream.sent()
    const sent = lines > 0 || !end ? `sent ${counted(lines, 'line')} to ${task} ${run}` : undefined
    const closed =
      sent === undefined ? `closed the input of ${task} ${run}` : ', and closed its input'
    await terminal.say(`${sent ?? ''}${end ? closed : ''}`)
  }
}
