import { earliest } from '../../plan/agenda.ts'
import { slotText } from '../../record/history/rows.ts'
import { problemLine } from '../../tasks/file/problem.ts'
import { fleetState } from '../fleet/fleet-state.ts'
import type { Daemon } from '../state.ts'

/** SIGUSR1: all that the daemon knows, as one line of the log; without values of environments. */
export function dumpState(daemon: Daemon): void {
  const { phase, tasks, tickClock, runs, queue, daemonTasks, pauses, closed, sockets, log } = daemon
  log.info(
    'dump',
    {
      phase: phase.now,
      facts: tasks.facts,
      file: {
        path: tasks.loaded.path,
        revision: tasks.loaded.revision,
        refused: tasks.refused?.problems.map(problemLine),
      },
      tasks: tasks.loaded.file.tasks.length,
      here: [...tasks.here.keys()],
      done: slotText(tickClock.tick.done),
      next: slotText(earliest(tickClock.tick.agenda) ?? null),
      runs: runs.all().map(({ description: { run, task }, recorder, state }) => ({
        ...{ run, task, pid: recorder?.pid, state },
      })),
      waiting: [...queue.waiting.values()],
      sockets: [...sockets.held.values()],
      due: [...queue.due],
      timed: [...queue.timed.keys()],
      vacancies: [...daemonTasks.restarts],
      closed: closed.tasks(),
      paused: { all: pauses.set.all, tasks: Object.fromEntries(pauses.set.tasks) },
      fleet: fleetState(daemon),
    },
    'state dump',
  )
}
