import path from 'node:path'
import type { Clock } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import { isAlive } from '../../host/processes.ts'
import type { BatchEnd } from '../../plan/messages.ts'
import { mayHelp } from '../../plan/retry.ts'
import { endedByTorch } from '../../plan/run-outcome.ts'
import { discardBatch, putBack, runsWithMessages, settleBatch } from '../../record/inbox/batch.ts'
import type { Log } from '../../record/log.ts'
import { readTraces, type RunConclusion, type RunDescription } from '../../run/directory.ts'
import { rebootReason } from '../../run/recover.ts'
import { counted } from '../../text/plural.ts'
import type { HomePaths } from '../settings.ts'
import { feedRuns } from './feed.ts'
import { fullPool } from './pools.ts'
import { requestStart } from './request-start.ts'
import type { StartParts } from './start-parts.ts'

export interface MessageParts extends StartParts {
  readonly host: Host
  readonly clock: Clock
  readonly paths: HomePaths
  readonly log: Log
}

/** How long messages start nothing after a run that could not take any: doubled each time. */
const minHoldMs = 1_000
const maxHoldMs = 60_000

/**
 * Does what messages that wait for a task ask for: the runs of a daemon task get them, and for a manual
 * task runs are started, as many as its `max` allows. Those of a common task wait for its slot.
 */
export function startForMessages(parts: MessageParts, name: string): void {
  const { phase, tasks, runs, queue, messages, pauses, clock } = parts
  const task = tasks.here.get(name)
  if (task?.input.mode !== 'queue') return
  if (task.type === 'daemon') feedRuns(parts, name)
  if (task.type !== 'manual' || pauses.of(name) !== undefined) return
  const { held, inbox } = messages
  // A start that waits for its script has its place already.
  const places = () => runs.of(name).length + queue.heldOf(name).length
  const hasRoom = () => places() < task.max && fullPool(parts, task) === undefined
  while (phase.now === 'running' && hasRoom()) {
    if (inbox.waiting.amount(name).count === 0) return
    const hold = held.get(name)
    if (hold !== undefined && clock.monotonic() < hold.untilMs) return
    const answer = requestStart(parts, messageStart(name))
    if (answer.kind === 'started' && answer.run.messages.length > 0) held.delete(name)
    else {
      const delayMs = Math.min(hold === undefined ? minHoldMs : hold.delayMs * 2, maxHoldMs)
      held.set(name, { delayMs, untilMs: clock.monotonic() + delayMs })
    }
  }
}

function messageStart(task: string) {
  return { task, slot: undefined, trigger: 'message', attempt: 1, dueMs: undefined } as const
}

/**
 * A run that had messages is over: they are removed, wait again, are kept for its retry, or are dead. If
 * the machine refuses that, it is tried again until it works.
 */
export function settleMessages(
  parts: MessageParts,
  run: RunDescription,
  conclusion: RunConclusion,
  hasRetry: boolean,
): void {
  const { messages, faults, log } = parts
  const { inbox, unsettled, kept } = messages
  const { task, run: id, attempt, retryOf } = run
  const end = { ...batchEnd(conclusion, hasRetry, attemptsOf(parts, run, conclusion)), attempt }
  unsettled.add(id)
  if (retryOf !== undefined) kept.delete(retryOf)
  if (hasRetry) kept.set(id, attempt)
  faults.insist('settle messages', () => {
    const { dead } = settleBatch(inbox, task, id, end)
    unsettled.delete(id)
    if (dead === 0) return
    const words = `${counted(dead, 'message')} of ${task} ${dead === 1 ? 'is' : 'are'} dead`
    const why = end.isKilled ? 'the run was killed' : 'given as often as retry allows'
    const text = `${words}: ${why}, see torch inbox ${task} --dead`
    log.warn('dead', { task, run: id, messages: dead }, text)
  })
}

/** A task that is gone from the file has the attempts that the run had. After some failures there is none. */
function attemptsOf(
  { tasks }: MessageParts,
  { task, attempts = 1 }: RunDescription,
  conclusion: RunConclusion,
): number {
  const retry = tasks.all.get(task)?.retry
  if (retry === undefined) return attempts - 1
  return mayHelp(retry, conclusion) ? retry.attempts : 0
}

/** What decides about the messages of a run. `attempts`: after the first one. */
export function batchEnd(conclusion: RunConclusion, hasRetry: boolean, attempts: number): BatchEnd {
  const { outcome, reason } = conclusion
  const byTorch = endedByTorch(conclusion)
  const isKilled = byTorch && reason === 'kill'
  const isInterrupted = (byTorch && !isKilled) || reason === rebootReason
  return { outcome, isInterrupted, isKilled, hasRetry, attempts }
}

/**
 * Puts back what was taken for runs that will not read it: a run that never began, or a retry that did
 * not happen. `isWanted` says which runs have an end that is still to come, besides those that run.
 */
export function returnMessages(
  parts: MessageParts,
  task: string,
  isWanted: (run: string) => boolean = () => false,
): void {
  const { inbox, unsettled, kept } = parts.messages
  const taken = runsWithMessages(inbox, task)
  if (taken.length === 0) return
  const { timed, due, waiting } = parts.queue
  const pending = [...timed.keys(), ...due, ...waiting.values(), ...parts.queue.heldOf(task)]
  const retried = new Set(pending.map((each) => each.retryOf))
  const running = new Set(parts.runs.of(task).map(({ description }) => description.run))
  for (const run of taken) {
    if (unsettled.has(run) || retried.has(run) || running.has(run) || isWanted(run)) continue
    returnOf(parts, task, run)
    kept.delete(run)
  }
}

function returnOf({ host, paths, messages, log }: MessageParts, task: string, run: string): void {
  const { inbox, kept } = messages
  const traces = readTraces(host, path.join(paths.runs, task, run))
  const { description, conclusion, claim, recorder, command } = traces
  if (description !== undefined && conclusion === undefined) {
    // `torch run` started it when no daemon seemed to be there, and this daemon does not know it.
    if (claim === 'none' || isAlive(host, recorder) || isAlive(host, command)) return
  }
  const isBatch = description?.type !== 'daemon'
  if (isBatch && conclusion?.outcome === 'ok') return discardBatch(inbox, task, run)
  const given = kept.get(run) ?? description?.attempt ?? 0
  if (putBack(inbox, task, run, given) === 0) return
  log.info('return', { task, run }, `what ${task} had not read waits again`)
}
