import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { contentHash, quietStamp } from './load.ts'

/** How often the content is examined, even without an event of the watcher. */
const pollMs = 1_000
/** A change is taken after the content has stayed the same for this long: it is not half written. */
const settleMs = 200
/** Wait after an event, because more events follow at once. */
const hurryMs = 20

/**
 * Calls `onChange` after each change of the content of a file or directory. The hash decides. The
 * watcher only makes it fast; the poll finds what the watcher misses. Returns a function that stops it.
 */
export async function watchTasks(
  host: Host,
  tasks: string,
  seen: string,
  onChange: (hash: string) => void,
): Promise<() => Promise<void>> {
  let taken = seen
  let pending: string | undefined
  let cancel = (): void => {}
  const arm = (ms: number): void => {
    cancel()
    cancel = host.clock.after(ms, look)
  }
  let stamp: string | undefined
  const look = (): void => {
    const quiet = quietStamp(host, tasks)
    if (quiet !== undefined && quiet === stamp && pending === undefined) return arm(pollMs)
    stamp = quiet
    const now = contentHash(host, tasks)
    if (now === taken) pending = undefined
    else if (now === pending) {
      taken = now
      pending = undefined
      onChange(now)
    } else {
      pending = now
      return arm(settleMs)
    }
    arm(pollMs)
  }
  // Not while a content settles: a flood of events must not delay it for ever.
  const hurry = (): void => {
    if (pending === undefined) arm(hurryMs)
  }
  const folder = isFolder(host, tasks) ? tasks : path.dirname(tasks)
  const stopWatching = await host.watchFolder(folder, hurry)
  arm(pollMs)
  return () => {
    cancel()
    return stopWatching()
  }
}

/** False if the file cannot be examined: it may have become a symbolic link to itself. */
function isFolder(host: Host, tasks: string): boolean {
  try {
    return host.files.facts(tasks)?.kind === 'directory'
  } catch {
    return false
  }
}
