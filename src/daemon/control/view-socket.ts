import { type Answers, type ControlServer, serveControl } from '../../control/server.ts'
import { messageOf } from '../../errors.ts'
import { groupId } from '../startup/open-home.ts'
import type { Daemon } from '../state.ts'

/** The socket on which the members of a group may look, if the daemon has one. */
export interface ViewSocket {
  /** Settles when it listens, or cannot. */
  readonly opened: Promise<unknown>
  /** Removes it. */
  close(): Promise<void>
  /** From now on the next daemon may put its own in its place. Whoever connects to this one is still answered. */
  leave(): void
  /** After `leave`: takes no more connections. Settles when all clients have their answers. */
  end(): Promise<void>
}

/**
 * Listens on the view socket, if the settings name a group; else removes one that an earlier daemon left
 * there. A daemon works without it, so what is in its way is only logged.
 */
export function openViewSocket(daemon: Daemon, answers: Answers): ViewSocket {
  const opening = serve(daemon, answers)
  return {
    opened: opening,
    close: async () => (await opening)?.close(),
    leave: () => void opening.then((server) => server?.leave()),
    end: async () => (await opening)?.handOver(),
  }
}

async function serve(daemon: Daemon, answers: Answers): Promise<ControlServer | undefined> {
  const { host, paths, settings, log } = daemon
  const { viewGroup } = settings
  const report = (words: string): void => log.warn('trouble', { file: paths.viewSocket }, words)
  try {
    if (viewGroup !== undefined)
      return await serveControl(paths.viewSocket, answers, report, {
        viewers: groupId(host, viewGroup),
      })
    host.files.remove(paths.viewSocket)
  } catch (error) {
    report(`the view socket does not work: ${messageOf(error)}`)
  }
  return undefined
}
