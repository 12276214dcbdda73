import { grouped } from '../../../text/grouped.ts'
import type { Change, KeyChange } from '../../../tasks/compare/changes.ts'

/** The same change of so many tasks is told once. */
const fewestShared = 3

/** What changed of tasks, told with as few words as may be. */
interface Shared {
  /** The same for all of these tasks. */
  readonly shared: readonly { readonly change: KeyChange; readonly tasks: readonly string[] }[]
  readonly own: readonly { readonly task: string; readonly changes: readonly KeyChange[] }[]
}

/** Parts what changed into changes that many tasks share, and what each task has of its own. */
export function shareChanges(changed: Change['changed']): Shared {
  const all = changed.flatMap(({ after, keys }) =>
    keys.map((change) => ({ task: after.name, change })),
  )
  const same = [...grouped(all, ({ change }) => JSON.stringify(change)).values()]
  const isShared = (each: readonly unknown[]): boolean => each.length >= fewestShared
  const told = new Set(same.filter(isShared).flat())
  const own = grouped(
    all.filter((each) => !told.has(each)),
    ({ task }) => task,
  )
  return {
    shared: same.filter(isShared).flatMap((each) => {
      const [first] = each
      return first ? [{ change: first.change, tasks: each.map(({ task }) => task) }] : []
    }),
    own: [...own].map(([task, each]) => ({ task, changes: each.map(({ change }) => change) })),
  }
}
