import { messageOf } from '../errors.ts'
import { counted } from '../text/plural.ts'
import { formatProblem, problemLine } from '../tasks/file/report.ts'
import { answersOf } from './control/answers.ts'
import { beginAgenda, newTorch, startFirst } from './start/begin.ts'
import type { Loaded } from './tasks-file/load.ts'
import { writeKnown, writeSlots } from './recovery/saved-state.ts'
import { startMinutes } from './upkeep/maintenance.ts'
import { obeySignals } from './handle-signals.ts'
import { writePending } from './starts/pending.ts'
import type { Ready } from './start/ready.ts'
import { recover } from './recovery/recover-runs.ts'
import { makeReload } from './tasks-file/reload.ts'
import type { Seat } from './start/process.ts'
import { makeStop } from './stop.ts'
import { makeRestart } from './handover/handover.ts'
import { startTicker } from './starts/ticker.ts'
import type { Torch } from './state.ts'
import { startTrims } from './upkeep/output-limits.ts'
import { watchTasks } from './tasks-file/watch-tasks.ts'

/** How a time with the home in our hands ended. */
export type LifeEnd =
  | { readonly kind: 'stopped' | 'handed-over' }
  /** The next daemon did not become ready: we go on, with the file as we had it. */
  | {
      readonly kind: 'again'
      readonly loaded: Torch['loaded']
      readonly refused: Loaded | undefined
    }

/** From taking up a home, and all that was left in it, until it is stopped or handed over. */
export async function live(
  seat: Seat,
  loaded: Torch['loaded'],
  refused: Loaded | undefined,
  onReady: (ready: Ready) => void,
): Promise<LifeEnd> {
  const { host, settings, paths, log, systemd } = seat
  const torch = newTorch(host, settings, paths, log, loaded)
  torch.refused = refused
  const reload = makeReload(torch)
  const stop = makeStop(torch)
  const stopWatching = await watchTasks(host, settings.tasks, loaded.hash, (hash) => {
    void reload('file', hash)
  })
  // IN ONE GO, without a pause in which a signal or a request could see a half of it.
  recover(torch)
  beginAgenda(torch)
  startFirst(torch)
  const stopTicking = startTicker(torch, true)
  writeSlots(torch)
  writeKnown(torch)
  const stopMinutes = startMinutes(torch)
  const stopTrims = startTrims(torch)
  const quiet = (): void => {
    stopTicking()
    stopMinutes()
    stopTrims()
    void stopWatching()
  }
  const restart = makeRestart(seat, torch, quiet)
  seat.desk.serve(answersOf(torch, { reload, stop: stop.ask, restart: restart.ask }))
  const passedOn = obeySignals(seat, torch, reload, () => stateWords(torch))
  // LAST: who reads a pid may signal it.
  inform(torch, torch.paths.pidfile, String(host.processes.pid), 'pidfile')
  inform(torch, torch.paths.tasksPath, settings.tasks, 'path of the tasks file')
  sayReady(torch, onReady)
  await systemd.ready(stateWords(torch))

  const next = await Promise.race([stop.asked, restart.over])
  if (next === 'failed') return { kind: 'again', loaded: torch.loaded, refused: torch.refused }
  if (next === 'handed-over') {
    await leaveSeat(seat, passedOn)
    return { kind: 'handed-over' }
  }
  await Promise.all([systemd.stopping(), stopWatching(), restart.drop()])
  stopMinutes()
  stopTrims()
  await stop.done()
  stopTicking()
  await closeHome(seat, torch)
  return { kind: 'stopped' }
}

/** A file that informs and never decides: a daemon whose disk has just become full does without. */
function inform({ host, log }: Torch, file: string, line: string, what: string): void {
  try {
    host.files.replace(file, `${line}\n`, { mode: 0o644 })
  } catch (error) {
    log.error('trouble', { file }, `the ${what} could not be written: ${messageOf(error)}`)
  }
}

function sayReady(torch: Torch, onReady: (ready: Ready) => void): void {
  const { loaded, settings, host } = torch
  const warnings = loaded.problems.map(formatProblem)
  const launcher = host.processes.launcher()
  torch.log.info(
    'ready',
    {
      version: settings.version,
      home: settings.home,
      file: loaded.path,
      revision: loaded.revision,
      tasks: loaded.file.tasks.length,
      here: torch.here.size,
      launcher: launcher.name,
      ...(launcher.why === undefined ? {} : { launcherWhy: launcher.why }),
      warnings: loaded.problems.map(problemLine),
    },
    `ready: ${stateWords(torch)}`,
  )
  onReady({ pid: host.processes.pid, warnings })
}

function stateWords(torch: Torch): string {
  const here = torch.here.size
  return `${here} of ${counted(torch.loaded.file.tasks.length, 'task')} ${here === 1 ? 'runs' : 'run'} here`
}

/** The next daemon has it all: what was asked here is passed on to it, then this process may end. */
async function leaveSeat(seat: Seat, passedOn: () => Promise<unknown>): Promise<void> {
  const farewell = seat.server.handOver()
  seat.desk.passOn(seat.paths.socket)
  await farewell
  await passedOn()
  seat.systemd.close()
  seat.log.info('handed-over', {}, 'handed over to the next daemon')
  seat.log.close()
}

/** All that happened is on disk, and nothing of ours is left but the records. */
async function closeHome(seat: Seat, torch: Torch): Promise<void> {
  const { host, paths, log } = seat
  seat.systemd.close()
  await seat.server.close()
  writePending(torch)
  torch.history.close()
  torch.faults.attempt('remove the pidfile', () => {
    if (host.files.readText(paths.pidfile)?.trim() === String(host.processes.pid))
      host.files.remove(paths.pidfile)
  })
  torch.faults.close()
  log.info('stopped', {}, 'stopped')
  log.close()
  seat.lock.release()
}
