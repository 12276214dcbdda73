import type { Socket } from 'node:net'

/** A fair part of the least that a daemon may have open (1024), and more than a script asks with at once. */
export const maxConnections = 256
/** Of answers that wait to be read; the largest there is is a part of it. */
const maxUnreadBytes = 128 * 1024 * 1024
/** Who reads nothing of its answer for so long does not read it. */
const maxUnreadMs = 10_000

/** `asks`: its request is not whole. `waits`: it is at work for it. `reads`: the answer is on its way. */
type Stage = 'asks' | 'waits' | 'reads'

/** Who is connected, and who of them gives way where there are too many: never one that waits. */
export interface Crowd {
  enter(client: Socket): void
  /** Its request is whole. */
  asked(client: Socket): void
  /** It has its answer, and must read it. */
  answered(client: Socket): void
}

/** `tell` hears once of each time that there are too many. */
export function newCrowd(tell: (words: string) => void): Crowd {
  /** Oldest first. */
  const stages = new Map<Socket, Stage>()
  let isTold = false
  const oldest = (stage: Stage): Socket | undefined => {
    for (const [client, at] of stages) if (at === stage) return client
    return undefined
  }
  const leave = (client: Socket): void => {
    stages.delete(client)
    if (stages.size <= maxConnections / 2) isTold = false
  }
  const makeRoom = (newcomer: Socket): void => {
    if (!isTold)
      tell(`more than ${maxConnections} connections to the control socket: idle ones end`)
    isTold = true
    const last = oldest('asks') ?? oldest('reads') ?? newcomer
    leave(last)
    last.destroy()
  }
  return {
    enter(client) {
      if (stages.size >= maxConnections) makeRoom(client)
      if (client.destroyed) return
      stages.set(client, 'asks')
      client.once('close', () => leave(client))
    },
    asked(client) {
      if (stages.has(client)) stages.set(client, 'waits')
    },
    answered(client) {
      if (!stages.delete(client)) return
      // Anew, so that those that read are in the order of their answers.
      stages.set(client, 'reads')
      client.setTimeout(maxUnreadMs, () => client.destroy())
      const readers = [...stages].flatMap(([each, stage]) => (stage === 'reads' ? [each] : []))
      let unread = readers.reduce((sum, each) => sum + each.writableLength, 0)
      for (const each of readers.slice(0, -1)) {
        if (unread <= maxUnreadBytes) return
        unread -= each.writableLength
        each.destroy()
      }
    },
  }
}
