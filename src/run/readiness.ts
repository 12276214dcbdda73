import type { Task } from '../tasks/task.ts'
import type { RunRoom } from './live.ts'
import { type Recruit, recruit } from './recruit.ts'

/**
 * Has a recorder ready for the next run of a task, so that nothing is left to do at its time but to
 * give it the run: to execute a program takes as long as all the rest of a start. False where there
 * is none to be had; why, the run itself will say.
 */
export function makeReady(room: RunRoom, task: Task): boolean {
  // Its env_file is to be read when it starts, and not before.
  if (room.ready.get(task.name)?.task === task || task.envFile !== undefined) return true
  const old = room.ready.get(task.name)
  if (old !== undefined) dismiss(old)
  const found = recruitOrNone(room, task)
  if (found === undefined) return false
  found.onExit = () => {
    room.ready.delete(task.name)
    found.standby.dismiss()
  }
  room.ready.set(task.name, found)
  return true
}

/** The recorder that is ready for a task, if that is what it was. */
export function takeReady(room: RunRoom, task: Task): Recruit | undefined {
  const found = room.ready.get(task.name)
  if (found === undefined) return undefined
  room.ready.delete(task.name)
  if (found.task === task) return found
  dismiss(found)
  return undefined
}

/** Sends away those that no task is expected to need. */
export function dismissReady(room: RunRoom, isWanted: (task: string) => boolean): void {
  for (const [task, found] of room.ready) {
    if (isWanted(task)) continue
    room.ready.delete(task)
    dismiss(found)
  }
}

function dismiss(found: Recruit): void {
  found.onExit = () => {}
  found.standby.dismiss()
}

function recruitOrNone(room: RunRoom, task: Task): Recruit | undefined {
  try {
    return recruit(room, task, () => room.ready.delete(task.name))
  } catch {
    return undefined
  }
}
