import { askDaemon } from '../../control/client.ts'
import { isAnswered } from '../../control/socket.ts'
import { TorchError } from '../../errors.ts'
import { pause } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import { type Lock, takeLock } from '../../host/lock.ts'
import type { HomePaths } from '../settings.ts'
import { cgroupOf } from '../systemd.ts'
import { readPid } from './open-home.ts'

/** How long a daemon that systemd has lost may take to leave its home, and how often to look. */
const leaveMs = 10_000
const lookMs = 50

/**
 * Takes the lock of a home. Throws TorchError `already-running` if a daemon runs there. A daemon of
 * systemd (`isService`) takes the place of one that is in the same service and that systemd has lost: it
 * is not the main process, or systemd would not start another.
 */
export async function lockHome(host: Host, paths: HomePaths, isService: boolean): Promise<Lock> {
  const lock = await lockIfFree(host, paths)
  if (lock !== undefined) return lock
  const pid = readPid(host, paths)
  if (isService && pid !== undefined && isInThisService(host, pid)) {
    const left = await takeFrom(host, paths)
    if (left !== undefined) return left
  }
  const who = pid === undefined ? 'another torch daemon' : `a torch daemon (pid ${pid})`
  throw new TorchError('already-running', `${who} already runs on ${paths.home}`, {
    hint: 'torch status shows what it does; torch reload makes it read its file again',
  })
}

/**
 * undefined if a daemon runs there. If somebody removed the lock file, the lock is free although a
 * daemon runs, but that daemon still answers.
 */
async function lockIfFree(host: Host, paths: HomePaths): Promise<Lock | undefined> {
  const lock = await takeLock(host, paths.lock)
  if (lock === undefined || !(await isAnswered(paths.socket))) return lock
  lock.release()
  return undefined
}

function isInThisService(host: Host, pid: number): boolean {
  const own = cgroupOf(host, host.processes.pid)
  return own !== undefined && own.endsWith('.service') && cgroupOf(host, pid) === own
}

/** The other daemon ends and leaves its runs; undefined if it does not. */
async function takeFrom(host: Host, paths: HomePaths): Promise<Lock | undefined> {
  try {
    await askDaemon(paths.socket, 'stop', { graceMs: null, leave: true })
  } catch {
    return undefined
  }
  const endMs = host.clock.monotonic() + leaveMs
  while (host.clock.monotonic() < endMs) {
    const lock = await lockIfFree(host, paths)
    if (lock !== undefined) return lock
    await pause(host.clock, lookMs)
  }
  return undefined
}
