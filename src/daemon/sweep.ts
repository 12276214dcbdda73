import path from 'node:path'
import { wordsOf } from '../errors.ts'
import { removeOldRuns } from '../run/keep.ts'
import { runsOf, type Torch } from './torch.ts'

/** So many folders of tasks are looked at in a minute: 100 tasks at once, 100,000 within a day. */
const foldersPerSweep = 100

/** What is kept of tasks that are gone from the file, as if they still said nothing about it. */
export const keepOfRemoved = { keepRuns: 20, keepForMs: 7 * 24 * 3600 * 1000 }

/**
 * Removes runs that are too old of tasks that have not run since, or are gone, some folders at a
 * time: those behind the one it was told. Gives the last one, for the next time.
 */
export function sweepRuns(torch: Torch, behind: string): string {
  const { host, paths } = torch
  const folders = host.files.list(paths.runs).filter((task) => task > behind)
  const some = folders.slice(0, foldersPerSweep)
  for (const task of some) {
    try {
      const keep = torch.tasks.get(task)?.output ?? keepOfRemoved
      removeOldRuns(host, paths.home, task, keep, (run) => isRunning(torch, task, run))
      const folder = path.join(paths.runs, task)
      if (!torch.tasks.has(task) && host.files.list(folder).length === 0) host.files.remove(folder)
    } catch (error) {
      torch.log.warn('trouble', { task }, `could not remove its old runs: ${wordsOf(error)}`)
    }
  }
  return folders.length > some.length ? (some.at(-1) ?? '') : ''
}

function isRunning(torch: Torch, task: string, run: string): boolean {
  return runsOf(torch, task).some((each) => each.description.run === run)
}
