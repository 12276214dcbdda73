import path from 'node:path'
import type { Host } from '../host/host.ts'
import { hasCode } from '../host/system-error.ts'
import {
  type EndingNote,
  isRunId,
  parseJson,
  readTraces,
  runDirectory,
  type RunTraces,
} from './directory.ts'

/*
 * active/RUN: one entry for each run that is not yet in the history. Its first line is the task. What
 * follows comes with the end: a word of the recorder, and notes for which the run directory had no room.
 */

/** The folder that has an entry for each run that is not yet in the history. */
export function activeFolder(home: string): string {
  return path.join(home, 'active')
}

/** Everything that is known of a run with an entry in `active`, and its directory. */
export function readActive(
  host: Host,
  home: string,
  run: string,
): RunTraces & { directory: string } {
  const entry = host.files.readText(path.join(activeFolder(home), run)) ?? ''
  const [task = '', ...notes] = entry.split('\n')
  const directory = runDirectory(home, task, run)
  const traces = readTraces(host, directory)
  const noted = (name: NoteName) => {
    const line = notes.findLast((each) => each.startsWith(`${name} `))
    return parseJson(line?.slice(name.length))
  }
  return {
    ...traces,
    directory,
    ending: (noted('ending') as EndingNote | undefined) ?? traces.ending,
    sent: (noted('signals') as readonly string[] | undefined) ?? traces.sent,
  }
}

/** Adds a run to `active`. After a crash, torch looks only for the runs that are listed there. */
export function listActive(host: Host, home: string, task: string, run: string): void {
  try {
    writeEntry(host, home, task, run)
  } catch (error) {
    // If `runs` is gone too, the whole home is gone: it may be a disk that will be mounted again.
    const hasHome = host.files.facts(path.join(home, 'runs')) !== undefined
    if (!hasCode(error, 'ENOENT') || !hasHome) throw error
    makeActive(host, home)
    writeEntry(host, home, task, run)
  }
}

/** Makes `active` if it is missing. If somebody removed it, lists all runs without an outcome again. */
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

type NoteName = 'ending' | 'signals'

/**
 * Writes `ending.json` or `signals.json` of a run. On a full disk the note goes to the entry in `active`,
 * which is small and has some room left in its block.
 */
export function writeNote(
  { files }: Host,
  home: string,
  { directory, run }: { directory: string; run: string },
  [name, value]: readonly ['ending', EndingNote] | readonly ['signals', readonly string[]],
): void {
  const text = JSON.stringify(value)
  try {
    // In place: an earlier note has the same length or less.
    files.overwrite(path.join(directory, `${name}.json`), text)
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error
    files.append(path.join(activeFolder(home), run), `${name} ${text}\n`)
  }
}
