import path from 'node:path'
import { removeTorn, tasksWithMessages } from '../../record/inbox/inbox.ts'
import { returnMessages, startForMessages } from '../starts/message-starts.ts'
import type { Daemon } from '../state.ts'

/** Each look asks the disk about two folders, which takes some 20 µs. */
const maxLooksAtOnce = 100

/**
 * Looks at the queues of the tasks here: for messages that were put there without this daemon, for what a
 * run took and does not read, and for starts that were held. Asks the disk about at most 100 of them,
 * beginning with the queue of that place. Returns the place where the next look begins.
 */
export function lookAtQueues(daemon: Daemon, from: number): number {
  const { tasks, faults } = daemon
  const queues = [...tasks.here.values()].filter(({ input }) => input.mode === 'queue')
  queues.forEach(({ name }, at) => {
    const place = (at - (from % queues.length) + queues.length) % queues.length
    if (place < maxLooksAtOnce)
      faults.attempt('look for messages', () => lookAt(daemon, name), name)
    faults.attempt('start runs for messages', () => startForMessages(daemon, name), name)
  })
  return queues.length === 0 ? 0 : (from + maxLooksAtOnce) % queues.length
}

function lookAt(daemon: Daemon, name: string): void {
  daemon.messages.inbox.waiting.look(name)
  returnMessages(daemon, name)
}

/** How long the messages of a task stay that is gone from the file, or no longer has a queue. */
const keepOfRemovedMs = 7 * 24 * 3600 * 1000
/** In the folder of such a task: since when, by its time. */
const goneMark = 'gone'

/**
 * Removes the messages of tasks that have been gone for long, notes which are gone, and removes what
 * senders that were killed have left half written.
 */
export function removeOldQueues({ host, tasks, faults, messages, tickClock }: Daemon): void {
  const { files, clock } = host
  const { inbox } = messages
  faults.attempt('remove old messages', () => {
    for (const task of tasksWithMessages(inbox)) {
      removeTorn(inbox, task)
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
