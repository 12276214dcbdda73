import path from 'node:path'
import { tasksWithMessages } from '../../record/inbox/inbox.ts'
import { returnMessages, startForMessages } from '../starts/message-starts.ts'
import type { Daemon } from '../state.ts'

/**
 * Looks at the queues of all tasks here: for messages that were put there without this daemon, for starts
 * that were held, and for what a run took and does not read.
 */
export function lookAtQueues(daemon: Daemon): void {
  const { tasks, faults, messages } = daemon
  for (const { name, input } of tasks.here.values()) {
    if (input.mode !== 'queue') continue
    faults.attempt(
      'look for messages',
      () => {
        messages.inbox.waiting.look(name)
        returnMessages(daemon, name)
        startForMessages(daemon, name)
      },
      name,
    )
  }
}

/** How long the messages of a task stay that is gone from the file, or no longer has a queue. */
const keepOfRemovedMs = 7 * 24 * 3600 * 1000
/** In the folder of such a task: since when, by its time. */
const goneMark = 'gone'

/** Removes the messages of tasks that have been gone for long, and notes which are gone. */
export function removeOldQueues({ host, tasks, faults, messages, tickClock }: Daemon): void {
  const { files, clock } = host
  const { inbox } = messages
  faults.attempt('remove old messages', () => {
    for (const task of tasksWithMessages(inbox)) {
      const folder = path.join(inbox.root, task)
      const mark = path.join(folder, goneMark)
      const since = files.facts(mark)?.mtimeMs
      const isGone = tasks.all.get(task)?.input.mode !== 'queue'
      if (!isGone && since !== undefined) files.remove(mark)
      if (isGone && since === undefined) files.write(mark, '')
      const isOld = since !== undefined && clock.now() - since > keepOfRemovedMs
      if (isGone && isOld && tickClock.mayTrustAges()) files.remove(folder)
    }
  })
}
