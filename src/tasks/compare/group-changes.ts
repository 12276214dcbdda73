import { entryMeaning } from '../host-entry.ts'
import type { TasksFile } from '../task.ts'

/** A group whose entries are others now; all of them where it is new, or gone. */
export interface GroupChange {
  readonly group: string
  /** As they are written. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** The groups that name other machines than before: those of the new file in its order, then those that are gone. */
export function groupChanges(
  before: TasksFile['groups'],
  after: TasksFile['groups'],
): GroupChange[] {
  return Object.keys({ ...after, ...before })
    .map((group) => {
      const [old = [], now = []] = [before[group], after[group]]
      return { group, added: notIn(old, now), removed: notIn(now, old) }
    })
    .filter(({ added, removed }) => added.length + removed.length > 0)
}

/** Case does not matter in a group: a bare word is the name of a host. */
function notIn(others: readonly string[], entries: readonly string[]): string[] {
  const known = new Set(others.map((entry) => entryMeaning(entry.toLowerCase())))
  return entries.filter((entry) => !known.has(entryMeaning(entry.toLowerCase())))
}
