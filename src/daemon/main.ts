import { serveControl } from '../control/server.ts'
import { TorchError } from '../errors.ts'
import type { Channel } from '../host/daemon-child.ts'
import type { Host } from '../host/host.ts'
import { heldLock, type Lock, takeLock } from '../host/lock.ts'
import { openLog } from '../record/log.ts'
import { newRequestQueue } from './control/request-queue.ts'
import { awaitGo, inherited, sayTaken } from './handover.ts'
import { runLifecycle } from './lifecycle.ts'
import type { HomePaths, Settings } from './settings.ts'
import { catchSignals } from './signals.ts'
import { openHome, readPid, removeTorn } from './startup/open-home.ts'
import type { Ready } from './startup/start-detached.ts'
import type { DaemonProcess } from './state.ts'
import { openSystemd } from './systemd.ts'
import { badTasks } from './tasks-file/bad-tasks.ts'
import { loadTasks } from './tasks-file/load.ts'
import { type LoadedTasks, readHostFacts } from './tasks-file/tasks-state.ts'

/** What a daemon is started with. */
export interface DaemonStart extends Pick<
  DaemonProcess,
  'host' | 'settings' | 'environment' | 'script'
> {
  /** The channel to the previous daemon, if this one takes over from it. */
  readonly previous: Channel | undefined
}

/**
 * The life of a daemon process, from its first signal handler to its last record: it takes a home, or
 * takes it over from the previous daemon, and has it until it stops or the next one takes over. Throws
 * a TorchError if it cannot become ready.
 */
export async function runDaemon(
  start: DaemonStart,
  onReady: (ready: Ready) => void,
): Promise<void> {
  const { host, settings, environment, previous } = start
  // FIRST: until then a USR2 would end the process.
  const signals = catchSignals()
  const paths = openHome(host, settings.home)
  const isNext = previous !== undefined
  const lock = isNext ? heldLock(host, inherited.lock) : await lockHome(host, paths)
  if (!isNext) removeTorn(host, paths)
  const loaded = await firstLoad(host, settings)
  const log = openLog(
    settings.foreground ? { stdout: true, pretty: settings.pretty } : { file: paths.log },
    settings.logLevel,
  )
  if (previous !== undefined) await awaitGo(start, previous, loaded)
  const requests = newRequestQueue()
  const server = await serveControl(
    paths.socket,
    requests.answers,
    (words) => log.warn('trouble', {}, words),
    isNext ? inherited.socket : undefined,
  )
  if (!isNext && signals.stopRequested()) {
    await server.close()
    throw new TorchError('stopped-early', 'a stop was requested while the daemon was starting')
  }
  const systemd = openSystemd(host, environment)
  const own = { ...start, paths, lock, log, systemd, signals, requests, server }
  let end = await runLifecycle(own, loaded, undefined, (ready) =>
    previous === undefined ? onReady(ready) : sayTaken(previous),
  )
  // After a handover that failed, the home is taken up again as after a crash: from what is on disk.
  while (end.kind === 'handover-failed')
    end = await runLifecycle(own, end.loaded, end.refused, () => {})
}

async function lockHome(host: Host, paths: HomePaths): Promise<Lock> {
  const lock = await takeLock(host, paths.lock)
  if (lock !== undefined) return lock
  const pid = readPid(host, paths)
  const who = pid === undefined ? 'another torch daemon' : `a torch daemon (pid ${pid})`
  throw new TorchError('already-running', `${who} already runs on ${paths.home}`, {
    hint: 'torch status shows what it does; torch reload makes it read its file again',
  })
}

async function firstLoad(host: Host, settings: Settings): Promise<LoadedTasks> {
  const machine = readHostFacts(host, settings)
  const loaded = await loadTasks(host, settings.tasks, { machine, inThread: true })
  if (loaded.file !== undefined) return { ...loaded, file: loaded.file }
  throw badTasks(loaded, {
    hint: `fix the file, then check it with: torch validate ${loaded.path}`,
    // Without a terminal the message goes into a journal.
    forLog: settings.foreground && !settings.pretty,
  })
}
