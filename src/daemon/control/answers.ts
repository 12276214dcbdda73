import type { Answers } from '../../control/server.ts'
import type { Protocol } from '../../control/protocol.ts'
import { TorchError } from '../../errors.ts'
import { endRun, signalRun } from '../../run/end.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { unknownTask } from '../../tasks/unknown-task.ts'
import type { Reload } from '../tasks-file/reload.ts'
import { offer } from '../starts/request-start.ts'
import { statusOf } from './daemon-status.ts'
import type { StopRequest } from '../stop.ts'
import { runsOf, type Torch } from '../state.ts'

/** What requests ask of the daemon as a whole. */
export interface Actions {
  readonly reload: Reload
  stop(request: StopRequest): void
  restart(): Promise<{ pid: number }>
}

/** What the daemon answers on its control socket. */
export function answersOf(torch: Torch, actions: Actions): Answers {
  return {
    status: () => statusOf(torch),
    reload: () => actions.reload('command'),
    restart: () => actions.restart(),
    stop(request) {
      actions.stop(request)
      return { pid: torch.host.processes.pid }
    },
    run: (request) => runNow(torch, request),
    kill: (request) => killNow(torch, request),
    flush() {
      torch.history.flush()
      return {}
    },
  }
}

function runNow(
  torch: Torch,
  { task, force }: Protocol['run']['request'],
): Protocol['run']['reply'] {
  if (!torch.tasks.has(task)) throw unknownTask(task, [...torch.tasks.keys()])
  const start = { task, slot: undefined, trigger: 'manual', attempt: 1, dueMs: undefined } as const
  const offered = offer(torch, start, { forced: force })
  if (offered.answer === 'started') {
    const { run, elsewhere } = offered
    return { run: run.description.run, task, directory: run.directory, elsewhere }
  }
  const reason = offered.answer === 'skipped' ? offered.reason : 'max'
  throw new TorchError('refused', refusalWords(torch, task, reason), {
    hint: reason === 'max' ? 'wait for its end, or add --force' : 'start the daemon again first',
  })
}

function refusalWords(torch: Torch, task: string, reason: string): string {
  if (reason !== 'max') return `the daemon is stopping: ${task} is not started`
  const running = runsOf(torch, task).map((run) => run.description.run)
  return `${task} is at its max: ${running.join(', ')} ${running.length === 1 ? 'is' : 'are'} running`
}

function killNow(
  torch: Torch,
  { target, signal }: Protocol['kill']['request'],
): Protocol['kill']['reply'] {
  const runs = [...torch.runs.values()].flat()
  const meant = runs.filter((run) => isMeant(run, target))
  if (meant.length === 0) throw nothingToKill(torch, target)
  for (const run of meant) {
    if (signal === null) endRun(torch.room, run, 'kill')
    else signalRun(torch.host, run, signal)
  }
  return { runs: meant.map(({ description: { run, task } }) => ({ run, task })) }
}

function isMeant(run: LiveRun, target: string): boolean {
  return run.description.task === target || run.description.run === target
}

function nothingToKill(torch: Torch, target: string): TorchError {
  const isTask = torch.tasks.has(target)
  const isRun = /^\d{8}T/.test(target)
  if (!isTask && !isRun) return unknownTask(target, [...torch.tasks.keys()])
  return new TorchError('not-running', `${target} is not running`, {
    hint: 'torch status shows what runs',
  })
}
