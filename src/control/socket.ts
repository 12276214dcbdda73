import type { Server } from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { messageOf, TorchError } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { diskFiles } from '../host/files.ts'
import { hasCode } from '../host/system-error.ts'

/** How often the daemon checks that the socket is still there. Without it nobody finds the daemon. */
const checkIntervalMs = 2_000
/** The system has 108 bytes for the path of a socket, with the zero at its end (unix(7)). */
const maxPathBytes = 107
/** The socket has mode 0600 from its first moment. */
const socketUmask = 0o177

/** The file of a socket that this daemon listens on. */
export interface SocketFile {
  /** Removes the file, if it is still ours. */
  remove(): void
  /** From now on a missing file is not made again. */
  leave(): void
}

/**
 * Makes the server listen at that path, or on the `inherited` descriptor that the previous daemon
 * has bound there. The members of the `group` may connect too. If the file goes away or is replaced (somebody cleans up directories, or restores
 * a backup), it is made again, and `report` gets one message. Only the owner of the lock of the home
 * may call it. Throws TorchError `socket-unusable`.
 */
export async function listen(
  server: Server,
  socketPath: string,
  report: (message: string) => void,
  {
    inherited,
    group,
  }: { readonly inherited?: number | undefined; readonly group?: number | undefined },
): Promise<SocketFile> {
  let ours =
    inherited === undefined
      ? await listenAt(server, socketPath, group)
      : await listenOn(server, socketPath, inherited)
  let isLeft = false
  let reported = ''
  const remove = (): void => {
    try {
      if (ours !== undefined && identityOf(socketPath) === ours) diskFiles.remove(socketPath)
    } catch (error) {
      report(`cannot remove the control socket ${socketPath}: ${messageOf(error)}`)
    }
  }
  const check = async (): Promise<void> => {
    try {
      if (ours === undefined || identityOf(socketPath) !== ours) {
        stopListening(server)
        ours = undefined
        ours = await listenAt(server, socketPath, group)
        report(`the control socket ${socketPath} was missing and has been made again`)
      }
      reported = ''
    } catch (error) {
      const message = messageOf(error)
      if (message !== reported) report(message)
      reported = message
    }
    if (!isLeft) return schedule()
    // The daemon left the socket while it was made again.
    stopListening(server)
    remove()
  }
  let cancel = (): void => {}
  const schedule = (): void => {
    cancel = wallClock.after(checkIntervalMs, () => void check())
  }
  schedule()
  return {
    remove,
    leave() {
      isLeft = true
      cancel()
    },
  }
}

/**
 * Takes no more connections. `onClosed` is called when all open ones have ended. The close() of an HTTP
 * server does more: it cuts replies that are not yet written out, and no longer ends connections
 * whose request takes too long.
 */
export function stopListening(server: Server, onClosed?: () => void): void {
  net.Server.prototype.close.call(server, onClosed)
}

/** Replaces a file that a crash left there. Returns the identity of the new socket. */
async function listenAt(
  server: Server,
  socketPath: string,
  group: number | undefined,
): Promise<string | undefined> {
  // When the server closes, libuv removes the path that it bound, even if another daemon has bound
  // it since. So it binds a temporary name, which the rename takes away.
  const temporary = `${socketPath}.new`
  try {
    diskFiles.remove(temporary)
    await bind(server, temporary)
    if (group !== undefined) {
      diskFiles.changeGroup(temporary, group)
      diskFiles.changeMode(temporary, 0o660)
    }
    const identity = identityOf(temporary)
    diskFiles.rename(temporary, socketPath)
    return identity
  } catch (error) {
    server.close()
    throw new TorchError('socket-unusable', `cannot listen at ${socketPath}: ${messageOf(error)}`, {
      hint: 'check who may write in that directory, and move away what has that name',
      cause: error,
    })
  }
}

function bind(server: Server, temporary: string): Promise<void> {
  return listening(server, () => {
    const before = process.umask(socketUmask)
    try {
      withShortPath(temporary, (short) => server.listen(short)) // calls bind(2) at once
    } finally {
      process.umask(before)
    }
  })
}

/** No connection is refused in between: both daemons have the same socket open. */
async function listenOn(
  server: Server,
  socketPath: string,
  descriptor: number,
): Promise<string | undefined> {
  await listening(server, () => server.listen({ fd: descriptor }))
  return identityOf(socketPath)
}

/** Whether a process listens there. It may be stopped or hang, so nothing is asked. */
export function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isThere: boolean): void => {
      resolve(isThere)
      connection?.destroy()
    }
    let connection: net.Socket | undefined
    try {
      connection = withShortPath(socketPath, (short) => net.connect(short))
      connection.once('connect', () => settle(true))
      // EAGAIN: many others connect at this moment, so somebody must listen.
      connection.once('error', (error) => settle(hasCode(error, 'EAGAIN')))
    } catch {
      settle(false)
    }
  })
}

/** Settles when the server listens, after `start` has told it where; rejects with the error if it cannot. */
export function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    start()
  })
}

/** Device and inode of what is there now; undefined if nothing is. */
function identityOf(socketPath: string): string | undefined {
  return diskFiles.facts(socketPath)?.identity
}

/**
 * Calls `use` with a path to the socket that is short enough for the system: Node would silently
 * truncate a longer one, and reach another socket. A long path becomes `/proc/self/fd/N/torch.sock`,
 * by an open descriptor of its directory. The descriptor is closed when `use` returns, so `use` must
 * call bind(2) or connect(2) at once, as listen() and connect() of node:net do. Throws Node's error
 * if there is no such directory.
 */
export function withShortPath<T>(socketPath: string, use: (path: string) => T): T {
  if (Buffer.byteLength(socketPath) <= maxPathBytes) return use(socketPath)
  const directory = diskFiles.openRead(path.dirname(socketPath))
  try {
    return use(`/proc/self/fd/${directory}/${path.basename(socketPath)}`)
  } finally {
    diskFiles.close(directory)
  }
}
