import type net from 'node:net'
import { TorchError } from '../errors.ts'
import type { Host } from './host.ts'

/** The right to be the only daemon of a home. The kernel releases it when the process ends, however it ends. */
export interface Lock {
  /** A process that inherits the descriptor holds the lock too. It is free when all have closed it. */
  readonly descriptor: number
  /**
   * Looks whether the locked file still is the one at its path. If it was removed or replaced, creates
   * and locks the file that belongs there. `taken`: another process has locked that. Throws if the file
   * cannot be created.
   */
  renew(): 'held' | 'renewed' | 'taken'
  release(): void
}

/**
 * Takes the lock of a home; undefined if another process holds it. The program flock(1) locks a descriptor
 * of this process. The lock belongs to the open file, so it stays when that program has ended. If the
 * program is missing, the library koffi makes the same call. Throws TorchError `no-lock` if both are missing:
 * anything that needs neither, such as an abstract socket, another user could hold first.
 */
export async function takeLock(host: Host, file: string): Promise<Lock | undefined> {
  const descriptor = lockFile(host, file)
  if (descriptor === 'no-program')
    throw new TorchError('no-lock', `the program flock is missing, so torch cannot lock ${file}`, {
      hint: 'install util-linux',
    })
  return descriptor === 'taken' ? undefined : heldLock(host, file, descriptor)
}

/** The lock that an open descriptor holds: taken by this daemon, or by the previous one. */
export function heldLock(host: Host, file: string, descriptor: number): Lock {
  const { files } = host
  let held = descriptor
  return {
    get descriptor() {
      return held
    },
    renew() {
      const ours = files.facts(openedAs(held))
      // The previous daemon may have had a socket as its lock.
      if (ours?.kind !== 'file' || files.facts(file)?.identity === ours.identity) return 'held'
      const next = lockFile(host, file)
      if (next === 'no-program') return 'held'
      if (next === 'taken') return 'taken'
      files.close(held)
      held = next
      return 'renewed'
    },
    release: () => files.close(held),
  }
}

/** The descriptor of the locked file; the caller closes it. */
function lockFile({ files, processes }: Host, file: string): number | 'taken' | 'no-program' {
  const descriptor = files.openAppend(file)
  const result = processes.runProgramSync('flock', ['-n', '3'], [descriptor])
  // If the file was removed and made again meanwhile, two processes could hold a lock.
  const isSame = files.facts(file)?.identity === files.facts(openedAs(descriptor))?.identity
  const isLocked = result.missing ? files.tryLock(descriptor) : result.status === 0
  if (isLocked === true && isSame) return descriptor
  files.close(descriptor)
  return isLocked === undefined ? 'no-program' : 'taken'
}

function openedAs(descriptor: number): string {
  return `/proc/self/fd/${descriptor}`
}

/** The descriptor that a server listens on. Node has no public name for it. */
export function descriptorOf(server: net.Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof descriptor === 'number' ? descriptor : undefined
}
