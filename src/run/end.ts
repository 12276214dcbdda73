import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { ProcessIdentity, Signal } from '../host/processes.ts'
import type { EndReason, Verdict } from '../plan/run-outcome.ts'
import { parseExit } from './recorder.ts'
import { type Recruit, unknownTicks } from './recorder-process.ts'
import type { EndingNote, RunConclusion, RunDescription } from './directory.ts'
import type { Faults } from './faults.ts'

/** A run that this daemon watches: its own, or one it adopted. */
export interface LiveRun {
  readonly description: RunDescription
  readonly directory: string
  /** The recorder: its pid is the process group of the run. undefined until it runs. */
  recorder: ProcessIdentity | undefined
  state: RunState
  /** How far its output is cut, in bytes, and whether that failed (trim.ts). */
  readonly trimmed: { to: number; complained: boolean }
  /** Cancels what is timed: the timeout while it runs, the KILL while it ends. */
  cancelTimer: () => void
}

type RunState =
  | { readonly kind: 'running' }
  | ({ readonly kind: 'ending' } & EndingNote)
  /** `remains`: torch ended it, and processes of its group are still to be killed. */
  | { readonly kind: 'ended'; readonly remains: boolean }

/** What all runs of one daemon share. */
export interface RunRoom {
  readonly host: Host
  readonly home: string
  readonly hostName: string
  /** Runs that are not our children, by id (watched.ts). */
  readonly watched: Map<string, LiveRun>
  isWatching: boolean
  /** Recorders that wait for a run, by task (readiness.ts). */
  readonly ready: Map<string, Recruit>
  /** Another daemon watches the runs by now: nothing is done for them here any more. */
  closed: boolean
  /** Called once for each run, when its outcome is known. */
  readonly onEnd: (run: LiveRun, conclusion: RunConclusion) => void
  /** Something about one run alone; it goes on. */
  readonly onTrouble: (run: LiveRun, words: string) => void
  /** Takes what the machine refuses, whichever run it is for. */
  readonly faults: Faults
}

/** Ends a run: TERM to its group now, KILL after its kill_after. Nothing where it ends already. */
export function endRun(room: RunRoom, run: LiveRun, reason: EndReason): void {
  if (run.state.kind === 'running') room.faults.insist('end runs', () => endNow(room, run, reason))
}

/** Also where it began to, and then the machine refused to say whose the pid is. */
function endNow(room: RunRoom, run: LiveRun, reason: EndReason): void {
  if (room.closed || run.state.kind === 'ended' || hasEnded(room, run)) return
  if (run.state.kind === 'running') {
    // The note first: whoever finds the group gone later must know who did it.
    setEnding(room, run, { reason, signal: 'SIGTERM', sinceMs: room.host.clock.now() })
    run.cancelTimer()
    run.cancelTimer = room.host.clock.after(run.description.killAfterMs, () => killRun(room, run))
  }
  signalRun(room, run, 'SIGTERM')
  if (!hasCommand(room, run)) termAgain(room, run)
}

/** It ended by itself, and we have not been told yet: nobody ends it any more. */
export function hasEnded(room: RunRoom, run: LiveRun): boolean {
  return parseExit(room.host.files.readText(path.join(run.directory, 'exit'))) !== undefined
}

function hasCommand(room: RunRoom, run: LiveRun): boolean {
  return room.host.files.facts(path.join(run.directory, 'command')) !== undefined
}

/** How long a shell may take from its fork to its command. */
const youngMs = 50

/**
 * In the instant between fork and exec a shell has its parent's trap still: a TERM that comes in
 * it is lost. So a run that is not at its command yet gets another.
 */
function termAgain(room: RunRoom, run: LiveRun): void {
  room.host.clock.after(youngMs, () => {
    if (run.state.kind !== 'ending' || room.closed) return
    let isYoung = true
    room.faults.attempt('end runs', () => {
      signalRun(room, run, 'SIGTERM')
      isYoung = !hasCommand(room, run)
    })
    if (isYoung) termAgain(room, run)
  })
}

/** KILL to the group of a run that is ending, and to what remains of one that has. */
export function killRun(room: RunRoom, run: LiveRun): void {
  run.cancelTimer()
  if (room.closed) return
  room.faults.insist('end runs', () => {
    if (room.closed || (run.state.kind === 'ended' && !run.state.remains)) return
    if (run.state.kind === 'ending') setEnding(room, run, { ...run.state, signal: 'SIGKILL' })
    signalRun(room, run, 'SIGKILL')
    if (run.state.kind === 'ended') run.state = { kind: 'ended', remains: false }
  })
}

/** Takes up an escalation where an earlier daemon left it. */
export function resumeEnding(room: RunRoom, run: LiveRun, note: EndingNote): void {
  run.state = { kind: 'ending', ...note }
  const left = leftOf(room, note.sinceMs, run.description.killAfterMs)
  run.cancelTimer = room.host.clock.after(left, () => killRun(room, run))
}

/**
 * A signal to the whole group of a run; false where it is gone, or cannot be told from another's.
 * Throws where the machine cannot say whose it is.
 */
export function signalRun(room: RunRoom, run: LiveRun, signal: Signal | 0): boolean {
  const { processes } = room.host
  // Most are gone when they are looked for: the cheaper question first.
  if (run.recorder === undefined || !processes.signalGroup(run.recorder.pid, 0)) return false
  const now = processes.identify(run.recorder.pid)
  // Not known since its start; until its end is known nobody else can get the pid of our child.
  if (now !== undefined && run.recorder.startTicks === unknownTicks && run.state.kind !== 'ended')
    run.recorder = now
  const { recorder } = run
  // The pid belongs to somebody else by now: so does its group.
  if (now !== undefined && now.startTicks !== recorder.startTicks) return false
  return signal === 0 || processes.signalGroup(recorder.pid, signal)
}

/** Ends the run after its timeout, counted from its true start. */
export function armTimeout(room: RunRoom, run: LiveRun): void {
  const { timeoutMs, startedMs } = run.description
  if (timeoutMs === null) return
  const left = leftOf(room, startedMs, timeoutMs)
  run.cancelTimer = room.host.clock.after(left, () => endRun(room, run, 'timeout'))
}

/** Never more than the whole of it: the clock may have been set back since it began. */
function leftOf({ host }: RunRoom, sinceMs: number, wholeMs: number): number {
  return Math.min(sinceMs + wholeMs - host.clock.now(), wholeMs)
}

/** The run is over: its outcome goes into its directory, then to whoever waits for it. */
export function conclude(room: RunRoom, run: LiveRun, verdict: Verdict, endedMs: number): void {
  if (room.closed || run.state.kind === 'ended') return
  const wasEnding = run.state.kind === 'ending'
  const stragglers = countStragglers(room, run)
  const remains = wasEnding && stragglers > 0
  // What torch ended is ended whole: the KILL that is timed still comes.
  if (!remains) run.cancelTimer()
  run.state = { kind: 'ended', remains }
  const { run: id, startedMs } = run.description
  const conclusion: RunConclusion = { run: id, ...verdict, startedMs, endedMs, stragglers }
  room.faults.insist('write outcomes into the directories of runs', () =>
    writeOutcome(room, run, conclusion),
  )
  room.onEnd(run, conclusion)
}

/** Not of a run that never had a directory, or whose directory was removed: then the history alone has it. */
function writeOutcome(room: RunRoom, run: LiveRun, conclusion: RunConclusion): void {
  const { files } = room.host
  if (room.closed || files.facts(run.directory) === undefined) return
  files.write(path.join(run.directory, 'outcome.json'), JSON.stringify(conclusion))
}

/** One system call in the usual case; the process table is read only where something is left. */
function countStragglers(room: RunRoom, run: LiveRun): number {
  if (run.recorder === undefined || !signalRun(room, run, 0)) return 0
  return room.host.processes
    .groupMembers(run.recorder.pid)
    .filter((pid) => pid !== run.recorder?.pid).length
}

function setEnding(room: RunRoom, run: LiveRun, note: EndingNote): void {
  run.state = { kind: 'ending', ...note }
  room.faults.attempt('write down who ends runs', () =>
    room.host.files.write(path.join(run.directory, 'ending.json'), JSON.stringify(note)),
  )
}
