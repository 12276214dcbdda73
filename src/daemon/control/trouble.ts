import type { Trouble } from '../../control/status-report.ts'
import type { TargetReport } from '../../notify/report.ts'
import { timeText } from '../../record/history/rows.ts'
import { problemLine } from '../../tasks/file/problem.ts'
import { quietly } from '../../host/system-error.ts'
import { hasScript, recordKey } from '../../scripts/url-records.ts'
import { reportOf } from './scripts-answer.ts'
import { formatDuration } from '../../text/duration.ts'
import { counted } from '../../text/plural.ts'
import { whyNotStarted } from '../../text/why-not-started.ts'
import { gaveUpWords } from '../starts/closed-places.ts'
import { failedWords } from '../starts/replacement.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Daemon } from '../state.ts'

/** How the message about a refused tasks file begins. `torch status` shows its problems in full. */
export const refusedWords = 'the tasks file was refused'

/** How the message about a script begins that is stale or missing. */
export const scriptWords = 'the script of '

/** What the daemon cannot do at the moment, until it is over: what the machine refuses, a bad tasks file, scripts. */
export function troubleOf(
  daemon: Pick<
    Daemon,
    | 'faults'
    | 'history'
    | 'tasks'
    | 'daemonTasks'
    | 'closed'
    | 'scripts'
    | 'notifier'
    | 'startedMs'
    | 'fleet'
    | 'clock'
  >,
): Trouble[] {
  const { faults, history, tasks, daemonTasks, clock } = daemon
  const { refused } = tasks
  const bad = refused?.problems.find(({ severity }) => severity === 'error')
  const file = refused && {
    message: `${refusedWords}${bad === undefined ? '' : `: ${problemLine(bad)}`}`,
    sinceMs: refused.atMs,
  }
  const replacements = [...daemonTasks.failed].map(([task, failed]) => ({
    message: failedWords(task, failed),
    sinceMs: failed.sinceMs,
  }))
  const givenUp = givenUpTroubles(daemon)
  const messages = daemon.notifier
    .report()
    .targets.flatMap((target) => undelivered(target, clock.now()))
  const others = [
    ...replacements,
    ...givenUp,
    ...scriptTroubles(daemon),
    ...messages,
    ...fleetTroubles(daemon),
  ]
  return [file, history.trouble(), ...faults.current(), ...others]
    .filter((each) => each !== undefined)
    .map(({ message, sinceMs }) => ({ message, since: timeText(sinceMs) }))
}

/** The daemon tasks that run less often than they should, until somebody does something. */
function givenUpTroubles({
  tasks,
  closed,
}: Pick<Daemon, 'tasks' | 'closed'>): { message: string; sinceMs: number }[] {
  return closed.tasks().flatMap((name) => {
    const task = tasks.here.get(name)
    const places = task === undefined ? [] : closed.of(task).filter(({ why }) => why === 'limit')
    if (task === undefined || places.length === 0) return []
    const of = task.max === 1 ? '' : `${places.length} of ${task.max} `
    const sinceMs = Math.min(...places.map(({ atMs }) => atMs))
    return [{ message: `${name}: ${of}${gaveUpWords(task)}`, sinceMs }]
  })
}

/** The scripts whose server does not give them: runs get an older copy, or cannot start. */
function scriptTroubles({
  tasks,
  scripts,
  startedMs,
}: Pick<Daemon, 'tasks' | 'scripts' | 'startedMs'>): { message: string; sinceMs: number }[] {
  return [...tasks.here.values()].filter(hasScript).flatMap((task) => {
    const failure = quietly(() => scripts.records.read(recordKey(task)))?.failure ?? undefined
    const isRefused = quietly(() => scripts.cache.refusal()) !== undefined
    // Nobody has asked for it yet, or the last answer was good.
    if (failure === undefined && !isRefused) return []
    const report = quietly(() => reportOf(scripts, task))
    if (report === undefined || report.state === 'ok') return []
    const message = `${scriptWords}${task.name} is ${report.state}: ${report.reason ?? ''}`
    return [{ message, sinceMs: failure?.sinceMs ?? startedMs }]
  })
}

/** What keeps the tasks from starting that the fleet shares. */
function fleetTroubles({
  fleet,
  tasks,
  startedMs,
}: Pick<Daemon, 'fleet' | 'tasks' | 'startedMs'>): { message: string; sinceMs: number }[] {
  const shared = [...tasks.here.values()].filter((task) => task.fleet !== undefined).length
  if (fleet === undefined) {
    const message = `${counted(shared, 'task')} with scope: fleet ${shared === 1 ? 'does' : 'do'} not start: the config file has no section fleet`
    return shared === 0 ? [] : [{ message, sinceMs: startedMs }]
  }
  const link = fleet.link()
  if (link.state !== 'up' && link.lastError !== null) {
    const sinceMs = link.state === 'down' ? link.sinceMs : startedMs
    return [{ message: `the fleet cannot be reached: ${link.lastError}`, sinceMs }]
  }
  return [...standstill(fleet, startedMs), ...drifts(fleet)]
}

/** What keeps everything of the fleet from this machine, or soon will. */
function standstill(fleet: Fleet, startedMs: number): { message: string; sinceMs: number }[] {
  const why = fleet.whyNot()
  const offsetMs = fleet.offsetMs() ?? 0
  const badSinceMs = fleet.offsetBadSinceMs()
  const nothing = 'no task of the fleet starts on this machine: '
  if (badSinceMs !== undefined) {
    const away = formatDuration(Math.round(Math.abs(offsetMs) / 100) * 100)
    const clock = `the clock is ${away} ${offsetMs > 0 ? 'ahead of' : 'behind'} that of the engine`
    return [{ message: why === 'clock' ? nothing + clock : `fleet: ${clock}`, sinceMs: badSinceMs }]
  }
  const sinceMs = fleet.membership.impostorSinceMs() ?? startedMs
  return why === undefined ? [] : [{ message: nothing + whyNotStarted(why), sinceMs }]
}

function drifts({ drift }: Fleet): { message: string; sinceMs: number }[] {
  return drift.all().map(({ task, kind, sinceMs }) => {
    const how = kind === 'removed' ? 'no longer have' : 'have another version of'
    const message = `most machines of the fleet ${how} ${task}: after five minutes it does not start here`
    return { message, sinceMs }
  })
}

/** A message that waits longer than this is trouble, also if others arrive. */
const longWaitMs = 600_000

/** Pings are left out: the service that waits for them says so itself. */
export function undelivered(
  { name, kind, waiting, last, oldest }: TargetReport,
  nowMs: number,
): { message: string; sinceMs: number }[] {
  if (kind === 'ping' || kind === 'heartbeat') return []
  const waitsSinceMs = oldest === null ? Infinity : Date.parse(oldest)
  if (last === null || last.result === 'delivered') {
    if (nowMs - waitsSinceMs < longWaitMs) return []
    const age = formatDuration(longWaitMs)
    const message = `messages to ${name} wait: ${waiting}, the oldest for more than ${age}`
    return [{ message, sinceMs: waitsSinceMs }]
  }
  const verb = waiting === 1 ? 'waits' : 'wait'
  const rest = waiting === 0 ? '' : `; ${counted(waiting, 'message')} for it ${verb}`
  const message = `messages to ${name} are not delivered: ${last.words}${rest}`
  return [{ message, sinceMs: Date.parse(oldest ?? last.at) }]
}
