import { randomUUID } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { TorchError } from '../errors.ts'
import { type Clock, pause } from '../host/clock.ts'
import type { Protocol, SendReport } from './protocol.ts'

/** Sends lines to one run, in order, while the run may be slow and the daemon may be replaced. */
export interface LineStream {
  readonly task: string
  readonly run: string
  /** How many lines the run has, or can read. */
  sent(): number
  /**
   * Settles when there was room for all of these lines, which have no line breaks. Throws `input-full` if
   * the run reads nothing for the whole patience, `input-ended` and `not-running` if it cannot read any
   * more, and what the daemon answers otherwise. If no daemon answers for the whole patience, throws why.
   */
  send(lines: readonly Buffer[]): Promise<void>
  /** Closes the input of the run. */
  end(): Promise<void>
}

export interface StreamParts {
  readonly clock: Clock
  readonly task: string
  readonly run: string
  /** How long to wait for a run that does not read, or for a daemon. */
  readonly patienceMs: number
  /** Asks the daemon: a `send` request. */
  readonly ask: (request: Protocol['send']['request']) => Promise<Answer>
}

type Answer = Pick<SendReport, 'lines' | 'state' | 'unread'>

/** Less than a pipe holds, so that a run that reads is never idle. */
const maxBatchBytes = 32 * 1024
const maxBatchLines = 5_000
/** Between two tries while the run does not read: it grows, so that nobody is busy with waiting. */
const firstPauseMs = 2
const maxPauseMs = 50

/** A stream that has sent nothing yet. It has a name of its own, so that nothing is written twice. */
export function newLineStream({ clock, task, run, patienceMs, ask }: StreamParts): LineStream {
  const sender = randomUUID()
  let at = 0
  let sent = 0

  /** Repeats one request until it succeeds; each success resets the patience. */
  async function insist(lines: readonly Buffer[], end: boolean): Promise<void> {
    let left = lines
    let pauseMs = firstPauseMs
    let sinceMs = clock.monotonic()
    for (;;) {
      const batch = firstBatch(left)
      const answer = await tryOnce(batch, end && batch.length === left.length)
      const taken = answer instanceof Error ? 0 : answer.lines
      at += batch.slice(0, taken).reduce((sum, line) => sum + line.length + 1, 0)
      sent += taken
      left = left.slice(taken)
      if (!(answer instanceof Error) && answer.state === 'written') {
        if (left.length === 0) return
        sinceMs = clock.monotonic()
        pauseMs = firstPauseMs
        continue
      }
      if (taken > 0) sinceMs = clock.monotonic()
      const leftMs = sinceMs + patienceMs - clock.monotonic()
      if (leftMs <= 0) throw answer instanceof Error ? answer : notReading(task, answer, sent)
      await pause(clock, Math.min(pauseMs, leftMs))
      pauseMs = Math.min(pauseMs * 2, maxPauseMs)
    }
  }

  /** An error that is over once the next daemon runs is returned; all others are thrown. */
  async function tryOnce(batch: readonly Buffer[], end: boolean): Promise<Answer | TorchError> {
    const encoding = batch.every((line) => isUtf8(line)) ? 'utf8' : 'latin1'
    const lines = batch.map((line) => line.toString(encoding))
    try {
      return await ask({ task, run, sender, at, lines, encoding, end })
    } catch (error) {
      if (error instanceof TorchError && passingErrors.includes(error.code)) return error
      throw error
    }
  }

  return {
    task,
    run,
    sent: () => sent,
    send: (lines) => (lines.length === 0 ? Promise.resolve() : insist(lines, false)),
    async end() {
      try {
        await insist([], true)
      } catch (error) {
        // The lines before have ended it, or nobody heard the answer.
        const isOver = error instanceof TorchError && error.code === 'not-running'
        if (!isOver || sent === 0) throw error
      }
    },
  }
}

const passingErrors: readonly string[] = ['no-daemon', 'daemon-gone', 'daemon-silent']

/** As many lines as make one request: at least one, if there is one. */
function firstBatch(lines: readonly Buffer[]): readonly Buffer[] {
  let bytes = 0
  let count = 0
  for (const line of lines.slice(0, maxBatchLines)) {
    bytes += line.length + 1
    if (count > 0 && bytes > maxBatchBytes) break
    count += 1
  }
  return lines.slice(0, count)
}

function notReading(task: string, { state, unread }: Answer, sent: number): TorchError {
  const bytes = unread === null ? '' : ` (${unread} bytes unread)`
  const why = state === 'starting' ? 'it has not opened its input yet' : `its input is full${bytes}`
  return new TorchError('input-full', `${task} does not read: ${why}`, {
    hint: `${sent === 1 ? '1 line was' : `${sent} lines were`} sent; send the rest when it reads again`,
  })
}
