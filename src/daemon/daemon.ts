import { serveControl } from '../control/server.ts'
import { TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { type Lock, takeLock } from '../host/lock.ts'
import { openLog } from '../record/log.ts'
import { formatProblem } from '../tasks/report.ts'
import type { TasksFile } from '../tasks/task.ts'
import { answersOf } from './answers.ts'
import { beginAgenda, newTorch, startFirst } from './begin.ts'
import { dumpState } from './dump.ts'
import { openHome, readPid } from './home.ts'
import { type Loaded, loadTasks } from './load.ts'
import { writeKnown, writeSlots } from './memory.ts'
import { startMinutes } from './minute.ts'
import { writePending } from './pending.ts'
import { recover } from './recovery.ts'
import { makeReload } from './reload.ts'
import type { HomePaths, Settings } from './settings.ts'
import { catchSignals } from './signals.ts'
import { makeStop } from './stop.ts'
import { type NotifyEnvironment, openSystemd } from './systemd.ts'
import { startTicker } from './ticker.ts'
import type { Torch } from './torch.ts'
import { watchTasks } from './watch.ts'

/** What the daemon says once it is ready. */
export interface Ready {
  readonly pid: number
  /** Warnings of the tasks file. */
  readonly warnings: readonly string[]
}

/**
 * The life of a daemon, from its first signal handler to its last record. Settles when it has
 * stopped; throws a TorchError where it cannot become ready.
 */
export async function runDaemon(
  host: Host,
  settings: Settings,
  environment: NotifyEnvironment,
  onReady: (ready: Ready) => void,
): Promise<void> {
  // FIRST: until then a USR2 would be the end.
  const signals = catchSignals()
  const systemd = openSystemd(host, environment)
  const paths = openHome(host, settings.home)
  const lock = await lockHome(host, paths)
  const loaded = await firstLoad(host, settings)
  const log = openLog(
    settings.foreground ? { stdout: true, pretty: settings.pretty } : { file: paths.log },
    settings.logLevel,
  )
  const torch = newTorch(host, settings, paths, log, loaded)
  const reload = makeReload(torch)
  const stop = makeStop(torch)
  const server = await serveControl(paths.socket, answersOf(torch, reload, stop.ask), (words) =>
    log.warn('trouble', {}, words),
  )
  const close = async (): Promise<void> => {
    await server.close()
    closeHome(torch, lock)
  }
  if (signals.stopAsked()) {
    await close()
    throw new TorchError('stopped-early', 'the daemon was told to stop while it was starting')
  }
  const stopWatching = await watchTasks(host, settings.tasks, loaded.hash, (hash) => {
    void reload('file', hash)
  })
  const reloadBySignal = async (): Promise<void> => {
    await systemd.reloading()
    await reload('signal')
    await systemd.ready(stateWords(torch))
  }
  signals.obey({
    stop: () => stop.ask({ graceMs: null, leave: false }),
    reload: () => void reloadBySignal(),
    reopenLog: () => log.reopen(),
    dumpState: () => dumpState(torch),
  })
  // IN ONE GO, without a pause in which a signal or a request could see a half of it.
  recover(torch)
  beginAgenda(torch)
  startFirst(torch)
  const stopTicking = startTicker(torch, true)
  writeSlots(torch)
  writeKnown(torch)
  const stopMinutes = startMinutes(torch)

  // LAST: who reads a pid may signal it.
  host.files.replace(paths.pidfile, `${host.processes.pid}\n`, { mode: 0o644 })
  sayReady(torch, onReady)
  await systemd.ready(stateWords(torch))

  await stop.asked
  await Promise.all([systemd.stopping(), stopWatching()])
  stopMinutes()
  await stop.done()
  stopTicking()
  systemd.close()
  await close()
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
  const loaded = await loadTasks(host, settings.tasks)
  if (loaded.file !== undefined) return { ...loaded, file: loaded.file }
  const count = loaded.problems.filter((problem) => problem.severity === 'error').length
  throw new TorchError(
    'bad-tasks',
    `the tasks file ${loaded.path} is not valid (${count === 1 ? '1 problem' : `${count} problems`})`,
    {
      hint: `mend it, and see with: torch validate ${loaded.path}`,
      details: loaded.problems.map(formatProblem),
    },
  )
}

function sayReady(torch: Torch, onReady: (ready: Ready) => void): void {
  const { loaded, settings, host } = torch
  const warnings = loaded.problems.map(formatProblem)
  torch.log.info(
    'ready',
    {
      version: settings.version,
      home: settings.home,
      file: loaded.path,
      revision: loaded.revision,
      tasks: loaded.file.tasks.length,
      here: torch.here.size,
      warnings,
    },
    `ready: ${stateWords(torch)}`,
  )
  onReady({ pid: host.processes.pid, warnings })
}

function stateWords(torch: Torch): string {
  return `${torch.here.size} of ${torch.loaded.file.tasks.length} tasks run here`
}

/** All that happened is on disk, and nothing of ours is left but the records. */
function closeHome(torch: Torch, lock: Lock): void {
  const { host, paths, log } = torch
  writePending(torch)
  torch.history.close()
  if (host.files.readText(paths.pidfile)?.trim() === String(host.processes.pid))
    host.files.remove(paths.pidfile)
  log.info('stopped', {}, 'stopped')
  log.close()
  lock.release()
}
