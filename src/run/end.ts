import path from 'node:path'
import type { Host } from '../host/host.ts'
import { isAlive, parseStat, type Signal } from '../host/processes.ts'
import type { EndReason } from '../plan/run-outcome.ts'
import { writeNote } from './active.ts'
import { type EndingNote, hasExited } from './directory.ts'
import { enter, isLive, later, type LiveRun, type RunContext } from './live-run.ts'
import { signalRun } from './process-group.ts'

/** Ends a run after its timeout, counted from its start. */
export function armTimeout(context: RunContext, run: LiveRun): void {
  const { timeoutMs, startedMs } = run.description
  if (timeoutMs === null) return
  const leftMs = timeLeft(context.host, startedMs, timeoutMs)
  later(context, run, leftMs, () => endRun(context, run, 'timeout'))
}

/**
 * Ends a run: sends TERM to its group now, and KILL after its kill_after. Does nothing if the run is
 * ending already.
 */
export function endRun(context: RunContext, run: LiveRun, reason: EndReason): void {
  if (run.state.kind === 'running')
    context.faults.insist('end runs', () => beginEnd(context, run, reason))
}

/** May run twice, because insist() repeats what failed. */
function beginEnd(context: RunContext, run: LiveRun, reason: EndReason): void {
  const { host } = context
  // A run that has exited by itself is not ended by torch, even if its end was not reported yet.
  if (!isLive(run) || hasExited(host, run.directory) || awaitsStatus(host, run)) return
  if (run.state.kind === 'running') {
    // The note FIRST: whoever finds the group gone must know who ended it.
    enterEnding(context, run, { reason, signal: 'SIGTERM', sinceMs: host.clock.now() })
    later(context, run, run.description.killAfterMs, () => killRun(context, run))
  }
  sendTerm(host, run)
  if (!hasCommand(host, run)) termAgain(context, run)
}

/** The time that a shell may take from its fork to its command. */
const forkToExecMs = 50

/**
 * Between fork and exec a shell still has the trap of its parent, and a TERM that arrives then is lost.
 * So a run that has not reached its command gets TERM again.
 */
function termAgain(context: RunContext, run: LiveRun): void {
  const { host } = context
  later(context, run, forkToExecMs, () => {
    if (run.state.kind !== 'ending') return
    let isCommandMissing = true
    context.faults.attempt('end runs', () => {
      sendTerm(host, run)
      isCommandMissing = !hasCommand(host, run)
    })
    if (isCommandMissing) termAgain(context, run)
  })
}

/** TERM waits for a process that was stopped until it continues. */
function sendTerm(host: Host, run: LiveRun): void {
  if (signalRun(host, run, 'SIGTERM')) signalRun(host, run, 'SIGCONT')
}

function hasCommand({ files }: Host, run: LiveRun): boolean {
  return files.facts(path.join(run.directory, 'command')) !== undefined
}

/** Whether the command has ended, and its recorder still has to write the status: perhaps it has no room. */
export function awaitsStatus(host: Host, run: LiveRun): boolean {
  const command = parseStat(host.files.readText(path.join(run.directory, 'command')))
  return command !== undefined && !isAlive(host, command) && isAlive(host, run.recorder)
}

/** Sends KILL to the group of a run that is ending, or to the stragglers of a run that torch ended. */
export function killRun(context: RunContext, run: LiveRun): void {
  context.faults.insist('end runs', () => {
    const { state } = run
    if (state.kind === 'ending') enterEnding(context, run, { ...state, signal: 'SIGKILL' })
    else if (state.kind !== 'killing-stragglers') return
    signalRun(context.host, run, 'SIGKILL')
    if (state.kind === 'killing-stragglers') enter(run, { kind: 'ended' })
  })
}

/**
 * Sends one signal to a run, and does no more: whether it ends, and as what, is up to the run. The
 * signal is noted FIRST, because KILL leaves nobody who could write down the end.
 */
export function sendSignal(context: RunContext, run: LiveRun, signal: Signal): void {
  if (!run.sent.has(signal)) {
    run.sent.add(signal)
    noteEnd(context, run, ['signals', [...run.sent]])
  }
  if (run.state.kind === 'ending' && signal === 'SIGKILL')
    enterEnding(context, run, { ...run.state, signal })
  signalRun(context.host, run, signal)
}

/** Continues an end that an earlier daemon began: KILL comes when it would have come. */
export function resumeEnding(context: RunContext, run: LiveRun, note: EndingNote): void {
  const leftMs = timeLeft(context.host, note.sinceMs, run.description.killAfterMs)
  later(context, run, leftMs, () => killRun(context, run))
}

/** The rest of a time, never more than the whole: the clock may have been set back since then. */
export function timeLeft({ clock }: Host, sinceMs: number, wholeMs: number): number {
  return Math.min(sinceMs + wholeMs - clock.now(), wholeMs)
}

function enterEnding(context: RunContext, run: LiveRun, ending: EndingNote): void {
  enter(run, { kind: 'ending', ...ending })
  noteEnd(context, run, ['ending', ending])
}

function noteEnd(
  { host, home, faults }: RunContext,
  { directory, description: { run } }: LiveRun,
  what: Parameters<typeof writeNote>[3],
): void {
  faults.attempt('note why runs are ended', () => writeNote(host, home, { directory, run }, what))
}
