import path from 'node:path'
import { messageOf } from '../errors.ts'
import { planRecovery } from '../plan/recovery.ts'
import {
  activeDirectory,
  activeFolder,
  type RunConclusion,
  type RunDescription,
  readTraces,
  type RunTraces,
  voidMark,
} from './directory.ts'
import { isRunId } from './id.ts'
import { armTimeout, conclude, type LiveRun, resumeEnding, type RunRoom } from './end.ts'
import { isAlive, settle } from './conclude.ts'
import { watchRun } from './watch.ts'

/** What became of the runs that an earlier daemon left without a record. */
export interface Recovered {
  /** They run; watched from now on. Oldest first. */
  readonly adopted: LiveRun[]
  /** On record in their directories, but perhaps not in the history. */
  readonly concluded: { description: RunDescription; conclusion: RunConclusion }[]
  /** Prepared and never started, and never will be. */
  readonly voided: RunDescription[]
  /** Could not be looked at, and why; looked at again by the next daemon. */
  readonly failed: { run: string; words: string }[]
  /** The ends of all others come by onEnd, while this is at work. */
}

/** Looks at every run in `active`, and goes on with it, concludes it, or voids it. */
export function recoverRuns(room: RunRoom): Recovered {
  const recovered: Recovered = { adopted: [], concluded: [], voided: [], failed: [] }
  const { files } = room.host
  const folder = activeFolder(room.home)
  for (const id of files.list(folder).filter(isRunId)) {
    try {
      const directory = activeDirectory(room.host, room.home, id)
      const description = recoverRun(room, directory, readTraces(room.host, directory), recovered)
      if (description === undefined) files.remove(path.join(folder, id))
    } catch (error) {
      // One that cannot be read must not keep the daemon from all the others.
      recovered.failed.push({ run: id, words: messageOf(error) })
    }
  }
  return recovered
}

function recoverRun(
  room: RunRoom,
  directory: string,
  traces: RunTraces,
  recovered: Recovered,
): RunDescription | undefined {
  const { description, conclusion } = traces
  if (description === undefined) return undefined
  const run = liveRun(directory, description, traces)
  const sameBoot = description.bootId === room.host.processes.bootId
  const plan = planRecovery({
    described: true,
    concluded: conclusion !== undefined,
    claim: traces.claim,
    sameBoot,
    exited: traces.exit !== undefined,
    recorderAlive: sameBoot && isAlive(room.host, traces.recorder),
    commandAlive: sameBoot && isAlive(room.host, traces.command),
  })
  switch (plan) {
    case 'forget':
      return undefined
    case 'void':
      if (!voidRun(room, directory, traces))
        return recoverRun(room, directory, readTraces(room.host, directory), recovered)
      recovered.voided.push(description)
      return undefined
    case 'adopt':
      recovered.adopted.push(run)
      if (traces.ending === undefined) armTimeout(room, run)
      else resumeEnding(room, run, traces.ending)
      watchRun(room, run)
      return description
    case 'record':
    case 'unknown':
      if (conclusion !== undefined) recovered.concluded.push({ description, conclusion })
      else settle(room, run, undefined)
      return description
    case 'lost':
      conclude(room, run, lostByReboot, room.host.clock.now())
      return description
  }
}

const lostByReboot = {
  outcome: 'unknown',
  exitCode: null,
  signal: null,
  reason: 'the machine was rebooted',
} as const

function liveRun(directory: string, description: RunDescription, traces: RunTraces): LiveRun {
  const { ending } = traces
  return {
    description,
    directory,
    recorder: traces.recorder,
    state: ending === undefined ? { kind: 'running' } : { kind: 'ending', ...ending },
    trimmed: { to: 0, complained: false },
    cancelTimer() {},
  }
}

/** False where the recorder was faster. */
function voidRun(room: RunRoom, directory: string, traces: RunTraces): boolean {
  if (traces.claim === 'none' && !room.host.files.claim(path.join(directory, 'claim'), voidMark))
    return false
  // run.json FIRST: without it a recorder that comes when `claim` is gone already starts nothing.
  room.host.files.remove(path.join(directory, 'run.json'))
  room.host.files.remove(directory)
  return true
}
