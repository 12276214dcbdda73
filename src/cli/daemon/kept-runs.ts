import path from 'node:path'
import { deniedHome } from '../../control/client.ts'
import { hasCode } from '../../host/system-error.ts'
import { isRunId } from '../../run/directory.ts'
import { isNamed } from '../../tasks/select.ts'
import type { Call } from '../command.ts'

/** A run that has a directory. */
export interface KeptRun {
  readonly task: string
  readonly run: string
}

/** The tasks that the words mean and that have, or had, a run in the home; sorted. */
export function keptTasks({ host, paths }: Call, words: readonly string[]): string[] {
  return readable(paths.home, () => host.files.list(paths.runs)).filter((task) =>
    isNamed(words, task),
  )
}

/** The runs of a task, oldest first. */
export function keptRuns({ host, paths }: Call, task: string): KeptRun[] {
  const names = readable(paths.home, () => host.files.list(path.join(paths.runs, task)))
  return names.filter(isRunId).map((run) => ({ task, run }))
}

function readable<T>(home: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw hasCode(error, 'EACCES', 'EPERM') ? deniedHome(home, error) : error
  }
}
