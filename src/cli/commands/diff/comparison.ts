import { type HostChange, hostChanges } from '../../../forecast/host-changes.ts'
import { type Change, changeOf } from '../../../tasks/compare/changes.ts'
import type { Ends } from './revisions.ts'
import type { Side } from './sides.ts'

/** What there is to say of two revisions of a tasks file. */
export interface Comparison {
  /** The file as people call it, and what is compared with what. */
  readonly path: string
  readonly name: string
  readonly from: Side
  readonly to: Side
  readonly change: Change
  readonly hosts: readonly HostChange[]
  /** Daemon tasks that are not what they were: a daemon of torch ends them and starts them anew. */
  readonly restarts: readonly string[]
  /** A file that becomes valid is a change too. */
  readonly isChanged: boolean
}

/** Compares two sides; starts are those in the 24 hours after `from`, in seconds since the epoch. */
export function compare(
  { path, folder, name }: { path: string; folder: string } & Pick<Ends, 'name'>,
  sides: { readonly from: Side; readonly to: Side },
  from: number,
): Comparison {
  const { from: old, to: now } = sides
  const change = changeOf(old.tasks, now.tasks, folder)
  const renamed = new Map(change.renamed.map(({ before, after }) => [before.name, after.name]))
  const hosts = hostChanges(change.before, change.after, { renamed, from })
  const { added, removed, changed, groups } = change
  const edits = [added, removed, change.renamed, changed, groups, hosts]
  return {
    ...{ path, name, ...sides, change, hosts },
    restarts: restartsOf(change),
    isChanged: edits.some((list) => list.length > 0) || old.isValid !== now.isValid,
  }
}

function restartsOf({ before, after }: Change): string[] {
  const old = new Map(before.tasks.map((task) => [task.name, task]))
  return after.tasks.flatMap((task) => {
    const was = old.get(task.name)
    const isDaemon = was?.type === 'daemon' && task.type === 'daemon' && was.enabled && task.enabled
    return isDaemon && was.definition !== task.definition ? [task.name] : []
  })
}
