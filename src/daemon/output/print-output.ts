import { messageOf } from '../../errors.ts'
import { followOutput, type OutputEvent } from '../../follow/follow-output.ts'
import type { KeptRun } from '../../follow/kept-runs.ts'
import { newLineSplitter, type OutputLine } from '../../follow/lines.ts'
import type { Host } from '../../host/host.ts'
import { pause } from '../../host/clock.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { timeText } from '../../record/history/rows.ts'
import type { Log } from '../../record/log.ts'
import type { Beginning } from '../../follow/run-output.ts'
import type { HomePaths, Settings } from '../settings.ts'
import type { RunTable } from '../starts/run-table.ts'
import { newBoundedWriter } from './bounded-writer.ts'

/** Prints what runs print, line by line, to the standard output of the daemon: `torch start --foreground --output`. */
export interface OutputPrinter {
  /** Begins to print. What runs by now was printed before, as far as anybody printed it. */
  begin(): void
  /** Gets every row of the history. */
  noteRow(row: HistoryRow): void
  /** Whether the output of a run is still to be printed. Its directory must stay. */
  has(run: string): boolean
  /** Settles when everything was printed that runs which have ended printed, or when that takes too long. */
  close(): Promise<void>
}

interface PrinterParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly log: Log
  readonly runs: Pick<RunTable, 'all'>
  readonly startedMs: number
  readonly form: NonNullable<Settings['output']>
}

/** A longer line is printed in parts. */
const maxLineBytes = 64 * 1024
/** The most runs whose start is not taken up yet. A reader that stands still holds up nothing else. */
const maxWaitingRuns = 10_000
/** After a fault of the machine, such as no free descriptor. */
const retryMs = 1_000
/** How long the last lines may take at the end. */
const maxEndMs = 2_000
const endPollMs = 20

/** Prints nothing before begin(). */
export function newOutputPrinter(parts: PrinterParts): OutputPrinter {
  const { host, log, runs, startedMs, form } = parts
  const { clock } = host
  const started: (KeptRun & { readonly isAdopted: boolean })[] = []
  const reading = new Map<string, KeptRun>()
  const stop = new AbortController()
  let onStart = (): void => {}
  const writer = newBoundedWriter({
    ...{ clock, open: host.openStandardOutput },
    droppedLine: (count) => droppedLine(form, count, clock.now()),
    onGone(why) {
      if (!stop.signal.aborted)
        log.warn('output', {}, `the output of runs is no longer printed: ${why}`)
      stop.abort()
    },
  })
  const takeStarted = () => started.splice(0)

  async function followOnce(again: readonly KeptRun[]): Promise<void> {
    const found = takeStarted()
    const adopted = found.filter(({ isAdopted }) => isAdopted)
    started.push(...found.filter(({ isAdopted }) => !isAdopted))
    // What an earlier daemon, or this one before a fault, has not printed is only in the files.
    const fromEnd: Beginning = { lastLines: 0 }
    const events = followOutput(parts, {
      runs: [...again, ...adopted].map((run) => ({ run, beginning: fromEnd })),
      watchNew(onChange) {
        onStart = onChange
        return { find: takeStarted, close() {} }
      },
      untilClosed: true,
      signal: stop.signal,
    })
    const lines = newPrintedLines(form)
    for await (const event of events) {
      for (const part of partsOf(event)) {
        const next = lines.of(part)
        await writer.put(next.count, next.text)
        // A run that floods its output must not delay a tick.
        await clock.turn()
      }
      if (event.kind === 'closed') reading.delete(event.run.run)
    }
  }

  async function follow(): Promise<void> {
    let again: readonly KeptRun[] = []
    while (!stop.signal.aborted) {
      try {
        await followOnce(again)
      } catch (error) {
        if (stop.signal.aborted) return
        log.warn('output', {}, `the output of runs cannot be read: ${messageOf(error)}`)
        await pause(clock, retryMs)
        const waiting = new Set(started.map(({ run }) => run))
        again = [...reading.values()].filter(({ run }) => !waiting.has(run))
      }
    }
  }

  let done = Promise.resolve()
  return {
    begin() {
      done = follow().finally(() => reading.clear())
    },
    noteRow({ task, run, outcome, startedAt }) {
      if (outcome !== 'running' || run === null || stop.signal.aborted) return
      if (started.length >= maxWaitingRuns) return
      const isAdopted = Date.parse(startedAt ?? '') < startedMs
      reading.set(run, { task, run })
      started.push({ task, run, isAdopted })
      onStart()
    },
    has: (run) => reading.has(run),
    async close() {
      const endMs = clock.monotonic() + maxEndMs
      const isLeft = (): boolean => {
        const living = new Set(runs.all().map(({ description }) => description.run))
        return [...reading.keys()].some((run) => !living.has(run))
      }
      while (isLeft() && clock.monotonic() < endMs) await pause(clock, endPollMs)
      stop.abort()
      await done
      await writer.end()
    },
  }
}

/** The bytes of an output that are handled without a pause: with very short lines they take some 3 ms. */
const bytesInTurn = 4096

function* partsOf(event: OutputEvent): Generator<OutputEvent> {
  if (event.kind !== 'output') return yield event
  const { bytes } = event.piece
  for (let at = 0; at < bytes.length; at += bytesInTurn)
    // Where it is in the whole output does not matter here.
    yield { ...event, piece: { ...event.piece, bytes: bytes.subarray(at, at + bytesInTurn) } }
}

/** Lines to print. */
interface PrintedLines {
  readonly count: number
  readonly text: () => string
}

/** Makes lines to print of what happens to the output of runs. */
export function newPrintedLines(form: PrinterParts['form']): {
  of(event: OutputEvent): PrintedLines
} {
  const open = new Map<string, ReturnType<typeof newLineSplitter>>()
  const splitterOf = ({ run }: KeptRun) => {
    const splitter = open.get(run) ?? newLineSplitter(maxLineBytes)
    open.set(run, splitter)
    return splitter
  }
  const times = new Map<string, number>()
  return {
    of(event) {
      const { run } = event
      if (event.kind === 'output') times.set(run.run, event.atMs)
      const time = timeText(times.get(run.run) ?? 0)
      const printed = (lines: readonly OutputLine[]): PrintedLines => ({
        count: lines.length,
        text: () => lines.map((line) => printedLine(form, run, line, time)).join(''),
      })
      switch (event.kind) {
        case 'start':
          return printed([])
        case 'output':
          return printed(splitterOf(run).take(event.piece))
        case 'end':
          return printed(splitterOf(run).rest())
        case 'closed': {
          const rest = printed(splitterOf(run).rest())
          open.delete(run.run)
          times.delete(run.run)
          return rest
        }
      }
    },
  }
}

/** Standard output and standard error of a run are one pipe, so that their order is kept: `stream` is `output`. */
function printedLine(
  form: PrinterParts['form'],
  { task, run }: KeptRun,
  { text, isPart }: OutputLine,
  time: string,
): string {
  if (form === 'text') return `${task} | ${text.replace(/\r$/, '')}\n`
  const partial = isPart && { partial: true }
  const line = { task, run, stream: 'output', time, line: text, ...partial }
  return `${JSON.stringify(line)}\n`
}

function droppedLine(form: PrinterParts['form'], count: number, nowMs: number): string {
  if (form === 'json') return `${JSON.stringify({ dropped: count, time: timeText(nowMs) })}\n`
  const lines = count === 1 ? '1 line was' : `${count} lines were`
  return `torch | ${lines} not printed: nobody read them in time\n`
}
