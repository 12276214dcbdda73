import type { PauseView, TaskView } from '../../http/api.ts'
import { afterWords } from '../../text/after-words.ts'
import { plainLine } from '../../text/sanitize.ts'
import { isIn, startMs } from '../model/groups.ts'
import type { Outcome } from '../model/model.ts'
import {
  countdown,
  outcomeWords,
  type Progress,
  progressOf,
  roughly,
  shortTime,
} from '../model/words.ts'

/** How much a text asks for attention. `bad`: a person must act. */
export type Tone = 'bad' | 'warn' | 'run' | 'ok' | 'quiet'

/** The sign before the name of a task. */
export type Sign = Outcome | 'waiting' | 'away'

export interface TaskState {
  readonly sign: Sign
  readonly tone: Tone
  /** The progress of the oldest run; null if none runs. */
  readonly progress: Progress | null
  readonly words: string
  /** When that was, in few characters. */
  readonly when: string
  /** The second line: what comes, or what a person should know. */
  readonly next: string
  readonly nextWhen: string
  readonly nextTone: Tone
}

export interface Moment {
  readonly zone: string
  readonly now: number
  /** A daemon runs on its host: planned starts will happen. */
  readonly isUp: boolean
  /** It is a task of all machines: which one matters. */
  readonly isOfAll?: boolean
}

/** How a task stands, and what comes next, in two short lines. */
export function taskState(task: TaskView, moment: Moment): TaskState {
  const first = firstLine(task, moment)
  const [next, nextWhen, nextTone = 'quiet'] = secondLine(task, moment)
  return { ...first, next, nextWhen, nextTone }
}

type FirstLine = Pick<TaskState, 'sign' | 'tone' | 'progress' | 'words' | 'when'>

function firstLine(task: TaskView, { zone, now, isOfAll = false }: Moment): FirstLine {
  const { here, why, running, last, failures, failingSince, type } = task
  const [oldest] = running
  if (oldest !== undefined) {
    const elapsed = now - Date.parse(oldest.startedAt)
    const progress = type === 'daemon' ? null : progressOf(elapsed, task.p50Ms, task.p95Ms)
    const words = progress?.words ?? `running for ${countdown(Math.max(0, elapsed))}`
    const tone = progress?.isOver === true ? 'warn' : 'run'
    const when = isOfAll ? hostsOf(running) : running.length > 1 ? `${running.length} runs` : ''
    return { sign: 'running', tone, progress, words, when }
  }
  if (!here) {
    const words = plainLine(why ?? 'not on this host')
    return { sign: 'away', tone: 'quiet', progress: null, words, when: '' }
  }
  if (last === null) {
    const words = type === 'manual' ? 'started by hand only' : 'has not run yet'
    return { sign: 'waiting', tone: 'quiet', progress: null, words, when: '' }
  }
  const ended = failures > 1 ? `${codeOr(last)}, ${failures} runs in a row` : outcomeWords(last)
  const words = isOfAll ? `${ended} on ${plainLine(last.host)}` : ended
  const at = last.endedAt ?? last.slot
  const when =
    failures > 1 && failingSince !== null
      ? `since ${shortTime(zone, Date.parse(failingSince), now)}`
      : at === null
        ? ''
        : `${roughlyAgo(now - Date.parse(at))} ago`
  return { sign: last.outcome, tone: toneOf(task), progress: null, words, when }
}

/** `on web1, web2`. */
function hostsOf(running: TaskView['running']): string {
  const hosts = [...new Set(running.flatMap(({ host }) => host ?? []))]
  return hosts.length === 0 ? '' : `on ${plainLine(hosts.join(', '))}`
}

/** Beside a count of runs, `failed 3` would read as three times. */
function codeOr(last: NonNullable<TaskView['last']>): string {
  const { outcome, exitCode, signal } = last
  const isPlain = outcome === 'failed' && exitCode !== null && signal === null
  return isPlain ? `exit ${exitCode}` : outcomeWords(last)
}

function toneOf(task: TaskView): Tone {
  if (isIn(task, 'failing') || isIn(task, 'missed')) return 'bad'
  if (isIn(task, 'skipped')) return 'warn'
  return task.last?.outcome === 'ok' ? 'ok' : 'quiet'
}

/** Coarser than roughly(): a text that is read does not change each second. */
function roughlyAgo(ms: number): string {
  return roughly(
    ms < 60_000 ? Math.max(1, Math.floor(ms / 5_000) * 5) * 1000 : Math.floor(ms / 60_000) * 60_000,
  )
}

function secondLine(task: TaskView, { zone, now, isUp }: Moment): [string, string, Tone?] {
  const { here, running, failures, failingSince, last, nextRestart, paused } = task
  if (here && running.length > 0 && failures > 0) {
    const since =
      failingSince === null ? '' : ` since ${shortTime(zone, Date.parse(failingSince), now)}`
    return [`failing${since}`, failures > 1 ? `${failures} runs in a row` : '', 'bad']
  }
  if (here && paused === undefined && (task.closed?.givenUp ?? 0) > 0)
    return ['given up: started too often', '', 'bad']
  if (here && paused !== undefined) return [pausedWords(paused, zone, now), '', 'warn']
  const at = startMs(task)
  if (!here) return last === null ? ['', ''] : [`last: ${outcomeWords(last)}`, '']
  if (at === null) return [task.done === true ? 'done: no more starts' : '', '']
  // The page says once that no daemon runs: here it would be in every row.
  if (!isUp) return ['', '']
  const verb = nextRestart === null ? 'next' : 'starts again'
  const words =
    at > now
      ? `${verb} in ${countdown(at - now)}`
      : nextRestart === null
        ? 'due now'
        : 'starts again now'
  return [words, shortTime(zone, at, now)]
}

/** `paused until 14:00 by alice: new disk`. */
function pausedWords({ until, by, reason }: PauseView, zone: string, now: number): string {
  const end = until === null ? '' : ` until ${shortTime(zone, Date.parse(until), now)}`
  return plainLine(`paused${end} by ${by}${reason === null ? '' : `: ${reason}`}`)
}

/** When a task runs, in words where there are right ones, and as written. */
export function scheduleWords({ type, after, schedules, timezone, isFromRows }: TaskView): {
  words: string
  written: string
} {
  if (isFromRows === true) return { words: 'seen only in the history', written: '' }
  if (type === 'daemon') return { words: 'always runs', written: '' }
  if (type === 'manual') return { words: 'by hand', written: '' }
  if (after !== undefined) return { words: plainLine(afterWords(after)), written: '' }
  if (schedules.length === 0) return { words: 'not in the tasks file', written: '' }
  const words = schedules.map(({ text, words: each }) => each ?? text).join('; ')
  const texts = schedules.map(({ text }) => text).join('; ')
  const written = words === texts ? '' : texts
  return {
    words: plainLine(words),
    written: [written, timezone ?? ''].filter(Boolean).map(plainLine).join(' '),
  }
}
