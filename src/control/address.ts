import path from 'node:path'
import { diskFiles } from '../host/files.ts'

/** The system has 108 bytes for the path of a socket, with the zero at its end (unix(7)). */
const maxAddressBytes = 107

/**
 * Calls `use` with a path that is short enough for the system and leads to `socketPath`. Node cuts
 * a longer one off without a word, and would make, or speak to, another socket. A long one is
 * reached through a descriptor of its folder, `/proc/self/fd/N/torch.sock`, which is open
 * during the call only: bind(2) or connect(2) must have happened when `use` returns, as they
 * have with listen() and connect() of node:net. Throws Node's error where there is no such folder.
 */
export function withShortPath<T>(socketPath: string, use: (path: string) => T): T {
  if (Buffer.byteLength(socketPath) <= maxAddressBytes) return use(socketPath)
  const folder = diskFiles.openRead(path.dirname(socketPath))
  try {
    return use(`/proc/self/fd/${folder}/${path.basename(socketPath)}`)
  } finally {
    diskFiles.close(folder)
  }
}
