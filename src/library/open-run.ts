import { askDaemon } from '../control/client.ts'
import { newLineStream } from '../control/line-stream.ts'
import { lineFault } from '../control/protocol.ts'
import { exitStatus, TorchError } from '../errors.ts'
import { followLines } from '../follow/follow-lines.ts'
import type { HomeFiles, KeptRun } from '../follow/kept-runs.ts'
import { untilEndOfRun } from '../follow/run-end.ts'
import type { RunLine } from '../follow/run-event.ts'
import { type Signal, signalNames } from '../host/processes.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { LinesOptions, Run } from './api.ts'

/** How long a run may read nothing, and how long no daemon may answer, before a line counts as not sent. */
const patienceMs = 10_000

/** What a program can do with a run. */
export function openRun(home: HomeFiles, run: KeptRun): Run {
  const { socket } = home.paths
  const input = inputOf(home, run)
  let over: Promise<HistoryRow> | undefined
  const opened: Omit<Run, 'over'> = {
    id: run.run,
    task: run.task,
    send: input.send,
    end: input.end,
    lines: (options = {}) => linesOf(home, run, options),
    async kill(signal) {
      const checked = signal === undefined ? null : signalOf(signal)
      await askDaemon(socket, 'kill', { target: run.run, signal: checked })
    },
  }
  // It begins to wait when somebody reads it, so JSON.stringify() and console.log() must not.
  return Object.defineProperty(opened, 'over', {
    enumerable: false,
    get: () => (over ??= untilEndOfRun(home, run)),
  }) as Run
}

/** The input of a run. What is sent first arrives first, also without waiting in between. */
function inputOf({ host, paths }: HomeFiles, run: KeptRun): Pick<Run, 'send' | 'end'> {
  const stream = newLineStream({
    ...{ clock: host.clock, ...run, patienceMs },
    ask: (request) => askDaemon(paths.socket, 'send', request),
  })
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const done = last.then(act)
    last = done.catch(() => {})
    return done
  }
  return {
    async send(...lines) {
      const bytes = lines.map(lineBytes)
      await inTurn(() => stream.send(bytes))
    },
    end: () => inTurn(() => stream.end()),
  }
}

function lineBytes(line: unknown, index: number): Buffer {
  const fault = typeof line === 'string' ? lineFault(line) : 'is not text'
  if (typeof line === 'string' && fault === undefined) return Buffer.from(line)
  throw usageError(
    `line ${index + 1} ${fault}`,
    'send one text for each line; for larger data, send the path of a file',
  )
}

async function* linesOf(
  home: HomeFiles,
  run: KeptRun,
  { from = 0, signal }: LinesOptions,
): AsyncGenerator<RunLine, void, undefined> {
  if (!Number.isSafeInteger(from) || from < 0)
    throw usageError('from must be a whole number of bytes', 'take `next` of the last line')
  const runs = [{ run, beginning: { from } }]
  for await (const events of followLines(home, { runs, untilClosed: false, signal }))
    for (const event of events) if (event.event === 'line') yield event
}

function signalOf(name: string): Signal {
  const found = signalNames.find((known) => known === name)
  if (found !== undefined) return found
  throw usageError(`there is no signal ${name}`, "name it as in 'SIGTERM'")
}

function usageError(message: string, hint: string): TorchError {
  return new TorchError('usage', message, { exit: exitStatus.usage, hint })
}
