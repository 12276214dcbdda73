import { serveControl } from '../control/server.ts'
import { TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { heldLock, type Lock, takeLock } from '../host/lock.ts'
import { openLog } from '../record/log.ts'
import type { TasksFile } from '../tasks/task.ts'
import { badTasks } from './tasks-file/bad-tasks.ts'
import { makeDesk } from './control/request-queue.ts'
import { openHome, readPid, removeTorn } from './start/open-home.ts'
import { live } from './lifecycle.ts'
import { factsHere } from './upkeep/maintenance.ts'
import { type Loaded, loadTasks } from './tasks-file/load.ts'
import type { Ready } from './start/ready.ts'
import type { Beginning } from './start/process.ts'
import type { HomePaths, Settings } from './settings.ts'
import { catchSignals } from './signals.ts'
import { awaitGo, inherited, sayTaken } from './handover/handover.ts'
import { openSystemd } from './systemd.ts'

/**
 * The life of a daemon process, from its first signal handler to its last record: it takes a home,
 * or takes it over from the daemon before, and has it until it stops or the next takes over.
 * Throws a TorchError where it cannot become ready.
 */
export async function runDaemon(
  beginning: Beginning,
  onReady: (ready: Ready) => void,
): Promise<void> {
  const { host, settings, environment, predecessor } = beginning
  // FIRST: until then a USR2 would be the end.
  const signals = catchSignals()
  const paths = openHome(host, settings.home)
  const isHeir = predecessor !== undefined
  const lock = isHeir ? heldLock(host, inherited.lock) : await lockHome(host, paths)
  if (!isHeir) removeTorn(host, paths)
  const loaded = await firstLoad(host, settings)
  const log = openLog(
    settings.foreground ? { stdout: true, pretty: settings.pretty } : { file: paths.log },
    settings.logLevel,
  )
  if (predecessor !== undefined) await awaitGo(host, predecessor, loaded)
  const desk = makeDesk()
  const server = await serveControl(
    paths.socket,
    desk.answers,
    (words) => log.warn('trouble', {}, words),
    isHeir ? inherited.socket : undefined,
  )
  if (!isHeir && signals.stopAsked()) {
    await server.close()
    throw new TorchError('stopped-early', 'the daemon was told to stop while it was starting')
  }
  const systemd = openSystemd(host, environment)
  const seat = { ...beginning, paths, lock, log, systemd, signals, desk, server }
  let end = await live(seat, loaded, undefined, (ready) => {
    if (predecessor === undefined) onReady(ready)
    else sayTaken(predecessor)
  })
  // A hand-over that failed: the home is taken up again as after a crash, from what is on disk.
  while (end.kind === 'again') end = await live(seat, end.loaded, end.refused, () => {})
}

async function lockHome(host: Host, paths: HomePaths): Promise<Lock> {
  const lock = await takeLock(host, paths.lock)
  if (lock !== undefined) return lock
  const pid = readPid(host, paths)
  const who = pid === undefined ? 'another torch daemon' : `a torch daemon, pid ${pid},`
  throw new TorchError('already-running', `${who} already runs on ${paths.home}`, {
    hint: 'torch status shows what it does; torch reload makes it read its file again',
  })
}

async function firstLoad(host: Host, settings: Settings): Promise<Loaded & { file: TasksFile }> {
  const loaded = await loadTasks(host, settings.tasks, {
    machine: factsHere({ host, settings }),
    apart: true,
  })
  if (loaded.file !== undefined) return { ...loaded, file: loaded.file }
  throw badTasks(loaded, {
    hint: `mend it, and see with: torch validate ${loaded.path}`,
    // Without a terminal what it says goes into a journal.
    forLog: settings.foreground && !settings.pretty,
  })
}
