import path from 'node:path'
import type { Files } from '../../host/files.ts'
import type { Host } from '../../host/host.ts'
import type { TickState } from '../../plan/tick.ts'
import type { Totals } from '../../record/totals.ts'
import type { Faults } from '../../run/faults.ts'
import type { Task } from '../../tasks/task.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'

/** What a daemon leaves for the next one, besides its runs and pending starts. */
export interface SavedState {
  /** The last second done and the highest ever done; undefined before the first. */
  readonly slots: { readonly done: number; readonly high: number } | undefined
  /** The tasks that ran here, by name. */
  readonly loaded: ReadonlyMap<string, SavedTask>
}

interface SavedTask {
  /** The hash of its definition. */
  readonly hash: string
  /** The second in which it was loaded: it is due after that second, not in it. 0: long ago. */
  readonly since: number
}

interface Parts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
}

/** A damaged file counts as missing: then no slot was missed, and none is repeated. */
export function readSavedState(parts: Parts): SavedState {
  const { paths } = parts
  const match = /^(\d+) (\d+)\n$/.exec(readText(parts, paths.slots))
  const slots = match === null ? undefined : { done: Number(match[1]), high: Number(match[2]) }
  return { slots, loaded: parseLoaded(readText(parts, paths.loaded)) }
}

function readText({ host, faults }: Parts, file: string): string {
  let text = ''
  faults.attempt(`read ${path.basename(file)}`, () => {
    text = host.files.readText(file) ?? ''
  })
  return text
}

function parseLoaded(text: string): Map<string, SavedTask> {
  try {
    const rows = JSON.parse(text) as [string, string, number][]
    return new Map(rows.map(([name, hash, since]) => [name, { hash, since }]))
  } catch {
    return new Map()
  }
}

/**
 * The last second done goes to disk BEFORE its tasks start, so that a crash in that very second
 * repeats none of them. The text has a constant length and is written in place, which needs no new
 * block on a full disk. Throws.
 */
export function writeSlots(files: Files, paths: HomePaths, { done, high }: TickState): void {
  const pad = (second: number): string => String(second).padStart(12, '0')
  files.overwrite(paths.slots, `${pad(done)} ${pad(high)}\n`)
}

interface LoadedParts extends Parts {
  readonly phase: Phase
  readonly tasks: TasksState
}

/** Writes which tasks run here, now: slots of a task that was not there yet are not missed ones. */
export function saveLoaded({ host, paths, faults, tasks }: LoadedParts): void {
  faults.attempt('write loaded.json', () =>
    host.files.replace(paths.loaded, [...loadedText(tasks)].join('')),
  )
}

/** The same in the background: neither a slow disk nor 10,000 tasks may delay a tick. */
export function saveLoadedLater({ host, paths, faults, phase, tasks }: LoadedParts): Promise<void> {
  return faults.attemptAsync('write loaded.json', async () => {
    let text = ''
    for (const part of loadedText(tasks)) {
      await host.clock.turn()
      text += part
    }
    const next = `${paths.loaded}.next`
    await host.files.writeAsync(next, text)
    // After a handover the file is the next daemon's, which has read what saveLoaded() wrote.
    if (phase.now !== 'gone') host.files.rename(next, paths.loaded)
  })
}

/** Rows that are made without a pause: they take some 3 ms. */
const rowsPerPart = 1_000

/** The content of loaded.json, in parts; all of them show the tasks as they are at the first one. */
function* loadedText({ here, newTasks }: TasksState): Generator<string> {
  const since = new Map<string, number>()
  for (const { second, tasks } of newTasks) for (const { name } of tasks) since.set(name, second)
  const all = [...here.values()]
  const rowOf = ({ name, definition }: Task): string =>
    JSON.stringify([name, definition, since.get(name) ?? 0])
  for (let at = 0; at < all.length; at += rowsPerPart) {
    const rows = all.slice(at, at + rowsPerPart).map(rowOf)
    yield `${at === 0 ? '[' : ',\n'}${rows.join(',\n')}`
  }
  yield all.length === 0 ? '[]\n' : ']\n'
}

/**
 * True once per boot of the machine, or of the container: its process 1 is new, on a machine that has not rebooted.
 * Noted before anything starts: after a crash nothing starts twice.
 */
export function claimBoot({ host: { files, processes }, paths, faults }: Parts): boolean {
  const { bootId } = processes
  const startTicks = processes.identify(1)?.startTicks
  let isNew = false
  const wasNoted = faults.attempt('note the boot of the machine', () => {
    const noted = (files.readText(paths.boot) ?? '').trim()
    const [notedId, notedTicks] = noted.split(' ')
    // An older version noted no process 1, and some systems hide it.
    const isOther = startTicks !== undefined && notedTicks !== undefined
    isNew = notedId !== bootId || (isOther && Number(notedTicks) !== startTicks)
    const boot = startTicks === undefined ? bootId : `${bootId} ${startTicks}`
    if (noted !== boot) files.replace(paths.boot, `${boot}\n`)
  })
  return isNew && wasNoted
}

interface TotalsParts extends Parts {
  readonly totals: Totals
}

/** Leaves the counts for metrics to the next daemon. */
export function saveTotals({ host, paths, faults, totals }: TotalsParts): void {
  faults.attempt('save the counts for metrics', () =>
    host.files.replace(paths.totals, totals.saved(), { sync: false }),
  )
}

/** Takes them from a daemon that stopped in good order: only once, because after a crash they are old. */
export function takeSavedTotals({ host, paths, faults, totals }: TotalsParts): void {
  faults.attempt('read the counts for metrics', () => {
    const saved = host.files.readText(paths.totals)
    if (saved === undefined) return
    host.files.remove(paths.totals)
    totals.restore(saved)
  })
}
