import { createHash } from 'node:crypto'
import net from 'node:net'
import path from 'node:path'
import type { Host } from './host.ts'

/** The right to be the one daemon of a home. The kernel ends it with the process, whatever ends that. */
export interface Lock {
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
  if (result.status === 0 && same) return { release: () => host.files.close(descriptor) }
  host.files.close(descriptor)
  return undefined
}

/** Abstract names are not files (unix(7)): nothing is left behind. Hashed, for they are short. */
function takeSocketLock(file: string): Promise<Lock | undefined> {
  const name = `\0torch-${createHash('sha256').update(path.resolve(file)).digest('hex')}`
  return new Promise((resolve) => {
    const server = net.createServer((client) => client.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(name, () => resolve({ release: () => server.close() }))
  })
}
