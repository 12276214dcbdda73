import path from 'node:path'
import { diskFiles } from '../host/files.ts'
import { shellQuoted } from '../text/shell-quote.ts'

/**
 * What to type that a daemon runs for that home: with the tasks file that the last one had, where it
 * is known and is not the one that is taken anyway.
 */
export function startWords(home: string): string {
  const start = `torch start --home ${shellQuoted(home)}`
  const tasks = otherTasks(home)
  return tasks === undefined ? start : `${start} --tasks ${shellQuoted(tasks)}`
}

function otherTasks(home: string): string | undefined {
  try {
    const last = diskFiles.readText(path.join(home, 'tasks-path'))?.replace(/\n$/, '') || undefined
    return last === path.resolve('tasks.yaml') ? undefined : last
  } catch {
    // A home that may not be read, or a folder to stand in that is gone: the hint is shorter.
    return undefined
  }
}
