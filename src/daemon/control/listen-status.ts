import type { ListenStatus, TaskStatus } from '../../control/status-report.ts'
import type { Task } from '../../tasks/task.ts'
import type { Daemon } from '../state.ts'

/** The part of a status that is about sockets: only tasks with `listen` or `ready` have it. */
export type ListenPart = Pick<TaskStatus, 'listen' | 'ready' | 'replacing'>

/** The sockets of a task, which of its runs are ready, and whether its replacement fails. */
export function listenPart(
  { sockets, runs, daemonTasks }: Pick<Daemon, 'sockets' | 'runs' | 'daemonTasks'>,
  task: Task,
): ListenPart {
  if (task.listen.length === 0 && task.ready === undefined) return {}
  const failed = daemonTasks.failed.get(task.name)
  const ready = runs.of(task.name).map(({ description, isReady }) => [description.run, isReady])
  return {
    listen: addressesOf(task, (text) => sockets.held.has(text)),
    ready: Object.fromEntries(ready),
    replacing: failed === undefined ? null : { failures: failed.failures, why: failed.why },
  }
}

/** Whether all runs of a task with `ready` are there and ready. Then the failures before are over. */
export function isServed(
  { runs, daemonTasks }: Pick<Daemon, 'runs' | 'daemonTasks'>,
  { name, ready, max }: Task,
): boolean {
  if (ready === undefined || daemonTasks.failed.has(name) || daemonTasks.restarts.has(name))
    return false
  const all = runs.of(name)
  return all.length >= max && all.every(({ isReady }) => isReady)
}

/** The same without a daemon, which alone knows the rest. */
export function listenPartOffline(task: Task): ListenPart {
  return task.listen.length === 0 ? {} : { listen: addressesOf(task, () => false) }
}

function addressesOf({ listen }: Task, isHeld: (text: string) => boolean): ListenStatus[] {
  return listen.map(({ name, text }) => ({ name: name ?? null, address: text, held: isHeld(text) }))
}
