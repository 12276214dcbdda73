import path from 'node:path'
import type { Host } from '../host/host.ts'
import { readDescription, runDirectory, startOfRun } from './directory.ts'

/*
 * The wall clock may be set back: from a year in the future, or by an hour. What happened last must stay
 * last all the same. Therefore everything that is recorded has a place in order: the time by the wall
 * clock or, while that is behind, a millisecond more than what was recorded before it.
 */

/** Gives what happens its place in order. */
export interface EventOrder {
  /** The place of what happens now, in milliseconds since the epoch. Never less than the one before. */
  next(): number
}

/** From here on the clock is behind. A smaller correction disturbs the order of a few runs at most. */
const behindMs = 1_000
/** After the clock has caught up, runs are in order by their ids once the earlier runs are gone. */
const keepMarkMs = 30 * 24 * 3600 * 1000

/** Exists if ids of runs may be out of order: when the clock was set back, and to when, in milliseconds. */
function markFile(home: string): string {
  return path.join(home, 'clock-set-back')
}

/** `lastMs`: the last place that is on record. */
export function newEventOrder(host: Host, home: string, lastMs: number): EventOrder {
  const mark = readMark(host, home)
  let last = Math.max(lastMs, mark?.fromMs ?? 0)
  const isBehindAt = (now: number): boolean => last - now > behindMs
  let isMarked = mark !== undefined && isBehindAt(host.clock.now())
  if (mark !== undefined && !isMarked && host.clock.now() > mark.fromMs + keepMarkMs)
    unmark(host, home)
  return {
    next() {
      const now = host.clock.now()
      isMarked = isBehindAt(now) && (isMarked || writeMark(host, home, last, now))
      last = now >= last ? now : last + 1
      return last
    },
  }
}

/** A run that is ahead of the clock by less started just before a small correction. */
const aheadMs = 60_000

interface Mark {
  readonly fromMs: number
  readonly toMs: number
}

function readMark(host: Host, home: string): Mark | undefined {
  try {
    const match = /^(\d+) (\d+)\n$/.exec(host.files.readText(markFile(home)) ?? '')
    return match === null ? undefined : { fromMs: Number(match[1]), toMs: Number(match[2]) }
  } catch {
    return undefined
  }
}

/** Returns false if it cannot be written; the next event tries again. */
function writeMark(host: Host, home: string, fromMs: number, toMs: number): boolean {
  try {
    host.files.replace(markFile(home), `${Math.floor(fromMs)} ${Math.floor(toMs)}\n`)
    return true
  } catch {
    return false
  }
}

function unmark(host: Host, home: string): void {
  try {
    host.files.remove(markFile(home))
  } catch {
    // It only costs time to read the order of runs that their ids have too.
  }
}

/** A run with its place in order. */
export interface OrderedRun {
  readonly run: string
  readonly orderMs: number
}

/**
 * Puts runs of a task in order, the oldest first. Their ids are in order unless the clock was set back;
 * then their records say it.
 */
export function inOrder(
  host: Host,
  home: string,
  task: string,
  runs: readonly string[],
): OrderedRun[] {
  const isById = readMark(host, home) === undefined
  const future = host.clock.now() + aheadMs
  const placeOf = (run: string): number => {
    const startedMs = startOfRun(run)
    // A torch that noted no order started it before the clock was set back: it is older than all others.
    if (isById) return startedMs > future ? 0 : startedMs
    return readDescription(host, runDirectory(home, task, run))?.orderMs ?? startedMs
  }
  return runs.map((run) => ({ run, orderMs: placeOf(run) })).toSorted(byOrder)
}

/** Compares two runs by their order. Ids decide between runs of the same millisecond. */
export function byOrder(a: OrderedRun, b: OrderedRun): number {
  return a.orderMs - b.orderMs || (a.run < b.run ? -1 : 1)
}

/**
 * How long ago each of these runs started, oldest first as inOrder() gives them. A run from before the
 * clock was set back is at least as old as the next one.
 */
export function agesOf(host: Host, home: string, runs: readonly OrderedRun[]): number[] {
  const now = host.clock.now()
  const setBackMs = readMark(host, home)?.toMs ?? 0
  let younger = 0
  const ages = runs.toReversed().map(({ run, orderMs }) => {
    const startedMs = startOfRun(run)
    // A run with a place in the future started after the clock was set back, or when it was wrong.
    const isRight = startedMs >= setBackMs && startedMs <= now
    const isPast = orderMs > 0 && orderMs <= now
    const age = isPast ? now - orderMs : isRight ? now - startedMs : 0
    younger = Math.max(younger, age)
    return younger
  })
  return ages.toReversed()
}
