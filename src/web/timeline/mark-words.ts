import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { fullTime, outcomeWords, reasonWords, roughly } from '../model/words.ts'
import type { Mark } from './marks.ts'

/** Starts later than this count as late, in ms. */
const maxPunctualMs = 1_000

/** What a mark says when a person points at it: the first line is its head. `withHost`: it is among those of all machines. */
export function markWords(mark: Mark, zone: string, now: number, withHost = false): string[] {
  const on = (host: string | undefined): string[] =>
    withHost && host !== undefined ? [`on ${plainLine(host)}`] : []
  const time = (ms: number): string => fullTime(zone, ms)
  const range = (first: number, last: number): string =>
    first === last ? time(first) : `${time(first)} to ${sameDay(time(first), time(last))}`
  switch (mark.kind) {
    case 'gap': {
      const [first, last, count, outcome, reason, host] = mark.gap
      const head = `${outcome} ${counted(count, 'slot')}`
      return [head, ...on(host), range(first, last), reasonWords(reason, outcome)]
    }
    case 'planned': {
      const { first, last, count, isCut } = mark.starts
      if (isCut) return [`more than ${count} planned starts`, `from ${time(first)} on`]
      return [count === 1 ? 'planned start' : `${count} planned starts`, range(first, last)]
    }
    case 'dense': {
      const { from, to, runs, failed } = mark.part
      return [`${counted(runs, 'run')}, ${failed === 0 ? 'none' : failed} failed`, range(from, to)]
    }
    default: {
      const { startMs, endMs, lateMs, attempt, revision, host } = mark.run
      const took = `${endMs === null ? 'for ' : ''}${roughly((endMs ?? now) - startMs)}`
      return [
        `${outcomeWords(mark.run)}, ${took}`,
        ...on(host),
        endMs === null ? `since ${time(startMs)}` : range(startMs, endMs),
        ...(lateMs !== null && lateMs > maxPunctualMs ? [`${roughly(lateMs)} late`] : []),
        ...(attempt !== null && attempt > 1 ? [`attempt ${attempt}`] : []),
        ...(revision === null ? [] : [`revision ${shortRevision(revision)}`]),
      ]
    }
  }
}

function sameDay(first: string, last: string): string {
  return first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last
}

/** The first seven characters of a git revision, and whether the file had changes that were not committed. */
export function shortRevision(revision: string): string {
  const [, hash, dirty] = /^([0-9a-f]{7})[0-9a-f]*(-dirty)?$/.exec(revision) ?? []
  return hash === undefined ? plainLine(revision) : `${hash}${dirty === undefined ? '' : ', dirty'}`
}
