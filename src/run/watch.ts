import { isAlive } from '../host/processes.ts'
import { activeFolder } from './active.ts'
import { hasExited, type RunHome } from './directory.ts'
import type { Faults } from './faults.ts'
import { isOver, type LiveRun, type RunWatch } from './live-run.ts'

/** How often the recorders of watched runs are looked at. */
export const pollMs = 100

/**
 * Watches runs whose recorder is not, or no longer, a child of this process. Each recorder writes its
 * end into `active`, and the system reports that at once. Such an event can get lost, so a poll looks
 * at the processes too. `conclude` concludes a run unless its command is still alive, and returns
 * whether it did.
 */
export function newRunWatch(
  { host, home }: RunHome,
  faults: Faults,
  conclude: (run: LiveRun) => boolean,
): RunWatch {
  const runs = new Map<string, LiveRun>()
  let stop = (): void => {}

  function start(): void {
    const stopNames = host.watchNames(activeFolder(home), (name) => {
      const run = runs.get(name)
      if (run !== undefined) look(run, () => hasExited(host, run.directory))
    })
    let cancel = host.clock.after(pollMs, poll)
    function poll(): void {
      cancel = host.clock.after(pollMs, poll)
      for (const run of runs.values()) look(run, () => !isAlive(host, run.recorder))
    }
    stop = () => {
      stopNames()
      cancel()
    }
  }

  function look(run: LiveRun, seemsOver: () => boolean): void {
    const act = (): void => {
      if (seemsOver() && conclude(run)) remove(run)
    }
    faults.attempt('watch runs', act, run.description.run)
  }

  function remove(run: LiveRun): void {
    if (runs.delete(run.description.run) && runs.size === 0) stop()
  }

  return {
    add(run) {
      if (isOver(run)) return
      if (runs.size === 0) start()
      runs.set(run.description.run, run)
      run.cleanups.add(() => remove(run))
    },
  }
}
