import type { WatchFolder } from './host.ts'

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
