import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { isAlive } from '../../host/processes.ts'
import { activeDirectory, activeFolder, isRunId, readTraces } from '../../run/directory.ts'

/** The runs of a home that live, by task, oldest first: from their records, without a daemon. */
export function liveRuns(host: Host, home: string): Map<string, string[]> {
  const folder = activeFolder(home)
  const living = new Map<string, string[]>()
  for (const run of host.files.list(folder).filter(isRunId)) {
    const directory = activeDirectory(host, home, run)
    const task = path.basename(path.dirname(directory))
    if (isLive(host, directory)) living.set(task, [...(living.get(task) ?? []), run])
  }
  return living
}

/** A run of an earlier boot has pids that mean nothing now. */
function isLive(host: Host, directory: string): boolean {
  const { description, conclusion, exit, recorder, command } = readTraces(host, directory)
  if (description?.bootId !== host.processes.bootId) return false
  if (conclusion !== undefined || exit !== undefined) return false
  return isAlive(host, recorder) || isAlive(host, command)
}
