import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { calendarsHash, contentHash, quietStamp } from './load.ts'

/** How often the content is examined, even without an event of the watcher. */
const pollMs = 1_000
/** A change is taken after the content has stayed the same for this long: it is not half written. */
const settleMs = 200
/** Wait after an event, because more events follow at once. */
const hurryMs = 20

/**
 * Calls `onChange` after each change of the content of a file or directory, or of the files of its calendars. The
 * hash decides. The watcher only makes it fast; the poll finds what the watcher misses. The hash is undefined if
 * only a calendar has changed. Returns a function that stops it.
 */
export async function watchTasks(
  host: Host,
  tasks: string,
  seen: string,
  onChange: (hash: string | undefined) => void,
  calendarFiles: () => readonly string[] = () => [],
): Promise<() => Promise<void>> {
  let taken = seen
  let pending: string | undefined
  // Calendars may have changed since the file was loaded: as if they had.
  let files: readonly string[] = []
  let calendars = calendarsHash(host, files)
  let cancel = (): void => {}
  const arm = (ms: number): void => {
    cancel()
    cancel = host.clock.after(ms, look)
  }
  let stamp: string | undefined
  const look = (): void => {
    const isOther = calendarFiles() !== files
    if (isOther) files = calendarFiles()
    const quiet = quietStamp(host, tasks, files)
    if (quiet !== undefined && quiet === stamp && pending === undefined && !isOther)
      return arm(pollMs)
    stamp = quiet
    const now = contentHash(host, tasks)
    const days = calendarsHash(host, files)
    const all = `${now} ${days}`
    if (now === taken && days === calendars) pending = undefined
    else if (all === pending) {
      const isTasksOnly = now !== taken && days === calendars
      ;[taken, calendars, pending] = [now, days, undefined]
      onChange(isTasksOnly ? now : undefined)
    } else {
      pending = all
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
