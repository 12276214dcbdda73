import { askDaemon } from '../control/client.ts'
import { newLineStream } from '../control/line-stream.ts'
import { followLines } from '../follow/follow-lines.ts'
import type { HomeFiles, KeptRun } from '../follow/kept-runs.ts'
import { untilEndOfRun } from '../follow/run-end.ts'
import type { RunLine } from '../follow/run-event.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { LinesOptions, Run } from './api.ts'
import { checkedOptions, checkedPlace, checkedSignal, checkedTexts } from './arguments.ts'

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
    lines: (options = {}) => linesOf(home, run, checkedOptions(options, ['from', 'signal'])),
    async kill(signal) {
      const checked = signal === undefined ? null : checkedSignal(signal)
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
      const bytes = checkedTexts('line', lines).map((line) => Buffer.from(line))
      await inTurn(() => stream.send(bytes))
    },
    end: () => inTurn(() => stream.end()),
  }
}

async function* linesOf(
  home: HomeFiles,
  run: KeptRun,
  { from = 0, signal }: LinesOptions,
): AsyncGenerator<RunLine, void, undefined> {
  const runs = [{ run, beginning: { from: checkedPlace(from) } }]
  for await (const events of followLines(home, { runs, untilClosed: false, signal }))
    for (const event of events) if (event.event === 'line') yield event
}
