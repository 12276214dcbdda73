import type { Socket } from 'node:net'

/** The most that all replies which wait to be read may take in memory. */
export const maxUnreadBytes = 48 * 1024 * 1024
/** A quarter of the descriptors of a daemon (1024), and more than a script opens at once. */
export const maxIdleConnections = 256

/**
 * The connections that the daemon does no work for: the request has not arrived yet, or the reply
 * has not been read. If there are too many, or too much waits to be read, the oldest ones end, so
 * that clients that say or read nothing do not keep others out or fill the memory.
 */
export interface IdleConnections {
  add(this: void, connection: Socket): void
  remove(connection: Socket): void
}

/** Without connections. `report` gets a message when it begins to close some. */
export function boundIdle(report: (message: string) => void): IdleConnections {
  /** Oldest first. */
  const idle = new Set<Socket>()
  let isReported = false
  const remove = (connection: Socket): void => {
    idle.delete(connection)
    if (idle.size <= maxIdleConnections / 2) isReported = false
  }
  const end = (connection: Socket): void => {
    remove(connection)
    connection.destroy()
  }
  const boundCount = (): void => {
    const [oldest] = idle
    if (idle.size <= maxIdleConnections || oldest === undefined) return
    if (!isReported)
      report(
        `more than ${maxIdleConnections} idle connections to the control socket: closing the oldest`,
      )
    isReported = true
    end(oldest)
  }
  return {
    add(connection) {
      idle.add(connection)
      connection.once('close', () => remove(connection))
      boundCount()
      for (const reader of tooSlow([...idle])) end(reader)
    },
    remove,
  }
}

/** The connections that must end because too much waits to be read: the oldest ones, never the newest. */
function tooSlow(connections: readonly Socket[]): Socket[] {
  const readers = connections.filter(({ writableLength }) => writableLength > 0)
  let unread = readers.reduce((sum, { writableLength }) => sum + writableLength, 0)
  return readers.slice(0, -1).filter(({ writableLength }) => {
    const isTooMuch = unread > maxUnreadBytes
    if (isTooMuch) unread -= writableLength
    return isTooMuch
  })
}
