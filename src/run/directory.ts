import path from 'node:path'
import type { Host } from '../host/host.ts'
import { parseStat, type ProcessIdentity } from '../host/processes.ts'
import type { Trigger } from '../plan/history-row.ts'
import type { EndReason, Verdict } from '../plan/run-outcome.ts'
import { parseExit } from './recorder.ts'

/** Where the runs of a task lie. */
export function runsFolder(home: string, task: string): string {
  return path.join(home, 'runs', task)
}

/** Where things of a run lie. */
export function runDirectory(home: string, task: string, run: string): string {
  return path.join(runsFolder(home, task), run)
}

/** The name of the folder that has an entry for each run not yet on record. */
export function activeFolder(home: string): string {
  return path.join(home, 'active')
}

/** The directory of a run that has an entry in `active`: the task is its first line. */
export function activeDirectory(host: Host, home: string, run: string): string {
  const [task = ''] = (host.files.readText(path.join(activeFolder(home), run)) ?? '').split('\n')
  return runDirectory(home, task, run)
}

/** run.json: what was started and why, and all that a later daemon needs to go on with it. */
export interface RunDescription {
  readonly run: string
  readonly task: string
  readonly type: 'common' | 'daemon'
  /** Seconds since the epoch. */
  readonly slot: number | null
  readonly dueMs: number | null
  readonly trigger: Trigger
  readonly attempt: number
  /** How many there are at most, with the first; not in older records. */
  readonly attempts?: number
  /** A hash of the task's definition. */
  readonly definition: string
  readonly revision: string | null
  readonly host: string
  readonly bootId: string
  /** Milliseconds since the epoch. */
  readonly startedMs: number
  readonly command: string | readonly string[]
  readonly timeoutMs: number | null
  readonly killAfterMs: number
  readonly successCodes: readonly number[]
  readonly maxOutputBytes: number
  /** Of a daemon task: what its place waited before this run. */
  readonly restartDelayMs: number
}

/** outcome.json: what became of it. Times in milliseconds since the epoch. */
export interface RunConclusion extends Verdict {
  readonly run: string
  readonly startedMs: number
  readonly endedMs: number
  /** Processes of its group that outlived it. */
  readonly stragglers: number
}

/** Written before the first signal, so that a later daemon knows who ended the run. */
export interface EndingNote {
  readonly reason: EndReason
  readonly signal: string
  readonly sinceMs: number
}

export interface RunTraces {
  readonly description: RunDescription | undefined
  readonly conclusion: RunConclusion | undefined
  readonly ending: EndingNote | undefined
  readonly claim: 'recorder' | 'void' | 'none'
  readonly recorder: ProcessIdentity | undefined
  readonly command: ProcessIdentity | undefined
  readonly exit: { status: number; signalled: boolean } | undefined
  readonly failure: string | undefined
}

/** All that a run directory tells. A damaged file counts as not there. */
export function readTraces(host: Host, directory: string): RunTraces {
  const text = (name: string) => host.files.readText(path.join(directory, name))
  const claim = text('claim')
  const exit = parseExit(text('exit'))
  return {
    description: parseJson(text('run.json')) as RunDescription | undefined,
    conclusion: parseJson(text('outcome.json')) as RunConclusion | undefined,
    ending: parseJson(text('ending.json')) as EndingNote | undefined,
    claim:
      host.files.readLink(path.join(directory, 'claim')) === voidMark
        ? 'void'
        : claim === undefined
          ? 'none'
          : 'recorder',
    recorder: parseStat(claim),
    command: parseStat(text('command')),
    exit,
    failure: text('failed')?.trim(),
  }
}

/** When the recorder wrote the status: the file itself is there from the beginning. */
export function exitTime(host: Host, directory: string): number | undefined {
  const facts = host.files.facts(path.join(directory, 'exit'))
  return facts !== undefined && facts.size > 0 ? facts.mtimeMs : undefined
}

/**
 * A daemon that voids a prepared run makes `claim` a link to this: a link is there at once and
 * whole, and the recorder, which opens with O_EXCL, cannot make its own any more.
 */
export const voidMark = 'void'

function parseJson(text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
