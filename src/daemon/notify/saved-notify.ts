import type { Host } from '../../host/host.ts'
import type { TargetWindow } from '../../plan/notify/digest.ts'
import type { TaskTrouble } from '../../plan/notify/notice.ts'
import type { HomePaths } from '../settings.ts'

/** What was sent about what, so that the next daemon does not send it again. */
export interface NotifyState {
  /** Only the tasks about which something is known. */
  readonly tasks: Map<string, TaskTrouble>
  /** By the name of the target. */
  readonly windows: Map<string, TargetWindow>
  /** The refused tasks file about which a message was sent. */
  refused:
    | {
        readonly hash: string
        readonly sinceMs: number
        readonly toldMs: number
        /** The targets that got it. Missing in a state of an older version. */
        readonly to?: readonly string[]
      }
    | undefined
}

interface NotifyFile {
  readonly version: 1
  readonly tasks: Readonly<Record<string, TaskTrouble>>
  readonly windows: Readonly<Record<string, TargetWindow>>
  readonly refused: NotifyState['refused'] | null
}

/** What the previous daemon left; undefined if there is nothing, or if it is damaged. */
export function readNotifyState(host: Host, paths: HomePaths): NotifyState | undefined {
  try {
    const file = JSON.parse(host.files.readText(paths.notify) ?? '') as NotifyFile
    const { refused } = file
    return {
      tasks: new Map(Object.entries(file.tasks).filter(([, trouble]) => isTrouble(trouble))),
      windows: new Map(Object.entries(file.windows).filter(([, window]) => isWindow(window))),
      refused: isRefused(refused) ? (refused ?? undefined) : undefined,
    }
  } catch {
    return undefined
  }
}

/** What a person edited, or another version wrote, must not be taken for a time: the daemon decides by it each second. */
function isTrouble(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const given = value as Partial<Record<keyof TaskTrouble, unknown>>
  const { failing, stuck, stuckToldMs, stuckMore, late, skipped, seenMs, noSuccess } = given
  return (
    (failing === undefined || isFailing(failing)) &&
    (stuck === undefined || isStuck(stuck)) &&
    (stuckToldMs === undefined || isTime(stuckToldMs)) &&
    (stuckMore === undefined || isStuckMore(stuckMore)) &&
    (late === undefined || isLate(late)) &&
    (skipped === undefined || hasTimes(skipped, 'count', 'toldMs')) &&
    (seenMs === undefined || isTime(seenMs)) &&
    (noSuccess === undefined || hasTimes(noSuccess, 'sinceMs', 'toldMs')) &&
    (given.noSuccessToldMs === undefined || isTime(given.noSuccessToldMs)) &&
    (given.isNoSuccessKnown === undefined || typeof given.isNoSuccessKnown === 'boolean')
  )
}

function isRefused(value: NotifyFile['refused']): boolean {
  if (!hasTimes(value, 'sinceMs', 'toldMs')) return false
  const { to } = value
  return to === undefined || (Array.isArray(to) && to.every((each) => typeof each === 'string'))
}

function isFailing(value: unknown): boolean {
  if (!hasTimes(value, 'sinceMs')) return false
  const { run, toldMs } = value
  return typeof run === 'string' && (toldMs === null || isTime(toldMs))
}

function isStuck(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).every((each) => hasTimes(each, 'sinceMs', 'toldMs'))
}

function isStuckMore(value: unknown): boolean {
  if (!hasTimes(value, 'count')) return false
  const { runs } = value
  return Array.isArray(runs) && runs.every((run) => typeof run === 'string')
}

/** An older version has no counts. */
function isLate(value: unknown): boolean {
  if (!hasTimes(value, 'slot', 'toldMs')) return false
  const { count, newest } = value
  return [count, newest].every((each) => each === undefined || isTime(each))
}

function isWindow(value: unknown): boolean {
  if (!hasTimes(value, 'startMs', 'sent', 'held')) return false
  const { lines } = value
  return Array.isArray(lines) && lines.every((line) => typeof line === 'string')
}

/** Whether it has these numbers. */
function hasTimes(
  value: unknown,
  ...keys: readonly string[]
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Readonly<Record<string, unknown>>
  return keys.every((key) => isTime(fields[key]))
}

/** What a Date can hold: https://tc39.es/ecma262/#sec-time-values-and-time-range */
const maxTime = 8.64e15

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= maxTime
}

/** Throws. What waits for a digest is nowhere else, so it must survive a power cut. */
export function writeNotifyState(
  host: Host,
  paths: HomePaths,
  { tasks, windows, refused }: NotifyState,
): void {
  const file: NotifyFile = {
    version: 1,
    tasks: Object.fromEntries(tasks),
    windows: Object.fromEntries(windows),
    refused: refused ?? null,
  }
  const sync = [...windows.values()].some(({ held }) => held > 0)
  host.files.replace(paths.notify, `${JSON.stringify(file)}\n`, { sync })
}
