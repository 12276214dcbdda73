import path from 'node:path'
import type { Host } from '../../host/host.ts'

/** The files that a tasks file is made of: itself, or those of the directory in the order of their names. */
export function tasksFiles(host: Host, tasks: string): string[] {
  if (host.files.facts(tasks)?.kind !== 'directory') return [tasks]
  const names = host.files.list(tasks).filter(isTasksFile)
  return names.map((name) => path.join(tasks, name))
}

/** Of the names in a directory those that are read. */
export function isTasksFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name)
}
