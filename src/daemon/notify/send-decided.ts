import type { Clock } from '../../host/clock.ts'
import type { Host } from '../../host/host.ts'
import type { Notifier } from '../../notify/notifier.ts'
import { addToWindow, isOverAt } from '../../plan/notify/digest.ts'
import type { Notice } from '../../plan/notify/notice.ts'
import { type Outage, withOneForOutage } from '../../plan/notify/outage.ts'
import type { Log } from '../../record/log.ts'
import type { Faults } from '../../run/faults.ts'
import type { TaskNotify } from '../../tasks/notify.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'
import type { RunTable } from '../starts/run-table.ts'
import type { StartQueue } from '../starts/start-queue.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import { digestLine, digestMessage, messageOf, type MessagePlace } from './message-of.ts'
import { type NotifyState, writeNotifyState } from './saved-notify.ts'

export interface NotificationParts {
  readonly host: Host
  readonly clock: Clock
  readonly paths: HomePaths
  readonly log: Log
  readonly faults: Faults
  readonly phase: Phase
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly queue: StartQueue
  readonly hostName: string
  readonly notifier: Pick<Notifier, 'send' | 'ping' | 'follow'>
}

/** What the messages of a daemon need. */
export interface Deciding extends NotificationParts {
  readonly startedMs: number
  readonly kept: NotifyState
  /** Before this daemon started. */
  outage: Outage
  /** Decided, but not yet in the outbox. */
  readonly pending: { readonly notice: Notice; readonly to: readonly string[] }[]
  /** What is kept has changed: `soon` is for what costs only a second message. */
  dirty: 'no' | 'soon' | 'now'
  looks: number
}

/** Decides that these targets get a message. It is on the disk after the next flush(). */
export function tell(state: Deciding, { to }: TaskNotify, notice: Notice): void {
  if (to.length === 0) return
  state.pending.push({ notice, to })
  state.dirty = 'now'
}

/** FIRST the outbox, then what says that it was sent: a crash in between sends it twice, with the same id. */
export function flush(state: Deciding): void {
  const { pending, kept, host, paths, phase, faults, outage } = state
  if (state.dirty !== 'now' || phase.now === 'gone') return
  const decided = pending.splice(0)
  const posts = decided.flatMap(({ notice, to }) => to.map((target) => ({ target, notice })))
  for (const { target, notice } of withOneForOutage(posts, outage)) post(state, target, notice)
  state.dirty = 'no'
  if (!faults.attempt('write notify.json', () => writeNotifyState(host, paths, kept)))
    state.dirty = 'soon'
}

/** Sends a message, unless the target has had enough of them in this minute. */
function post(state: Deciding, target: string, notice: Notice): void {
  const { kept, clock, notifier, log, tasks } = state
  sendDigest(state, target)
  const { kind, task, run } = notice
  const known = task === null ? undefined : tasks.all.get(task)
  const line = () => digestLine(placeOf(state), notice, known)
  const { window, isSent } = addToWindow(kept.windows.get(target), line, clock.now())
  kept.windows.set(target, window)
  const facts = { target, task, run, kind }
  if (isSent) {
    notifier.send(target, messageOf(placeOf(state), notice, known))
    log.info('notify', facts, `${task ?? 'torch'}: ${kind}; a message for ${target}`)
  } else if (window.held === 1)
    log.warn('notify', facts, `${target} gets many messages: those that follow are sent as one`)
}

function placeOf({ host, paths, hostName, tasks }: Deciding): MessagePlace {
  return { host, home: paths.home, hostName, webUrl: tasks.loaded.file.notify.webUrl }
}

export function sendDigests(state: Deciding): void {
  for (const target of state.kept.windows.keys()) sendDigest(state, target)
}

/** If the minute of a target is over: what was held back goes out as one message. */
function sendDigest(state: Deciding, target: string): void {
  const { kept, clock, notifier } = state
  const window = kept.windows.get(target)
  const nowMs = clock.now()
  if (window === undefined || !isOverAt(window, nowMs)) return
  kept.windows.delete(target)
  if (window.held === 0) return
  notifier.send(target, digestMessage(placeOf(state), target, window, nowMs))
  kept.windows.set(target, { startMs: nowMs, sent: 1, held: 0, lines: [] })
  state.dirty = 'now'
}
