import type { KilledRun, Protocol } from '../../control/protocol.ts'
import {
  forgetPast,
  type PauseSet,
  pausesLeft,
  type PauseTarget,
  withPause,
} from '../../plan/pauses.ts'
import { timeText } from '../../record/history/rows.ts'
import { endRun } from '../../run/end.ts'
import { selectNames } from '../../tasks/select.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { keepInstances } from '../starts/daemon-tasks.ts'
import { startForMessages } from '../starts/message-starts.ts'
import type { Daemon } from '../state.ts'
import { pauseFor, pauseWords, planResume, reportOf, resumedBetween } from './pause-request.ts'

type PauseRequest = Protocol['pause']['request']
type PauseReply = Protocol['pause']['reply']
type ResumeReply = Protocol['resume']['reply']

/** Starts nothing of these tasks from now on. Throws TorchError `no-task`, `usage` and `no-pause-file`. */
export function pauseTasks(daemon: Daemon, request: PauseRequest): PauseReply {
  const { clock, pauses, tasks, host, events, notifications, log } = daemon
  const pause = pauseFor(request, clock.now(), host.accounts.self().name)
  const target = request.all ? 'all' : selectNames(request.tasks, [...tasks.all.keys()])
  pauses.change(withPause(pauses.set, target, pause))
  const { by, reason, untilMs } = pause
  const until = untilMs === null ? null : timeText(untilMs)
  const facts = { tasks: target, by, until, reason }
  log.info('pause', facts, `${by} paused ${targetWords(target)}${pauseWords(pause)}`)
  events.pause({ kind: 'pause', tasks: target, by, until, reason })
  notifications.paused(namesOf(daemon, target), pause)
  const stopping = request.stop ? endRuns(daemon, target) : []
  return { tasks: target, pause: reportOf(pause, target === 'all', 0), stopping }
}

function targetWords(target: PauseTarget): string {
  if (target === 'all') return 'all tasks'
  return target.length > 3 ? counted(target.length, 'task') : target.join(', ')
}

/** The tasks of this host among these. */
function namesOf({ tasks }: Daemon, target: PauseTarget): string[] {
  return target === 'all' ? [...tasks.here.keys()] : target.filter((task) => tasks.here.has(task))
}

function endRuns({ runs, runContext }: Daemon, target: PauseTarget): KilledRun[] {
  const meant = runs
    .all()
    .filter(({ description }) => target === 'all' || target.includes(description.task))
  return meant.map((live) => {
    const { run, task } = live.description
    endRun(runContext, live, 'pause')
    return { run, task }
  })
}

/** Ends pauses, and starts what should run. Throws TorchError `no-task`, `refused` and `no-pause-file`. */
export function resumeTasks(daemon: Daemon, request: Protocol['resume']['request']): ResumeReply {
  const { pauses, closed, tasks, host, clock, tickClock } = daemon
  const before = { pauses: pauses.set, closed: closed.tasks() }
  const nowMs = clock.now()
  const plan = planResume(before, request, [...tasks.all.keys()], nowMs)
  const who = request.by ?? host.accounts.self().name
  pauses.change(forgetPast(plan.pauses, tickClock.tick.done, nowMs))
  noteResumed(daemon, before.pauses, who)
  noteOpened(daemon, closed.open(plan.opened), who)
  return plan.report
}

/** What was given up starts again. */
function noteOpened(daemon: Daemon, names: readonly string[], by: string): void {
  if (names.length === 0) return
  daemon.log.info('resume', { tasks: names, by }, `${plainLine(by)} resumed ${targetWords(names)}`)
  daemon.events.pause({ kind: 'resume', tasks: names, by, until: null, reason: null })
  for (const name of names) keepInstances(daemon, name)
}

/** Ends the pauses that are over, and puts the slots on record that passed in them. Called each second. */
export function lookAtPauses(daemon: Daemon): void {
  const { pauses, faults, clock, phase, tickClock } = daemon
  if (phase.now === 'gone') return
  const before = pauses.set
  const left = pausesLeft(before, clock.now())
  const { done } = tickClock.tick
  const isChanged =
    left !== before &&
    faults.attempt('write paused.json', () => pauses.change(forgetPast(left, done, clock.now())))
  if (isChanged) noteResumed(daemon, before, null)
  else recordPassed(daemon)
  pauses.forgetPast(done)
  pauses.save()
}

/** `by`: null if the pauses have ended by themselves. */
function noteResumed(daemon: Daemon, before: PauseSet, by: string | null): void {
  const { pauses, log, events, notifications } = daemon
  recordPassed(daemon)
  const { all, tasks } = resumedBetween(before, pauses.set)
  if (!all && tasks.length === 0) return
  const target = all ? 'all' : tasks
  const who = by === null ? 'the pause has ended' : `by ${plainLine(by)}`
  log.info('resume', { tasks: target, by }, `resumed ${targetWords(target)}: ${who}`)
  events.pause({ kind: 'resume', tasks: target, by, until: null, reason: null })
  const names = namesOf(daemon, target).filter((name) => pauses.of(name) === undefined)
  notifications.resumed(names, by)
  for (const name of names) {
    if (daemon.tasks.here.get(name)?.type === 'daemon') keepInstances(daemon, name)
    startForMessages(daemon, name)
  }
}

/** FIRST the rows, then the file: a crash in between records them twice, and never not at all. */
function recordPassed({ pauses, journal }: Daemon): void {
  const ended = pauses.ended()
  journal.paused(ended)
  pauses.forget(ended)
}
