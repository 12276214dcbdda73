import { activeFolder, readTraces } from './directory.ts'
import type { LiveRun, RunRoom } from './end.ts'
import { isAlive, settle } from './conclude.ts'

/** How often runs that are not our children are looked at. */
const pollMs = 100

/**
 * Watches a run that is not, or no longer, our child. Its recorder notes its end in `active`, of
 * which the system tells at once; the poll is the truth, for events may be lost.
 */
export function watchRun(room: RunRoom, run: LiveRun): void {
  room.watched.set(run.description.run, run)
  if (!room.isWatching) watchAll(room)
}

function watchAll(room: RunRoom): void {
  const { host, watched } = room
  room.isWatching = true
  const lookAt = (run: LiveRun, isOver: () => boolean): void => {
    const look = (): void => void (isOver() && settleWatched(room, run))
    room.faults.attempt('look at runs', look, run.description.run)
  }
  const stopNames = host.watchNames(activeFolder(room.home), (name) => {
    const run = watched.get(name)
    if (run !== undefined) lookAt(run, () => readTraces(host, run.directory).exit !== undefined)
  })
  const poll = (): void => {
    for (const run of watched.values()) lookAt(run, () => !isAlive(host, run.recorder))
    if (watched.size > 0 && !room.closed) return void host.clock.after(pollMs, poll)
    room.isWatching = false
    stopNames()
  }
  host.clock.after(pollMs, poll)
}

function settleWatched(room: RunRoom, run: LiveRun): void {
  if (settle(room, run, undefined) === 'over') room.watched.delete(run.description.run)
}
