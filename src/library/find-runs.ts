import path from 'node:path'
import { TorchError } from '../errors.ts'
import { followLines } from '../follow/follow-lines.ts'
import { type HomeFiles, type KeptRun, keptRuns, keptTasks, liveRuns } from '../follow/kept-runs.ts'
import { newRunsOf } from '../follow/new-runs.ts'
import { rowInHistory } from '../follow/run-end.ts'
import type { RunEvent } from '../follow/run-event.ts'
import { fromStart } from '../follow/run-output.ts'
import { timeText } from '../record/history/rows.ts'
import { isRunId, startOfRun } from '../run/directory.ts'
import { isSelected } from '../tasks/select.ts'
import type { TaskNames } from './api.ts'
import { checkedTasks } from './arguments.ts'

/** The runs of these tasks that are running, oldest first. */
export function livingRuns(home: HomeFiles, tasks: TaskNames | undefined): KeptRun[] {
  const { host, paths } = home
  const names = checkedTasks(tasks)
  // Says that this user may not enter the home, where that is so.
  keptTasks(home, [])
  return [...liveRuns(host, paths.home, { isNew: true })]
    .filter(([task]) => isSelected(names, task))
    .flatMap(([task, runs]) => runs.map((run) => ({ task, run })))
    .toSorted((a, b) => (a.run < b.run ? -1 : 1))
}

/** A run by its id: by its folder or, if that is gone, by its row in the history. Throws `no-run`. */
export async function findRun(home: HomeFiles, id: string): Promise<KeptRun> {
  const { host, paths } = home
  if (isRunId(id)) {
    const isThere = (task: string): boolean =>
      host.files.facts(path.join(paths.runs, task, id)) !== undefined
    const task = keptTasks(home, ['*']).find(isThere) ?? (await rowInHistory(home, id))?.task
    if (task !== undefined) return { task, run: id }
  }
  throw new TorchError('no-run', `there is no run ${id}`, {
    hint: 'torch history shows the runs with their ids',
  })
}

/** The events of runs: of those that are running now, from their start, and of later ones. */
export function followRuns(
  home: HomeFiles,
  tasks: TaskNames | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<RunEvent, void, undefined> {
  const names = checkedTasks(tasks)
  // NOW, and in this order: no run that starts after this call is missed, however late the loop begins.
  const kept = keptTasks(home, names).flatMap((task) => keptRuns(home, task))
  const living = livingRuns(home, names)
  const watchNew = (onChange: () => void) => newRunsOf(home, names, [...kept, ...living], onChange)
  return eventsOf()

  async function* eventsOf(): AsyncGenerator<RunEvent, void, undefined> {
    const runs = living.map((run) => ({ run, beginning: fromStart }))
    for (const run of living) yield { event: 'start', ...run, at: timeText(startOfRun(run.run)) }
    for await (const events of followLines(home, { runs, watchNew, untilClosed: true, signal }))
      yield* events
  }
}
