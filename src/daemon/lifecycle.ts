import type { Answers } from '../control/server.ts'
import { endRun } from '../run/end.ts'
import { timeText } from '../record/history/rows.ts'
import { formatProblem, problemLine } from '../tasks/file/problem.ts'
import { counted } from '../text/plural.ts'
import { plainLine } from '../text/sanitize.ts'
import { answersOf } from './control/answers.ts'
import { dumpState } from './control/dump-state.ts'
import { openViewSocket } from './control/view-socket.ts'
import { troubleOf } from './control/trouble.ts'
import { answerAsks } from './fleet/answer-asks.ts'
import { obeyCommands } from './fleet/obey-commands.ts'
import { startFilling } from './fleet/fill-places.ts'
import { giveBackUnused } from './fleet/unused-places.ts'
import { newHandover } from './handover.ts'
import { lastDaemonEnd, type StoppedBy, writeDaemonRecord } from './recovery/daemon-record.ts'
import { recover } from './recovery/recover.ts'
import { saveLoaded, saveTotals } from './recovery/saved-state.ts'
import { handleSignals } from './signals.ts'
import type { Ready } from './startup/start-detached.ts'
import { followScripts } from './starts/daemon-scripts.ts'
import { startTicker } from './starts/ticker.ts'
import { createDaemon, type Daemon, type DaemonProcess } from './state.ts'
import { newStop, type Stop } from './stop.ts'
import { saveLastGood } from './tasks-file/last-good.ts'
import type { Loaded } from './tasks-file/load.ts'
import { newReload } from './tasks-file/reload.ts'
import { type LoadedTasks, withoutContent } from './tasks-file/tasks-state.ts'
import { watchTasks } from './tasks-file/watch-tasks.ts'
import { writeInfoFiles } from './upkeep/home-files.ts'
import { startMaintenance } from './upkeep/maintenance.ts'

/** How the time with the home ended. */
export type LifecycleEnd =
  | { readonly kind: 'stopped' | 'handed-over' }
  /** The next daemon did not become ready: this one takes the home up again, with the file as it was. */
  | {
      readonly kind: 'handover-failed'
      readonly loaded: LoadedTasks
      readonly refused: Loaded | undefined
    }

/**
 * The life of a daemon with its home: from recovering what the previous daemon left until it stops or
 * hands over. Calls `onReady` once, when everything works; systemd hears of it afterwards.
 */
export async function runLifecycle(
  own: DaemonProcess,
  loaded: LoadedTasks,
  refused: Loaded | undefined,
  onReady: (ready: Ready, daemon: Daemon) => void | Promise<void>,
): Promise<LifecycleEnd> {
  const { host, settings, systemd } = own
  const daemon = createDaemon(own, withoutContent(loaded), refused)
  const reload = newReload(daemon)
  const stop = newStop(daemon)
  // A bad file is tried again when it has changed, or if only the machine refused to read it.
  const seen = refused === undefined || refused.isTemporary === true ? loaded : refused
  const stopWatching = await watchTasks(
    host,
    settings.tasks,
    seen.hash,
    (hash) => void reload('file', hash),
    () => (daemon.tasks.refused ?? daemon.tasks.loaded).calendarFiles,
  )

  // BEFORE it is noted that this daemon is alive.
  daemon.notifications.noteEnd(lastDaemonEnd(host, own.paths))
  daemon.notifications.follow()
  // IN ONE GO, without a pause in which a signal or a request could see half of it.
  recover(daemon)
  daemon.printer?.begin()
  const stopTicking = startTicker(daemon)
  const stopFilling = fleetOf(daemon)
  followScripts(daemon)
  daemon.notifier.start()
  daemon.tickClock.save()
  saveLoaded(daemon)
  const stopMaintenance = startMaintenance(daemon, {
    lock: own.lock,
    onTrouble: () => tellSystemd(own, daemon),
    onTaken: () => leaveTakenHome(daemon, stop),
  })
  const handover = newHandover(own, daemon, () => {
    stopTicking()
    stopFilling()
    stopAnswering()
    daemon.fleet?.close(true)
    daemon.sharing?.close()
    daemon.scripts.close()
    stopMaintenance()
    void stopWatching()
    daemon.events.end()
    void daemon.notifier.close()
    void daemon.printer?.close()
    view.leave()
  })
  const answers = answersOf(daemon, { reload, stop, handover })
  own.requests.serve(answers)
  const stopAnswering = answerFleet(daemon, answers)
  const view = openViewSocket(daemon, own.requests.answers)
  const stopsPassedOn = handleSignals(own, {
    reload,
    dumpState: () => dumpState(daemon),
    statusText: () => statusText(daemon),
  })
  // LAST: whoever reads the pid may signal it.
  writeInfoFiles(daemon)
  if (loaded.content !== undefined) void daemon.tasks.inTurn(() => saveLastGood(daemon, loaded))
  await view.opened
  await onReady(logReady(daemon), daemon)
  await systemd.ready(statusText(daemon))

  const end = await Promise.race([stop.requested, handover.ended])
  if (end === 'failed') {
    void view.end()
    const { tasks } = daemon
    return { kind: 'handover-failed', loaded: tasks.loaded, refused: tasks.refused }
  }
  if (end === 'handed-over') {
    // In this turn those are accepted who connected before the next daemon replaced the file.
    await Promise.all([leaveHome(own, stopsPassedOn), host.clock.turn().then(view.end)])
    return { kind: 'handed-over' }
  }
  const stoppedBy = own.signals.stopSignal() ?? 'torch stop'
  await Promise.all([systemd.stopping(), stopWatching(), handover.cancel()])
  stopMaintenance()
  daemon.scripts.close()
  await stop.done
  stopTicking()
  stopFilling()
  stopAnswering()
  giveBackUnused(daemon)
  daemon.history.flush()
  await Promise.all([
    ...[daemon.fleet?.holdings.settled(), daemon.sharing?.finish()],
    daemon.printer?.close(),
  ])
  daemon.fleet?.close(daemon.phase.now === 'leaving')
  await Promise.all([closeHome(own, daemon, stoppedBy), view.close()])
  return { kind: 'stopped' }
}

/** What the previous daemon had and nobody needs is given back, and what is free is taken. */
function fleetOf(daemon: Daemon): () => void {
  const { fleet } = daemon
  if (fleet === undefined) return () => {}
  giveBackUnused(daemon)
  // The engine may have said so before the runs were adopted.
  for (const run of daemon.runs.all()) {
    const place = run.description.claim?.holding
    if (place !== undefined && fleet.holdings.byId(place) === undefined)
      endRun(daemon.runContext, run, 'place lost')
  }
  return startFilling({ ...daemon, fleet })
}

/** Other machines ask this one, and tell it what to do. */
function answerFleet(daemon: Daemon, answers: Answers): () => void {
  const { fleet, connection, clock, settings } = daemon
  if (fleet === undefined || connection === undefined) return () => {}
  const { exchange } = connection
  const accept = settings.fleet?.accept ?? []
  const stops = [
    answerAsks({ daemon, fleet, exchange, answers }),
    obeyCommands({ ...{ exchange, clock, accept, answers }, ...fleet }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** A last resort: two daemons on one home would start each slot twice, and only the other has the lock. */
function leaveTakenHome({ log, paths }: Daemon, stop: Stop): void {
  log.error(
    'trouble',
    { file: paths.lock },
    'another torch daemon has locked this home; this one ends, and the other one adopts its runs',
  )
  stop.request({ graceMs: null, leave: true })
}

function logReady(daemon: Daemon): Ready {
  const { tasks, settings, host, log } = daemon
  const { loaded } = tasks
  const launcher = host.processes.launcher()
  log.info(
    'ready',
    {
      version: settings.version,
      home: settings.home,
      file: loaded.path,
      revision: loaded.revision,
      tasks: loaded.file.tasks.length,
      here: tasks.here.size,
      launcher: launcher.name,
      ...(launcher.why === undefined ? {} : { launcherWhy: launcher.why }),
      warnings: loaded.problems.map(problemLine),
    },
    `ready: ${statusText(daemon)}`,
  )
  const warnings = loaded.problems.map(formatProblem)
  return { pid: host.processes.pid, warnings: [...logRefused(daemon), ...warnings] }
}

/** What is wrong with a file in whose place the copy of the last good one is used: logged, and returned. */
function logRefused({ tasks, log }: Daemon): string[] {
  const { refused, loaded } = tasks
  if (refused === undefined) return []
  const words = `the tasks file ${refused.path} is bad: running the last good one, of ${timeText(loaded.atMs)}`
  const problems = refused.problems.map(problemLine)
  log.error(
    'refuse',
    { cause: 'start', file: refused.path, revision: refused.revision, problems },
    words,
  )
  return [...refused.problems.map(formatProblem), `warning: ${words}`]
}

/** One line: how many tasks run here, and what the daemon cannot do at the moment. */
function statusText(daemon: Daemon): string {
  const { tasks } = daemon
  const here = tasks.here.size
  const all = counted(tasks.loaded.file.tasks.length, 'task')
  const trouble = troubleOf(daemon).map(({ message }) => `; ${plainLine(message)}`)
  return `${here} of ${all} ${here === 1 ? 'runs' : 'run'} here${trouble.join('')}`
}

/** Trouble that begins or ends changes what systemctl status shows. */
function tellSystemd({ systemd }: DaemonProcess, daemon: Daemon): void {
  void systemd.status(statusText(daemon))
}

/** The next daemon has everything: it gets the requests that came here, then this process may end. */
async function leaveHome(own: DaemonProcess, stopsPassedOn: () => Promise<unknown>): Promise<void> {
  const answered = own.server.handOver()
  own.requests.passOn(own.paths.socket)
  own.systemd.close()
  // The next daemon has it too. When that stops, the home must be free although this process may
  // still wait for slow clients.
  own.lock.release()
  own.sockets.release()
  own.log.info('handed-over', {}, 'handed over to the next daemon')
  await answered
  await stopsPassedOn()
  own.log.close()
}

/** Everything that happened is on disk; afterwards only the files of the home are left. */
async function closeHome(own: DaemonProcess, daemon: Daemon, stoppedBy: StoppedBy): Promise<void> {
  const { host, paths, queue, pauses, history, events, notifications, notifier, faults, log } =
    daemon
  own.systemd.close()
  events.end()
  await own.server.close()
  queue.saveNow()
  pauses.save()
  notifications.save()
  history.close()
  saveTotals(daemon)
  await notifier.close()
  faults.attempt('note the end of the daemon', () =>
    writeDaemonRecord(daemon, { by: stoppedBy, left: daemon.phase.now === 'leaving' }),
  )
  faults.attempt('remove the pidfile', () => {
    if (host.files.readText(paths.pidfile)?.trim() === String(host.processes.pid))
      host.files.remove(paths.pidfile)
  })
  faults.close()
  if (daemon.phase.now !== 'leaving') own.sockets.close(() => true)
  log.info('stopped', {}, 'stopped')
  log.close()
  own.lock.release()
}
