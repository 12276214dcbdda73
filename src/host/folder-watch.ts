import fs from 'node:fs'

/** Reports that something in a folder changed. It may miss a change. Returns a function that stops it. */
export type WatchFolder = (folder: string, onChange: () => void) => Promise<() => Promise<void>>

/** Reports the names of files in a folder that were written to. It may miss some. Returns a function that stops it. */
export type WatchNames = (folder: string, onName: (name: string) => void) => () => void

/**
 * Watches by chokidar. It watches the folder and not a file in it, because the watch of a file is lost
 * when git or an editor renames another file over it. Best effort: its callers poll too.
 */
export const watchFolder: WatchFolder = async (folder, onChange) => {
  const { watch } = await import('chokidar')
  const watcher = watch(folder, { depth: 0, ignoreInitial: true })
  watcher.on('all', onChange)
  // No inotify watch is left, or the folder is gone. The poll of the caller still works.
  watcher.on('error', () => {})
  return () => watcher.close()
}

/** Watches by inotify(7), with one watch for the folder. Best effort, too. */
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
