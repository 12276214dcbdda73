import { askDaemon } from '../control/client.ts'
import { exitStatus, TorchError } from '../errors.ts'
import { followLines } from '../follow/follow-lines.ts'
import type { HomeFiles, KeptRun } from '../follow/kept-runs.ts'
import { untilEndOfRun } from '../follow/run-end.ts'
import type { RunLine } from '../follow/run-event.ts'
import { type Signal, signalNames } from '../host/processes.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { LinesOptions, Run } from './api.ts'

/** What a program can do with a run. */
export function openRun(home: HomeFiles, run: KeptRun): Run {
  const { socket } = home.paths
  let over: Promise<HistoryRow> | undefined
  return {
    id: run.run,
    task: run.task,
    lines: (options = {}) => linesOf(home, run, options),
    // Only when somebody waits: it reads files, and nobody else would see that it is rejected.
    get over() {
      return (over ??= untilEndOfRun(home, run))
    },
    async kill(signal) {
      const checked = signal === undefined ? null : signalOf(signal)
      await askDaemon(socket, 'kill', { target: run.run, signal: checked })
    },
  }
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
