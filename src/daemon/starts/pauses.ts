import path from 'node:path'
import { messageOf, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { Start } from '../../plan/admit.ts'
import {
  forgetPast,
  isBeforePause,
  isPausedStart,
  morePausedSlots,
  noPauses,
  type PastPause,
  type Pause,
  type PausedSlots,
  pauseOf,
  type PauseSet,
  type SplitMiss,
  splitMiss,
} from '../../plan/pauses.ts'
import type { Timetable } from '../../plan/slots.ts'
import type { Miss } from '../../plan/tick.ts'
import type { Faults } from '../../run/faults.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'

/** What somebody paused on this machine, and the slots that passed meanwhile. All of it is in paused.json. */
export interface Pauses {
  readonly set: PauseSet
  /** The pause of a task now. */
  of(task: string): Pause | undefined
  /** Whether a pause keeps this start back. */
  holds(start: Start): boolean
  /** Whether such a start was due before somebody paused the task. */
  isBefore(start: Start): boolean
  /** Which of these slots a pause let pass. `high`: see slotsUpTo(). */
  split(miss: Miss, table: Timetable, high: number): SplitMiss
  /** Changes the pauses. They are on disk when this returns. Throws TorchError `no-pause-file`. */
  change(next: PauseSet): void
  /** A tick has done this second: pauses that had ended by then are no longer needed. */
  forgetPast(done: number): void
  /** Notes slots that passed in a pause. Their row comes when the pause is over. */
  pass(slots: PausedSlots): void
  /** The slots of a task that have passed in its pause. */
  passed(task: string): PausedSlots | undefined
  /** The slots of pauses that are over. They stay until forget(). */
  ended(): readonly PausedSlots[]
  /** The rows of these are in the history. */
  forget(slots: readonly PausedSlots[]): void
  /** Writes the slots that have passed, if there are new ones. */
  save(): void
}

interface PausesParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
  readonly phase: Phase
}

/** What the file says, which earlier daemons and commands wrote. */
export function newPauses({ host, paths, faults, phase }: PausesParts): Pauses {
  const { clock } = host
  const saved = readPaused(host, paths)
  const passed = new Map(saved.passed.map((each) => [each.task, each]))
  let { pauses } = saved
  let isDirty = false
  const now = (): PausedFile => ({ pauses, passed: [...passed.values()] })
  return {
    get set() {
      return pauses
    },
    of: (task) => pauseOf(pauses, task, clock.now()),
    holds: (start) => isPausedStart(pauses, start, clock.now()),
    isBefore: (start) => isBeforePause(pauses, start, clock.now()),
    split: (miss, table, high) => splitMiss(pauses, miss, table, high),
    change(next) {
      writePaused(host, paths, { ...now(), pauses: next })
      pauses = next
      isDirty = false
    },
    forgetPast(done) {
      const next = forgetPast(pauses, done, clock.now())
      isDirty ||= next !== pauses
      pauses = next
    },
    pass(slots) {
      passed.set(slots.task, morePausedSlots(passed.get(slots.task), slots))
      isDirty = true
    },
    passed: (task) => passed.get(task),
    ended: () =>
      [...passed.values()].filter(({ task }) => pauseOf(pauses, task, clock.now()) === undefined),
    forget(slots) {
      for (const { task } of slots) passed.delete(task)
      isDirty ||= slots.length > 0
    },
    save() {
      if (!isDirty || phase.now === 'gone') return
      isDirty = !faults.attempt('write paused.json', () =>
        host.files.replace(paths.paused, textOf(now()), { sync: false }),
      )
    },
  }
}

/** What paused.json says. */
export interface PausedFile {
  readonly pauses: PauseSet
  /** The slots that passed in pauses and have no row yet. */
  readonly passed: readonly PausedSlots[]
}

interface Written {
  readonly version: 1
  readonly all: Pause | null
  readonly tasks: Readonly<Record<string, Pause>>
  /** Missing in the file of an earlier version. */
  readonly past: readonly PastPause[]
  readonly passed: readonly PausedSlots[]
}

function textOf({ pauses: { all, tasks, past }, passed }: PausedFile): string {
  const written: Written = {
    ...{ version: 1, all: all ?? null, tasks: Object.fromEntries(tasks), past, passed },
  }
  return `${JSON.stringify(written)}\n`
}

/** Nothing is paused if the file is missing or damaged. */
export function readPaused({ files }: Host, paths: HomePaths): PausedFile {
  try {
    const written = JSON.parse(files.readText(paths.paused) ?? '') as Partial<Written>
    const { all, tasks = {}, past = [], passed = [] } = written
    return {
      pauses: {
        all: isPause(all) ? all : undefined,
        tasks: new Map(Object.entries(tasks).filter(([, pause]) => isPause(pause))),
        past: past.filter(isPast),
      },
      passed: passed.filter(isPassed),
    }
  } catch {
    return { pauses: noPauses, passed: [] }
  }
}

/** What a person edited must not be taken for a time. */
function isPause(value: unknown): value is Pause {
  if (typeof value !== 'object' || value === null) return false
  const { sinceMs, untilMs, reason, by } = value as Partial<Record<keyof Pause, unknown>>
  const isText = typeof by === 'string' && (reason === null || typeof reason === 'string')
  return isText && isTime(sinceMs) && (untilMs === null || isTime(untilMs))
}

function isPast({ task, sinceMs, untilMs }: PastPause): boolean {
  return (task === null || typeof task === 'string') && isTime(sinceMs) && isTime(untilMs)
}

function isPassed(value: PausedSlots): boolean {
  const { task, first, last, count, trigger = 'after' } = value
  const isKnown = typeof task === 'string' && trigger === 'after'
  return isKnown && [first, last, count].every((each) => isTime(each))
}

/** What a Date can hold: https://tc39.es/ecma262/#sec-time-values-and-time-range */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15
}

/** Writes the file: it survives a power cut. Throws TorchError `no-pause-file`. */
export function writePaused({ files }: Host, paths: HomePaths, file: PausedFile): void {
  try {
    files.replace(paths.paused, textOf(file))
  } catch (error) {
    const name = path.basename(paths.paused)
    throw new TorchError('no-pause-file', `cannot write ${name}: ${messageOf(error)}`, {
      hint: 'nothing has changed; torch doctor looks for a full disk',
      cause: error,
    })
  }
}
