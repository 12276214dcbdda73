import type { Task } from '../tasks/task.ts'
import type { RunRoom } from './end.ts'
import { type Recruit, recruit } from './recorder-process.ts'

/**
 * Has a recorder ready for the next run of a task, so that nothing is left to do at its time but to
 * give it the run: to execute a program takes as long as all the rest of a start. False where there
 * is none to be had; why, the run itself will say.
 */
export function makeReady(room: RunRoom, task: Task): boolean {
  // Its env_file is to be read when it starts, and not before.
  if (room.ready.get(task.name)?.task === task || task.envFile !== undefined) return true
  sendAway(room, task.name)
  const found = recruitOrNone(room, task)
  if (found === undefined) return false
  found.onExit = () => sendAway(room, task.name)
  room.ready.set(task.name, found)
  return true
}

/** The recorder that is ready for a task, if that is what it was; what becomes of it is the caller's affair. */
export function takeReady(room: RunRoom, task: Task): Recruit | undefined {
  const found = room.ready.get(task.name)
  if (found?.task !== task) {
    sendAway(room, task.name)
    return undefined
  }
  callUp(room, found)
  return found
}

/** Sends away those that no task is expected to need. */
export function dismissReady(room: RunRoom, isWanted: (task: string) => boolean): void {
  for (const task of room.ready.keys()) if (!isWanted(task)) sendAway(room, task)
}

function sendAway(room: RunRoom, task: string): void {
  const found = room.ready.get(task)
  if (found === undefined) return
  callUp(room, found)
  found.standby.dismiss()
}

/** It waits no more. FIRST: its descriptor is closed once, for the number is another's right after. */
function callUp(room: RunRoom, found: Recruit): void {
  room.ready.delete(found.task.name)
  found.onExit = () => {}
}

function recruitOrNone(room: RunRoom, task: Task): Recruit | undefined {
  try {
    return recruit(room, task, () => {})
  } catch {
    return undefined
  }
}
