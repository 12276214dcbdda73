import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { quietly } from '../../host/system-error.ts'
import { isRunId, readDescription, type RunDescription, runDirectory } from '../../run/directory.ts'
import type { Faults } from '../../run/faults.ts'
import { type LiveRun, newLiveRun, type RunContext } from '../../run/live-run.ts'
import {
  complainOfLoss,
  cutMiddle,
  emptyMiddle,
  forgetWritten,
  isCollecting,
  noteWritten,
  writtenFolder,
} from '../../run/output.ts'
import type { Phase } from '../phase.ts'
import type { RunTable } from '../starts/run-table.ts'

/** The outputs that somebody writes: runs, and processes that runs left behind. */
export interface OpenOutputs {
  /** A run has ended: its output is truncated to max_size once nobody writes it any more. */
  close(run: LiveRun): void
  /** Truncates the outputs that are written now, as far as that is possible meanwhile. */
  limit(): void
  /** Takes up the outputs that an earlier daemon left: the ones it noted, and the outputs of these runs. */
  recover(ended: readonly RunDescription[]): void
  /** Whether the output of a run that has ended is still written. Its directory must stay. */
  has(run: string): boolean
}

/** Most collectors end with their run. What is left after this time is noted on disk. */
const noteMs = 100

interface OpenOutputsParts {
  readonly faults: Faults
  readonly phase: Phase
  readonly runs: RunTable
  readonly context: RunContext
  /** Called after the end of an output that was written longer than its run lasted: its run may be removed now. */
  readonly onEnd: (task: string) => void
}

export function newOpenOutputs(parts: OpenOutputsParts): OpenOutputs {
  const { faults, phase, runs, context, onEnd } = parts
  const { host, home } = context
  const open = new Map<string, LiveRun>()

  function finish(run: LiveRun): void {
    const { maxOutputBytes } = run.description
    if (hasLost(host, run)) complainOfLoss(context, run)
    const wasOpen = open.delete(run.description.run)
    void faults.attemptAsync('cut outputs', () => cutMiddle(host, run.directory, maxOutputBytes))
    if (wasOpen) onEnd(run.description.task)
  }

  /** The next daemon takes it up if this one has left its home. */
  function noteOrFinish(run: LiveRun): void {
    if (seemsCollecting(host, run))
      faults.attempt('note open outputs', () => noteWritten(host, home, run))
    else if (phase.now !== 'gone') finish(run)
  }

  function lookAgain(run: LiveRun): void {
    if (seemsCollecting(host, run)) return limitOne(run)
    finish(run)
    faults.attempt('note open outputs', () => forgetWritten(host, home, run.description.run))
  }

  function limitOne(run: LiveRun): void {
    void faults.attemptAsync('look at outputs', () => emptyMiddle(context, run))
  }

  function close(run: LiveRun): void {
    if (!seemsCollecting(host, run)) return finish(run)
    open.set(run.description.run, run)
    host.clock.after(noteMs, () => noteOrFinish(run))
  }

  return {
    close,
    limit() {
      for (const run of runs.all()) limitOne(run)
      for (const run of open.values()) lookAgain(run)
    },
    recover(ended) {
      for (const description of ended) close(endedRun(home, description))
      for (const id of host.files.list(writtenFolder(home)).filter(isRunId)) {
        const run = writtenRun(host, home, id)
        if (run === undefined) forgetWritten(host, home, id)
        else open.set(id, run)
      }
    },
    has: (run) => open.has(run),
  }
}

/** What torch cannot look at now, because no descriptor is free, it looks at again later. */
function seemsCollecting(host: Host, run: LiveRun): boolean {
  try {
    return isCollecting(host, run)
  } catch {
    return true
  }
}

/** The collector of an adopted run cannot report it. */
function hasLost({ files }: Host, { directory }: LiveRun): boolean {
  return quietly(() => files.facts(path.join(directory, 'lost'))) !== undefined
}

/** undefined if somebody removed the run. */
function writtenRun(host: Host, home: string, id: string): LiveRun | undefined {
  const [task = ''] = (host.files.readText(path.join(writtenFolder(home), id)) ?? '').split('\n')
  const description = readDescription(host, runDirectory(home, task, id))
  return task === '' || description === undefined ? undefined : endedRun(home, description)
}

function endedRun(home: string, description: RunDescription): LiveRun {
  const directory = runDirectory(home, description.task, description.run)
  return newLiveRun({ description, directory, recorder: undefined, state: { kind: 'ended' } })
}
