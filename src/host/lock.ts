import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { Host } from './host.ts'

/** The right to be the one daemon of a home. The kernel ends it with the process, whatever ends that. */
export interface Lock {
  /** Handed to another process it is held by that one too, until both have closed it. */
  readonly descriptor: number
  release(): void
}

/**
 * Takes the lock of a home, or gives undefined where another process holds it. flock(2) by the
 * program of that name on a descriptor of our own: the lock belongs to the open file, so it stays
 * when that program has ended. Without the program an abstract Unix socket does the same.
 */
export async function takeLock(host: Host, file: string): Promise<Lock | undefined> {
  const descriptor = host.files.openAppend(file)
  const result = host.processes.runProgramSync('flock', ['-n', '3'], [descriptor])
  if (result.missing) {
    host.files.close(descriptor)
    return takeSocketLock(file)
  }
  // A file that was removed and made again under us would be locked by two.
  const same =
    host.files.facts(file)?.identity === host.files.facts(`/proc/self/fd/${descriptor}`)?.identity
  if (result.status === 0 && same) return heldLock(host, descriptor)
  host.files.close(descriptor)
  return undefined
}

/** A lock that is held by this open descriptor: taken here, or by the daemon before us. */
export function heldLock(host: Host, descriptor: number): Lock {
  return { descriptor, release: () => host.files.close(descriptor) }
}

/** Abstract names are not files (unix(7)): nothing is left behind. Hashed, for they are short. */
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

/** The descriptor that a server listens on: Node has no public name for it. */
export function descriptorOf(server: net.Server): number | undefined {
  const handle: unknown = Reflect.get(server, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof descriptor === 'number' ? descriptor : undefined
}
