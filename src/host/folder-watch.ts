import fs from 'node:fs'

/** Tells that something in a folder changed; not what, and perhaps not always. */
export type WatchFolder = (folder: string, onChange: () => void) => Promise<() => Promise<void>>

/** Tells the names of files in a folder that were written to, perhaps not all; gives what stops it. */
export type WatchNames = (folder: string, onName: (name: string) => void) => () => void

/**
 * By chokidar on the folder itself, not on the file in it: a watched file is lost when git or an
 * editor renames another over it. Best effort: whoever uses it polls besides.
 */
export const watchFolder: WatchFolder = async (folder, onChange) => {
  const { watch } = await import('chokidar')
  const watcher = watch(folder, { depth: 0, ignoreInitial: true })
  watcher.on('all', onChange)
  // Out of inotify watches, or the folder vanished: the poll sees what this does not.
  watcher.on('error', () => {})
  return () => watcher.close()
}

/** By inotify(7), one watch for the folder; best effort, as above. */
export const watchNames: WatchNames = (folder, onName) => {
  try {
    const watcher = fs.watch(folder, (_, name) => {
      if (name !== null) onName(name)
    })
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => {}
  }
}
