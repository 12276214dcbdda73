import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { contentHash, quietStamp } from './load.ts'

/** How often the content is looked at, whatever the watcher says. */
const pollMs = 1_000
/** A change is taken once the content stayed the same for this long: not half written. */
const settleMs = 200
/** After an event: more of them follow at once. */
const hurryMs = 20

/**
 * Calls `onChange` after each change of the content of a file or directory. The watcher only makes
 * it fast: the poll finds what it misses, and the hash decides. Gives what stops it.
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
  // Armed only if the last look is over: a flood of events must not put off the settled one.
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

/** Not where it cannot be told: a daemon may come back to a file that has become a circle of links. */
function isFolder(host: Host, tasks: string): boolean {
  try {
    return host.files.facts(tasks)?.kind === 'directory'
  } catch {
    return false
  }
}
