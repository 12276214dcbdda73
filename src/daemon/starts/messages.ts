import type { Host } from '../../host/host.ts'
import type { Start } from '../../plan/admit.ts'
import { putBack, takeAgain, takeBatch } from '../../record/inbox/batch.ts'
import { type Inbox, openInbox } from '../../record/inbox/inbox.ts'
import type { Log } from '../../record/log.ts'
import { hasInputFile } from '../../run/input-pipes.ts'
import type { RunMessages } from '../../run/run-messages.ts'
import type { Task } from '../../tasks/task.ts'
import { type Feeding, newFeeding } from './feed.ts'
import type { HomePaths } from '../settings.ts'

/** The messages of all tasks, and what the daemon remembers about giving them to runs. */
export interface Messages {
  readonly inbox: Inbox
  /** What is in the pipes of runs. */
  readonly feeding: Feeding
  /** Runs that are over and whose messages have not reached their places: the machine refused it. */
  readonly unsettled: Set<string>
  /** Runs whose messages are kept for a retry, with the number of their attempt. */
  readonly kept: Map<string, number>
  /** Tasks whose messages start no run for a while, because the last one could not take any. */
  readonly held: Map<string, { readonly delayMs: number; readonly untilMs: number }>
}

export function newMessages({
  host,
  paths,
  log,
}: {
  readonly host: Host
  readonly paths: HomePaths
  readonly log: Log
}): Messages {
  const inbox = openInbox(host, paths.inbox, (task, message, why) => {
    log.error('bad-message', { task, message }, `a message of ${task} is damaged: ${why}`)
  })
  return { inbox, unsettled: new Set(), kept: new Map(), held: new Map(), feeding: newFeeding() }
}

/** What a run of that start gets: what waits or, for a retry, what the attempt before had. */
export function messagesFor(inbox: Inbox, task: Task, start: Start): RunMessages | undefined {
  if (!hasInputFile(task)) return undefined
  const { format } = task.input
  const { retryOf: before, attempt } = start
  return {
    take: ({ run }) =>
      before === undefined
        ? takeBatch(inbox, task.name, run, format)
        : takeAgain(inbox, task.name, { before, run, attempt, format }),
    putBack: ({ run }) =>
      putBack(inbox, task.name, run, before === undefined ? 0 : Math.max(attempt - 1, 0)),
  }
}
