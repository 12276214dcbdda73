import { remembered } from '../schedule/bounded.ts'
import type { Task } from './task.ts'

/** What is a task's own; nearly all else it has in common with many others. */
type Own = readonly [name: string, command: Task['command'], line: number, definition: string]

type Shared = Omit<Task, 'name' | 'command' | 'line' | 'definition' | 'schedules'>
type Schedules = Task['schedules']

/** Tasks as they go from one thread to another: what they share goes once, and is named by number. */
export interface PackedTasks {
  readonly rows: readonly (readonly [shared: number, schedules: number, ...own: Own])[]
  /** What was not in any pack before, with the numbers that follow. */
  readonly shared: readonly Shared[]
  readonly schedules: readonly Schedules[]
}

/** Packs one part after the other, to be unpacked in the same order. */
export function newPacker(): (tasks: readonly Task[]) => PackedTasks {
  const numberShared = newNumbers<Shared>()
  const numberSchedules = newNumbers<Schedules>()
  return (tasks) => {
    const [shared, schedules]: [Shared[], Schedules[]] = [[], []]
    const rows = tasks.map((task) => {
      const { name, command, line, definition, schedules: own, ...rest } = task
      const numbers = [numberShared(rest, shared), numberSchedules(own, schedules)] as const
      return [...numbers, name, command, line, definition] as const
    })
    return { rows, shared, schedules }
  }
}

/** Numbers in the order of first sight; what is seen first is put into the list that is given. */
function newNumbers<Value>(): (value: Value, fresh: Value[]) => number {
  const known = new Map<string, number>()
  return (value, fresh) => {
    const text = JSON.stringify(value)
    const number = known.get(text)
    if (number !== undefined) return number
    known.set(text, known.size)
    fresh.push(value)
    return known.size - 1
  }
}

/** Values that are kept from one file to the next; those of most files are a few dozen. */
const maxKnown = 10_000

/** What was unpacked, so that tasks of the next file share it too. Its parts are never changed. */
export interface Unpacked {
  readonly shared: Map<string, Shared>
  readonly schedules: Map<string, Schedules>
}

/** Undoes what a packer did, with the values of tasks that were `unpacked` before where they are equal. */
export function newUnpacker(unpacked: Unpacked): (packed: PackedTasks) => readonly Task[] {
  const shared: Shared[] = []
  const schedules: Schedules[] = []
  const same = <Value>(known: Map<string, Value>, value: Value): Value =>
    remembered(known, maxKnown, JSON.stringify(value), () => value)
  return (packed) => {
    for (const one of packed.shared) shared.push(same(unpacked.shared, one))
    for (const one of packed.schedules) schedules.push(same(unpacked.schedules, one))
    return packed.rows.map(([at, own, name, command, line, definition]): Task => {
      const [rest, times] = [shared[at], schedules[own]]
      if (rest === undefined || times === undefined) throw new Error('a pack is missing')
      // Its own FIRST: the other way round V8 makes objects of three times the size.
      return { name, command, line, definition, schedules: times, ...rest }
    })
  }
}
