import path from 'node:path'
import { removeOldRuns } from '../../run/retention.ts'
import { ageCounts } from '../starts/ticker.ts'
import { runsOf, type Torch } from '../state.ts'

/** So many folders of tasks are looked at in a minute: 100 tasks at once, 100,000 within a day. */
const foldersPerSweep = 100

/** What is kept of tasks that are gone from the file, as if they still said nothing about it. */
const keepOfRemoved = { keepRuns: 20, keepForMs: 7 * 24 * 3600 * 1000 }

/**
 * Gives what removes runs that are too old of tasks that have not run since, or are gone: at each
 * call some more of the folders there are, and those of a new round where none is left. Never throws.
 */
export function makeSweep(torch: Torch): () => Promise<void> {
  let left: string[] = []
  return () =>
    torch.faults.attemptAsync('look for old runs', async () => {
      if (left.length === 0) left = await torch.host.files.listAsync(torch.paths.runs)
      for (const task of left.splice(0, foldersPerSweep)) tidySoon(torch, task)
    })
}

/** After a burst of starts there is time; in it there is none. */
const tidyAfterMs = 300
const tidyPauseMs = 20
const tasksPerTidy = 10

/** Removes what a task has too much of, once what is due now has started. */
export function tidySoon(torch: Torch, task: string): void {
  torch.untidy.add(task)
  if (torch.untidy.size === 1) torch.host.clock.after(tidyAfterMs, () => tidySome(torch))
}

function tidySome(torch: Torch): void {
  if (torch.phase === 'gone') return
  const some = torch.due.size > 0 ? [] : [...torch.untidy].slice(0, tasksPerTidy)
  for (const task of some) {
    torch.untidy.delete(task)
    tidyTask(torch, task)
  }
  if (torch.untidy.size > 0) torch.host.clock.after(tidyPauseMs, () => tidySome(torch))
}

function tidyTask(torch: Torch, task: string): void {
  const { host, paths, faults } = torch
  const asked = torch.tasks.get(task)?.output ?? keepOfRemoved
  const keep = ageCounts(torch) ? asked : { ...asked, keepForMs: host.clock.now() }
  const tidy = (): void => {
    removeOldRuns(host, paths.home, task, keep, (run) => isRunning(torch, task, run))
    const folder = path.join(paths.runs, task)
    if (!torch.tasks.has(task) && host.files.list(folder).length === 0) host.files.remove(folder)
  }
  faults.attempt('remove old runs', tidy, task)
}

function isRunning(torch: Torch, task: string, run: string): boolean {
  return runsOf(torch, task).some((each) => each.description.run === run)
}
