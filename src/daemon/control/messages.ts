import type { Protocol } from '../../control/protocol.ts'
import type { QueueStatus } from '../../control/status-report.ts'
import {
  demandQueue,
  type Inbox,
  putMessages,
  tasksWithMessages,
} from '../../record/inbox/inbox.ts'
import { changeMessages, countMessages } from '../../record/inbox/kept.ts'
import { unknownTask } from '../../tasks/select.ts'
import type { Task } from '../../tasks/task.ts'
import { startForMessages } from '../starts/message-starts.ts'
import type { Daemon } from '../state.ts'

/** Adds messages for a task. They are on disk when this settles. */
export async function takeMessages(
  daemon: Daemon,
  { task: name, texts, from }: Protocol['message']['request'],
): Promise<Protocol['message']['reply']> {
  const { tasks, messages, runContext } = daemon
  const task = tasks.all.get(name)
  if (task === undefined) throw unknownTask(name, [...tasks.all.keys()])
  demandQueue(task, tasks.facts)
  const sender = from ?? { host: runContext.hostName, task: null, run: null }
  const ids = await putMessages(messages.inbox, name, texts, sender)
  startForMessages(daemon, name)
  return { task: name, messages: ids }
}

/** What a person does with the messages of a task, perhaps of one that is gone from the file. */
export async function changeInbox(
  daemon: Daemon,
  change: Protocol['inbox']['request'],
): Promise<Protocol['inbox']['reply']> {
  const { inbox } = daemon.messages
  const names = [...daemon.tasks.all.keys(), ...tasksWithMessages(inbox)]
  if (!names.includes(change.task)) throw unknownTask(change.task, names, 'torch inbox')
  const messages = await changeMessages(inbox, change)
  startForMessages(daemon, change.task)
  return { messages }
}

/** What `torch status` shows of the queue of a task; null if it has none. */
export function queueStatus(inbox: Inbox, { name, input }: Task): QueueStatus | null {
  if (input.mode !== 'queue') return null
  const { waiting, bytes, oldest, dead } = countMessages(inbox, name)
  return { mode: 'queue', waiting, bytes, oldest, dead }
}
