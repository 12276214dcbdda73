import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isAlive } from '../host/processes.ts'
import { planRecovery } from '../plan/recovery.ts'
import { concludeRun, recordOutcome } from './conclude.ts'
import { activeFolder, readActive } from './active.ts'
import {
  isRunId,
  preparedFolder,
  type RunConclusion,
  type RunDescription,
  readTraces,
  type RunTraces,
  voidMark,
} from './directory.ts'
import { armTimeout, resumeEnding } from './end.ts'
import { armReady, wasReady } from './ready.ts'
import { byOrder, type OrderedRun } from './order.ts'
import { type LiveRun, newLiveRun, type RunContext, type RunState } from './live-run.ts'

/** What became of the runs that an earlier daemon left. */
export interface Recovered {
  /** They still run, and are watched from now on. Oldest first. */
  readonly adopted: LiveRun[]
  /** Their directories have an outcome, but the history may not. */
  readonly concluded: { description: RunDescription; conclusion: RunConclusion }[]
  /** They were prepared, but did not start and never will. */
  readonly voided: RunDescription[]
  /** They ended meanwhile, and are concluded now. Their ends are not passed on to onEnd. */
  readonly ended: { run: LiveRun; conclusion: RunConclusion }[]
  /** They could not be examined, and why. The next daemon tries again. */
  readonly failed: { run: string; reason: string }[]
}

/**
 * Examines every run in `active` after an earlier daemon stopped, crashed or was killed with -9. A run
 * that still runs is adopted, one that ended is concluded, one that never started is voided.
 */
export function recoverRuns(context: RunContext): Recovered {
  const recovered: Recovered = { adopted: [], concluded: [], ended: [], voided: [], failed: [] }
  const { host, home } = context
  const folder = activeFolder(home)
  // Its recorders waited for runs that never came, and ended with that daemon.
  host.files.remove(preparedFolder(home))
  for (const id of host.files.list(folder).filter(isRunId)) {
    try {
      const { directory, ...traces } = readActive(host, home, id)
      if (!recoverRun(context, directory, traces, recovered))
        host.files.remove(path.join(folder, id))
    } catch (error) {
      // A run that cannot be read must not keep the daemon from all others.
      recovered.failed.push({ run: id, reason: messageOf(error) })
    }
  }
  return {
    ...recovered,
    adopted: recovered.adopted.toSorted(inOrderOfStart),
    ended: recovered.ended.toSorted((a, b) => inOrderOfStart(a.run, b.run)),
    concluded: recovered.concluded.toSorted(inOrderOfStart),
  }
}

function inOrderOfStart(a: Described, b: Described): number {
  return byOrder(placeOf(a), placeOf(b))
}

type Described = Pick<LiveRun, 'description'>

function placeOf({ description: { run, startedMs, orderMs = startedMs } }: Described): OrderedRun {
  return { run, orderMs }
}

/** Returns whether the run must stay in `active`. */
function recoverRun(
  context: RunContext,
  directory: string,
  traces: RunTraces,
  recovered: Recovered,
): boolean {
  const { host } = context
  const { description, conclusion } = traces
  if (description === undefined) return false
  const isSameBoot = isOfThisBoot(host, description)
  const plan = planRecovery({
    described: true,
    concluded: conclusion !== undefined,
    claim: traces.claim,
    sameBoot: isSameBoot,
    exited: traces.exit !== undefined,
    recorderAlive: isSameBoot && isAlive(host, traces.recorder),
    commandAlive: isSameBoot && isAlive(host, traces.command),
  })
  switch (plan) {
    case 'forget':
      return false
    case 'void':
      if (!voidRun(host, directory, traces))
        return recoverRun(context, directory, readTraces(host, directory), recovered)
      recovered.voided.push(description)
      return false
    case 'adopt':
      recovered.adopted.push(adopt(context, directory, description, traces))
      return true
    case 'record':
    case 'unknown':
      if (conclusion !== undefined) recovered.concluded.push({ description, conclusion })
      else concludeFound(collecting(context, recovered), directory, description, traces)
      return true
    case 'lost':
      recordOutcome(
        collecting(context, recovered),
        foundRun(host, directory, description, traces),
        lostByReboot,
        host.clock.now(),
      )
      return true
  }
}

function isOfThisBoot({ processes }: Host, { bootId }: RunDescription): boolean {
  return bootId === processes.bootId
}

/** Collects ends: nothing may follow from them before it is known what else runs. */
function collecting(context: RunContext, { ended }: Recovered): RunContext {
  return { ...context, onEnd: (run, conclusion) => void ended.push({ run, conclusion }) }
}

/** The reason of a run that the end of the whole machine ended. */
export const rebootReason = 'the machine was rebooted'

const lostByReboot = {
  outcome: 'unknown',
  exitCode: null,
  signal: null,
  reason: rebootReason,
} as const

/** If torch ended the run, processes of its group may be left. They get the KILL that is still to come. */
function concludeFound(
  context: RunContext,
  directory: string,
  description: RunDescription,
  traces: RunTraces,
): void {
  const run = foundRun(context.host, directory, description, traces)
  // FIRST: the end of the run cancels this KILL, unless such processes are left.
  if (traces.ending !== undefined) resumeEnding(context, run, traces.ending)
  concludeRun(context, run, undefined)
}

/** Adopts a run that still runs: its timeout or its KILL is timed again, and its end is watched for. */
function adopt(
  context: RunContext,
  directory: string,
  description: RunDescription,
  traces: RunTraces,
): LiveRun {
  const run = foundRun(context.host, directory, description, traces)
  if (traces.ending === undefined) {
    armTimeout(context, run)
    armReady(context, run)
  } else resumeEnding(context, run, traces.ending)
  context.watch.add(run)
  return run
}

function foundRun(
  host: Host,
  directory: string,
  description: RunDescription,
  { recorder, ending, sent }: RunTraces,
): LiveRun {
  const state: RunState = ending === undefined ? { kind: 'running' } : { kind: 'ending', ...ending }
  // After a reboot the process group is gone, and another one may have its number.
  const group = isOfThisBoot(host, description) ? recorder : undefined
  const run = newLiveRun({ description, directory, recorder: group, state }, sent)
  run.isReady = wasReady(host, directory, description)
  return run
}

/**
 * Voids a run that was prepared and not started, so that it can never start. Returns false if its
 * recorder was faster.
 */
function voidRun({ files }: Host, directory: string, traces: RunTraces): boolean {
  if (traces.claim === 'none' && !files.claim(path.join(directory, 'claim'), voidMark)) return false
  // run.json FIRST: without it, a recorder that comes when `claim` is gone already starts nothing.
  files.remove(path.join(directory, 'run.json'))
  files.remove(directory)
  return true
}
