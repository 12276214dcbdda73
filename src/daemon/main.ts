import { serveControl } from '../control/server.ts'
import { exitStatus, TorchError } from '../errors.ts'
import type { Channel } from '../host/daemon-child.ts'
import type { FleetConnection } from '../fleet/nats/connect.ts'
import type { FleetSettings } from '../fleet/settings.ts'
import type { Host } from '../host/host.ts'
import { heldLock } from '../host/lock.ts'
import { type Log, openLog } from '../record/log.ts'
import { newTaskSockets } from '../run/task-sockets.ts'
import { newRequestQueue } from './control/request-queue.ts'
import { awaitGo, firstTaskSocket, inherited, sayTaken } from './handover.ts'
import { runLifecycle } from './lifecycle.ts'
import type { HomePaths, Settings } from './settings.ts'
import { catchSignals } from './signals.ts'
import { lockHome } from './startup/lock-home.ts'
import { openHome, removeTorn } from './startup/open-home.ts'
import type { Ready } from './startup/start-detached.ts'
import type { DaemonProcess } from './state.ts'
import { openSystemd } from './systemd.ts'
import { badTasks } from './tasks-file/bad-tasks.ts'
import { loadLastGood } from './tasks-file/last-good.ts'
import { type Loaded, loadTasks } from './tasks-file/load.ts'
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
  const paths = openHome(host, settings.home, settings.viewGroup)
  const isNext = previous !== undefined
  const isService = environment.NOTIFY_SOCKET !== undefined
  const lock = isNext
    ? heldLock(host, paths.lock, inherited.lock)
    : await lockHome(host, paths, isService)
  if (!isNext) removeTorn(host, paths)
  // The next daemon does not start on a bad file: the previous one continues with the good one.
  const { loaded, refused } = await firstLoad(host, settings, isNext ? undefined : paths)
  const log = openLog(
    settings.foreground
      ? { descriptor: settings.output === undefined ? 1 : 2, pretty: settings.pretty }
      : { file: paths.log },
    settings.logLevel,
  )
  const sockets = newTaskSockets(host, (facts, words) => log.info('listen', facts, words))
  sockets.inherit((isNext && settings.sockets) || [], firstTaskSocket)
  if (previous !== undefined) await awaitGo(start, previous, loaded)
  const requests = newRequestQueue()
  const server = await serveControl(
    paths.socket,
    requests.answers,
    (words) => log.warn('trouble', {}, words),
    { descriptor: isNext ? inherited.socket : undefined },
  )
  if (!isNext && signals.stopSignal() !== undefined) {
    await server.close()
    throw new TorchError('stopped-early', 'a stop was requested while the daemon was starting')
  }
  const systemd = openSystemd(host, environment)
  const fleet = settings.fleet && (await joinEngine(host, settings.fleet, log))
  const own = {
    ...start,
    paths,
    lock,
    log,
    systemd,
    signals,
    requests,
    server,
    sockets,
    connection: fleet,
  }
  let end = await runLifecycle(own, loaded, refused, (ready) =>
    previous === undefined ? onReady(ready) : sayTaken(previous),
  )
  // After a handover that failed, the home is taken up again as after a crash: from what is on disk.
  while (end.kind === 'handover-failed')
    end = await runLifecycle(own, end.loaded, end.refused, () => {})
  await fleet?.close()
}

/** Connects to the engine of the fleet in the background. The log says when it is there, and when it is not. */
async function joinEngine(host: Host, settings: FleetSettings, log: Log): Promise<FleetConnection> {
  // A daemon of no fleet does not load it.
  const { connectFleet } = await import('../fleet/nats/connect.ts')
  return connectFleet({
    host,
    settings,
    onLink(link) {
      if (link.state === 'up') log.info('fleet', link, `fleet: connected to ${link.server}`)
      else if (link.state === 'down') log.warn('fleet', link, `fleet: ${link.lastError}`)
    },
  })
}

/** The tasks file or, with --last-good, the copy of the last good one in the home. Throws if it is bad. */
async function firstLoad(
  host: Host,
  settings: Settings,
  paths: HomePaths | undefined,
): Promise<{ loaded: LoadedTasks; refused: Loaded | undefined }> {
  const machine = readHostFacts(host, settings)
  const { tasks } = settings
  const loaded = await loadTasks(host, tasks, { machine, inThread: true, withContent: true })
  const { file } = loaded
  if (file !== undefined) return { loaded: { ...loaded, file }, refused: undefined }
  const last = paths && (await loadLastGood(host, paths, tasks, machine))
  if (last !== undefined && settings.lastGood === true) return { loaded: last, refused: loaded }
  const orLast = last === undefined ? '' : '; torch start --last-good starts on the last good one'
  throw badTasks(loaded, {
    exit: exitStatus.usage,
    hint: `fix the file, then check it with: torch validate ${loaded.path}${orLast}`,
    // Without a terminal the message goes into a journal.
    forLog: settings.foreground && !settings.pretty,
  })
}
