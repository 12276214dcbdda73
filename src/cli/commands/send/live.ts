import { type LineStream, newLineStream } from '../../../control/line-stream.ts'
import { counted } from '../../../text/plural.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { type Delivery, eachBatch } from './delivery.ts'

export interface ChosenRun {
  readonly task: string
  readonly run: string
}

/** Words are all there is to send; whoever writes to standard input can wait longer. */
const wordPatienceMs = 1_000
const inputPatienceMs = 10_000

/** Sends all lines to each of the runs, and closes their inputs with --end. */
export async function sendToRuns(
  call: Call,
  values: Values,
  runs: readonly ChosenRun[],
  batches: AsyncIterable<readonly Buffer[]>,
): Promise<Delivery> {
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
  const badLine = await eachBatch(batches, async (lines) => {
    await each((stream) => stream.send(lines))
    return failed.size < streams.length
  })
  if (values.end && badLine.length === 0) await each((stream) => stream.end())
  return {
    sent: streams.map(({ task, run, sent }) => ({ task, run, lines: sent(), message: null })),
    words: streams.flatMap((stream) => {
      const isWhole = badLine.length === 0 && !failed.has(stream)
      return isWhole || stream.sent() > 0 ? [wordsOf(stream, isWhole ? values : {})] : []
    }),
    errors: [...failed.values(), ...badLine],
  }
}

function wordsOf({ task, run, sent }: LineStream, { end }: Values): string {
  const lines = sent()
  if (end && lines === 0) return `closed the input of ${task} ${run}`
  return `sent ${counted(lines, 'line')} to ${task} ${run}${end ? ', and closed its input' : ''}`
}
