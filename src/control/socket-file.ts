import type { Server } from 'node:http'
import { TorchError, messageOf } from '../errors.ts'
import { diskFiles } from '../host/files.ts'
import { withShortPath } from './address.ts'

/** Nobody but the owner: the socket is made with mode 0600, there is no instant with another. */
const socketUmask = 0o177

/**
 * Makes the server listen at that path. A file that a crash left there is replaced. Gives the
 * identity of the socket. Only who holds the lock of the home may call it. Throws TorchError
 * `socket-unusable`.
 */
export async function listenAt(server: Server, socketPath: string): Promise<string | undefined> {
  // libuv removes the path that it bound when the server closes, whoever's file that is by then:
  // so it binds another name, which is gone once it is renamed.
  const temporary = `${socketPath}.new`
  try {
    diskFiles.remove(temporary)
    await bound(server, temporary)
    const identity = identityOf(temporary)
    diskFiles.rename(temporary, socketPath)
    return identity
  } catch (error) {
    server.close()
    throw new TorchError('socket-unusable', `cannot listen at ${socketPath}: ${messageOf(error)}`, {
      hint: 'see who may write in that folder, and move away what is there under that name',
      cause: error,
    })
  }
}

/**
 * Makes the server listen on the socket that the daemon before us has bound at that path, and that
 * came to us open: no connection is refused meanwhile. Gives its identity, as listenAt does.
 */
export async function listenOn(
  server: Server,
  socketPath: string,
  descriptor: number,
): Promise<string | undefined> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd: descriptor }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return identityOf(socketPath)
}

function bound(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    const before = process.umask(socketUmask)
    try {
      withShortPath(path, (short) => server.listen(short)) // bind(2) is in this call
    } finally {
      process.umask(before)
    }
  })
}

/** Of what is there now; undefined where nothing is. */
export function identityOf(path: string): string | undefined {
  return diskFiles.facts(path)?.identity
}
