import type { Lock } from '../../host/lock.ts'
import { lookAtPauses } from '../control/pause.ts'
import { troubleOf } from '../control/trouble.ts'
import { noteAlive } from '../recovery/daemon-record.ts'
import { cleanScripts } from '../starts/daemon-scripts.ts'
import { wakeOpeners } from '../../run/input.ts'
import type { Daemon } from '../state.ts'
import { applyNewAddresses } from '../tasks-file/apply.ts'
import { tasksRevision } from '../tasks-file/revision.ts'
import { lookAtQueues, removeOldQueues } from './queues.ts'
import { keepLock, restoreHome } from './home-files.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
/** How often the home is compared with what belongs there. */
const filesMs = 10_000
/** Short, because a second daemon may start as long as the lock is missing, and output can grow fast. */
const urgentMs = 1_000
/** In a row. For a moment, the other daemon may be the previous or the next one of a restart. */
const maxLooksAtTakenLock = 5
/** Rows of the history: a year of a run each half minute. */
const maxHistoryRows = 1_000_000
const maxHistoryMs = 90 * 24 * 3600 * 1000

interface MaintenanceParts {
  /** The lock of the home. */
  readonly lock: Lock
  /** What the daemon cannot do has changed. */
  readonly onTrouble: () => void
  /** Another daemon has locked the home. */
  readonly onTaken: () => void
}

/** Starts the periodic work of a running daemon. Returns a function that stops it. */
export function startMaintenance(
  daemon: Daemon,
  { lock, onTrouble, onTaken }: MaintenanceParts,
): () => void {
  const { clock } = daemon.host
  const stopMinutes = repeat(clock, minuteMs, () => {
    logStat(daemon)
    void daemon.oldRuns.sweep()
    void applyNewAddresses(daemon)
    pruneHistory(daemon)
    void readRevision(daemon)
    noteAlive(daemon)
    removeOldQueues(daemon)
  })
  const stopHours = repeat(clock, hourMs, () => void cleanScripts(daemon))
  let known = '[]'
  const stopFiles = repeat(clock, filesMs, () => {
    restoreHome(daemon)
    const trouble = JSON.stringify(troubleOf(daemon))
    if (trouble !== known) onTrouble()
    known = trouble
  })
  let taken = 0
  let nextQueue = 0
  const stopUrgent = repeat(clock, urgentMs, () => {
    daemon.outputs.limit()
    lookAtPauses(daemon)
    daemon.notifications.look()
    for (const run of daemon.runs.all()) wakeOpeners(daemon.host, run)
    nextQueue = lookAtQueues(daemon, nextQueue)
    taken = keepLock(daemon, lock) ? 0 : taken + 1
    if (taken === maxLooksAtTakenLock) onTaken()
  })
  return () => {
    stopMinutes()
    stopHours()
    stopFiles()
    stopUrgent()
  }
}

function repeat(clock: Daemon['clock'], periodMs: number, act: () => void): () => void {
  let cancel = (): void => {}
  const again = (): void => {
    cancel = clock.after(periodMs, () => {
      // FIRST the next timer: if something goes wrong now, it is tried again next time.
      again()
      act()
    })
  }
  again()
  return () => cancel()
}

function logStat({ host, tasks, runs, counters, log }: Daemon): void {
  const facts = {
    tasks: tasks.loaded.file.tasks.length,
    running: runs.all().length,
    ...counters.takeStat(),
    ...host.processes.load(),
  }
  log.info('stat', facts, 'stat')
}

function pruneHistory({ clock, tickClock, history }: Daemon): void {
  const oldestMs = tickClock.mayTrustAges() ? clock.now() - maxHistoryMs : 0
  history.prune(new Date(oldestMs).toISOString(), maxHistoryRows)
}

/** A commit changes the revision of the file, but not its content. */
function readRevision({ host, settings, tasks }: Daemon): Promise<void> {
  return tasks.inTurn(async () => {
    // The loaded tasks do not have the revision of a refused file.
    if (tasks.refused === undefined) tasks.setRevision(await tasksRevision(host, settings.tasks))
  })
}
