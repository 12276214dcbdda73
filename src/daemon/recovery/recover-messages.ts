import { keepForRetry, putBack } from '../../record/inbox/batch.ts'
import { tasksWithMessages } from '../../record/inbox/inbox.ts'
import type { Recovered } from '../../run/recover.ts'
import { returnMessages } from '../starts/message-starts.ts'
import type { readPending } from '../starts/start-queue.ts'
import type { Daemon } from '../state.ts'

/**
 * Puts back the messages that the previous daemon took for runs that never began, before anything else
 * can take what waits. Those of runs that ended are settled with their ends.
 */
export function recoverMessages(
  daemon: Daemon,
  { adopted, ended, concluded, voided, failed }: Recovered,
  pending: ReturnType<typeof readPending>,
): void {
  const { faults, messages } = daemon
  const { inbox } = messages
  const wanted = new Set([
    ...[...adopted, ...ended.map(({ run }) => run)].map(({ description }) => description.run),
    ...concluded.map(({ description }) => description.run),
    ...failed.map(({ run }) => run),
    ...[...pending.timed.map(({ start }) => start), ...pending.waiting].map((each) => each.retryOf),
    ...voided.map(({ retryOf }) => retryOf),
  ])
  for (const { task, run, retryOf } of voided) {
    faults.attempt('put messages back', () => {
      if (retryOf === undefined) putBack(inbox, task, run, 0)
      else keepForRetry(inbox, task, { from: run, to: retryOf })
    })
  }
  for (const task of tasksWithMessages(inbox))
    faults.attempt(
      'put messages back',
      () => returnMessages(daemon, task, (run) => wanted.has(run)),
      task,
    )
}
