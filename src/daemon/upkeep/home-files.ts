import { messageOf } from '../../errors.ts'
import type { Lock } from '../../host/lock.ts'
import { listActive, makeActive } from '../../run/active.ts'
import { noteAlive } from '../recovery/daemon-record.ts'
import { claimBoot, saveLoadedLater } from '../recovery/saved-state.ts'
import type { Daemon } from '../state.ts'

/** These files inform and never decide: a daemon whose disk has just become full works without them. */
export function writeInfoFiles(daemon: Daemon): void {
  const { host, paths, settings, log } = daemon
  const write = (file: string, line: string, what: string): void => {
    try {
      host.files.replace(file, `${line}\n`, { mode: 0o600 })
    } catch (error) {
      log.error('trouble', { file }, `the ${what} could not be written: ${messageOf(error)}`)
    }
  }
  write(paths.pidfile, String(host.processes.pid), 'pidfile')
  write(paths.tasksPath, settings.tasks, 'path of the tasks file')
  noteAlive(daemon)
}

/**
 * Makes the home and its lock again if somebody removed them. Returns false if another daemon has
 * locked the home.
 */
export function keepLock({ host, paths, faults, log }: Daemon, lock: Lock): boolean {
  let isOurs = true
  faults.attempt('keep the lock of the home', () => {
    // Look first: to make what is there would throw, each second.
    if (host.files.facts(paths.home) === undefined) host.files.makeDirectory(paths.home)
    const state = lock.renew()
    if (state === 'renewed')
      log.warn('restore', { file: paths.lock }, 'the lock was removed; this is a new one')
    isOurs = state !== 'taken'
  })
  return isOurs
}

/**
 * Makes again what somebody removed from the home of a running daemon, a clean-up of old files for
 * example. The control socket, the log and the history look after themselves.
 */
export function restoreHome(daemon: Daemon): void {
  const { host, paths, queue, tickClock, faults } = daemon
  restore(daemon, paths.runs, () => host.files.makeDirectory(paths.runs))
  restore(daemon, paths.active, () => makeActive(host, paths.home))
  restoreEntries(daemon)
  restore(daemon, paths.pidfile, () => writeInfoFiles(daemon))
  restore(daemon, paths.tasksPath, () => writeInfoFiles(daemon))
  restore(daemon, paths.slots, tickClock.save)
  // In turn, because a reload writes the same file.
  restore(daemon, paths.loaded, () => void daemon.tasks.inTurn(() => saveLoadedLater(daemon)))
  // Without it the next daemon would take this boot for a new one, and start @reboot tasks again.
  restore(daemon, paths.boot, () => void claimBoot(daemon))
  // It may be missing because nothing was ever pending.
  faults.attempt('look for pending.json', () => {
    if (host.files.facts(paths.pending) === undefined) queue.saveSoon()
  })
}

function restore({ host, faults, log }: Daemon, file: string, make: () => void): void {
  faults.attempt(
    'restore the files of the home',
    () => {
      if (host.files.facts(file) !== undefined) return
      make()
      log.warn('restore', { file }, `${file} was removed and is made again`)
    },
    file,
  )
}

/** After a crash, the next daemon finds the runs in progress by their entries. */
function restoreEntries({ host, paths, runs, faults }: Daemon): void {
  faults.attempt('restore the entries of runs', () => {
    const listed = new Set(host.files.list(paths.active))
    for (const { description } of runs.all())
      if (!listed.has(description.run))
        listActive(host, paths.home, description.task, description.run)
  })
}
