import path from 'node:path'
import { hasCode } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { activeFolder, runDirectory } from './directory.ts'
import { isRunId } from './id.ts'

/** Lists a run in `active`: what is not listed there is never looked for after a crash. */
export function listActive(host: Host, home: string, task: string, run: string): void {
  try {
    writeEntry(host, home, task, run)
  } catch (error) {
    // Where all is gone, so is the home: it may be a disk that comes back.
    const isHome = host.files.facts(path.join(home, 'runs')) !== undefined
    if (!hasCode(error, 'ENOENT') || !isHome) throw error
    makeActive(host, home)
    writeEntry(host, home, task, run)
  }
}

/** Makes `active` where there is none; where somebody removed it, with all runs that have no outcome. */
export function makeActive(host: Host, home: string): void {
  const { files } = host
  const folder = activeFolder(home)
  if (files.facts(folder)?.kind === 'directory') return
  files.makeDirectory(folder)
  const runs = path.join(home, 'runs')
  for (const task of files.list(runs)) {
    for (const run of files.list(path.join(runs, task)).filter(isRunId)) {
      const directory = runDirectory(home, task, run)
      if (files.facts(path.join(directory, 'run.json')) === undefined) continue
      if (files.facts(path.join(directory, 'outcome.json')) !== undefined) continue
      writeEntry(host, home, task, run)
    }
  }
}

function writeEntry({ files }: Host, home: string, task: string, run: string): void {
  files.write(path.join(activeFolder(home), run), `${task}\n`)
}
