import { TorchError } from '../../errors.ts'
import type { Exchange } from '../../fleet/exchange.ts'
import {
  chunkBytes,
  type ChunkSender,
  type LogRequest,
  newChunkSender,
} from '../../fleet/log-stream.ts'
import { followOutput, type Following, type OutputEvent } from '../../follow/follow-output.ts'
import { type KeptRun, keptRuns, liveRuns } from '../../follow/kept-runs.ts'
import { newRunsOf } from '../../follow/new-runs.ts'
import { fromStart } from '../../follow/run-output.ts'
import { endOfRun } from '../../follow/run-end.ts'
import { timeText } from '../../record/history/rows.ts'
import type { Daemon } from '../state.ts'

interface LogParts {
  readonly daemon: Daemon
  readonly exchange: Exchange
}

/** How many readers a machine serves at a time. */
const maxLogs = 4

/** Sends the output of runs to another machine, in the background. Throws if that is not possible. */
export function sendLog(
  { daemon, exchange }: LogParts,
  logs: Set<() => void>,
  { stream, ...request }: LogRequest & { readonly stream: string },
): void {
  if (logs.size >= maxLogs)
    throw new TorchError('too-many', `${maxLogs} others read output of this machine`, {
      hint: 'try again when one of them has ended',
    })
  const following = followingOf(daemon, request)
  const sender = newChunkSender(exchange, daemon.clock, stream)
  logs.add(sender.close)
  void (async () => {
    try {
      for await (const event of followOutput(daemon, { ...following, signal: sender.signal }))
        await pass(daemon, sender, event)
      await sender.send({ kind: 'over' })
    } catch {
      // The reader is gone, or does not read. Nobody else wants to know.
    } finally {
      sender.close()
      logs.delete(sender.close)
    }
  })()
}

async function pass(daemon: Daemon, sender: ChunkSender, event: OutputEvent): Promise<void> {
  const { task, run } = event.run
  switch (event.kind) {
    case 'start':
      return sender.send({ kind: 'start', task, run })
    case 'output': {
      const { bytes } = event.piece
      const head = { kind: 'output', task, run, at: timeText(event.atMs) } as const
      for (let at = 0; at < bytes.length; at += chunkBytes)
        await sender.send(head, bytes.subarray(at, at + chunkBytes))
      return
    }
    case 'end':
      return sender.send({
        kind: 'end',
        task,
        run,
        row: (await endOfRun(daemon, event.run)) ?? null,
      })
    case 'closed':
  }
}

/** One run until it ends; or the last run of the task and those that run, and on demand those that come. */
function followingOf(daemon: Daemon, { task, run, lines, isFollowing }: LogRequest): Following {
  const kept = keptRuns(daemon, task)
  const beginning = lines === null ? fromStart : { lastLines: lines }
  if (run !== null) {
    const found = kept.filter((each) => each.run === run)
    if (found.length === 0) throw noRuns(`the run ${run}`)
    return { runs: [{ run: { task, run }, beginning }], untilClosed: false }
  }
  const alive = new Set(liveRuns(daemon.host, daemon.paths.home, { isNew: true }).get(task))
  const shown: readonly KeptRun[] = kept.filter((each) => alive.has(each.run))
  const runs = shown.map((each) => ({ run: each, beginning }))
  if (!isFollowing) {
    if (runs.length === 0) throw noRuns(task)
    return { runs, untilClosed: false }
  }
  const watchNew = (onChange: () => void) => newRunsOf(daemon, [task], kept, onChange)
  return { runs, watchNew, untilClosed: false }
}

function noRuns(what: string): TorchError {
  return new TorchError('no-runs', `this machine keeps no output of ${what}`, {
    hint: 'torch fleet history shows the runs',
  })
}
