import type { Server } from 'node:http'
import { messageOf } from '../errors.ts'
import { wallClock } from '../host/clock.ts'
import { diskFiles } from '../host/files.ts'
import { identityOf, listenAt, listenOn } from './socket-file.ts'

/** How often it is looked whether the socket is still there: so long nobody finds the daemon. */
const lookMs = 2_000

export interface KeptSocket {
  /** Removes it, if it is still ours. One that cannot be removed is replaced by the next daemon. */
  remove(): void
  /** From now on it is not made again. */
  leave(): void
}

/**
 * Makes the server listen at that path, or on what it `inherited`, and again whenever the file is
 * gone, or another's: somebody cleans up folders, or restores a backup. `tell` hears of it once.
 * Throws as listenAt does, where it cannot be made in the first place.
 */
export async function keepSocket(
  server: Server,
  socketPath: string,
  tell: (words: string) => void,
  inherited: number | undefined,
): Promise<KeptSocket> {
  let ours =
    inherited === undefined
      ? await listenAt(server, socketPath)
      : await listenOn(server, socketPath, inherited)
  let isLeft = false
  let told = ''
  const remove = (): void => {
    try {
      if (ours !== undefined && identityOf(socketPath) === ours) diskFiles.remove(socketPath)
    } catch (error) {
      tell(`the control socket ${socketPath} could not be removed: ${messageOf(error)}`)
    }
  }
  const look = async (): Promise<void> => {
    try {
      if (ours === undefined || identityOf(socketPath) !== ours) {
        // What is connected stays so.
        server.close()
        ours = undefined
        ours = await listenAt(server, socketPath)
        tell(`the control socket ${socketPath} was gone: it is made again`)
      }
      told = ''
    } catch (error) {
      const words = messageOf(error)
      if (words !== told) tell(words)
      told = words
    }
    if (!isLeft) return arm()
    // Left in the meantime.
    server.close()
    remove()
  }
  let cancel = (): void => {}
  const arm = (): void => {
    cancel = wallClock.after(lookMs, () => void look())
  }
  arm()
  return {
    remove,
    leave() {
      isLeft = true
      cancel()
    },
  }
}
