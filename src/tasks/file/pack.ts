import { remembered } from '../../text/cache.ts'
import type { BuiltTask, SharedSettings } from '../built-task.ts'
import type { Task } from '../task.ts'

type Own = readonly [name: string, command: Task['command'], line: number, definition: string]

type Schedules = Task['schedules']

/** Tasks as they go from one thread to another: what they share goes once, and is named by number. */
export interface PackedTasks {
  readonly rows: readonly (readonly [shared: number, schedules: number, ...own: Own])[]
  /** What was not in any pack before, with the numbers that follow. */
  readonly shared: readonly SharedSettings[]
  readonly schedules: readonly Schedules[]
}

/** Packs one part after the other, to be unpacked in the same order. */
export function newPacker(): (tasks: readonly BuiltTask[]) => PackedTasks {
  const numberShared = newNumbers<SharedSettings>()
  const numberSchedules = newNumbers<Schedules>()
  return (tasks) => {
    const [shared, schedules]: [SharedSettings[], Schedules[]] = [[], []]
    const rows = tasks.map(({ name, command, line, definition, shared: rest, schedules: own }) => {
      const numbers = [numberShared(rest, shared), numberSchedules(own, schedules)] as const
      return [...numbers, name, command, line, definition] as const
    })
    return { rows, shared, schedules }
  }
}

/** Numbers in the order of first sight; what is seen first is put into the list that is given. */
function newNumbers<Value extends object>(): (value: Value, fresh: Value[]) => number {
  const known = new Map<Value, number>()
  return (value, fresh) => {
    const number = known.get(value)
    if (number !== undefined) return number
    known.set(value, known.size)
    fresh.push(value)
    return known.size - 1
  }
}

/** Values that are kept from one file to the next; those of most files are a few dozen. */
const maxKnown = 10_000

/** What was unpacked, so that tasks of the next file share it too. Its parts are never changed. */
export interface Unpacked {
  readonly shared: Map<string, SharedSettings>
  readonly schedules: Map<string, Schedules>
}

/** Undoes what a packer did, with the values of tasks that were `unpacked` before where they are equal. */
export function newUnpacker(unpacked: Unpacked): (packed: PackedTasks) => readonly BuiltTask[] {
  const shared: SharedSettings[] = []
  const schedules: Schedules[] = []
  const same = <Value>(known: Map<string, Value>, value: Value): Value =>
    remembered(known, maxKnown, JSON.stringify(value), () => value)
  return (packed) => {
    for (const one of packed.shared) shared.push(same(unpacked.shared, one))
    for (const one of packed.schedules) schedules.push(same(unpacked.schedules, one))
    return packed.rows.map(([at, own, name, command, line, definition]) => {
      const [rest, times] = [shared[at], schedules[own]]
      if (rest === undefined || times === undefined) throw new Error('a pack is missing')
      return { name, command, line, definition, schedules: times, shared: rest }
    })
  }
}
