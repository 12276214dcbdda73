import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { Host } from './host.ts'

/** The right to be the only daemon of a home. The kernel releases it when the process ends, however it ends. */
export interface Lock {
  /** A process that inherits the descriptor holds the lock too. It is free when all have closed it. */
  readonly descriptor: number
  release(): void
}

/**
 * Takes the lock of a home; undefined if another process holds it. The program flock(1) locks a descriptor
 * of this process. The lock belongs to the open file, so it stays when that program has ended. If the
 * program is missing, an abstract Unix socket serves as the lock.
 */
export async function takeLock(host: Host, file: string): Promise<Lock | undefined> {
  const descriptor = host.files.openAppend(file)
  const result = host.processes.runProgramSync('flock', ['-n', '3'], [descriptor])
  if (result.missing) {
    host.files.close(descriptor)
    return takeSocketLock(file)
  }
  // If the file was removed and made again meanwhile, two processes could hold a lock.
  const same =
    host.files.facts(file)?.identity === host.files.facts(`/proc/self/fd/${descriptor}`)?.identity
  if (result.status === 0 && same) return heldLock(host, descriptor)
  host.files.close(descriptor)
  return undefined
}

/** The lock that an open descriptor holds: taken by this daemon, or by the previous one. */
export function heldLock(host: Host, descriptor: number): Lock {
  return { descriptor, release: () => host.files.close(descriptor) }
}

/** An abstract name is not a file, so nothing is left behind (unix(7)). It must be short, so it is a hash. */
function takeSocketLock(file: string): Promise<Lock | undefined> {
  const name = `\0torch-${createHash('sha256').update(path.resolve(file)).digest('hex')}`
  return new Promise((resolve) => {
    const server = net.createServer((client) => client.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(name, () =>
      resolve({ descriptor: descriptorOf(server) ?? -1, release: () => server.close() }),
    )
  })
}

/** The descriptor that a server listens on. Node has no public name for it. */
export function descriptorOf(server: net.Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof descriptor === 'number' ? descriptor : undefined
}
