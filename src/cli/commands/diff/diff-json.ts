import type { Written } from '../../../tasks/compare/written.ts'
import { problemJson } from '../../terminal/problems.ts'
import type { Comparison } from './comparison.ts'
import type { Side } from './sides.ts'

/** A comparison for a program. */
export function diffJson({ from, to, change, hosts, restarts }: Comparison) {
  return {
    from: endJson(from),
    to: endJson(to),
    added: change.added.map(({ name }) => name),
    removed: change.removed.map(({ name }) => name),
    renamed: change.renamed.map(({ before, after }) => ({ from: before.name, to: after.name })),
    changed: change.changed.map(({ after, keys }) => ({
      task: after.name,
      keys: Object.fromEntries(
        keys.map((key): [string, [Written, Written]] => [key.key, [key.old, key.new]]),
      ),
    })),
    restarts,
    groups: Object.fromEntries(
      change.groups.map(({ group, added, removed }) => [group, { added, removed }]),
    ),
    hosts: Object.fromEntries(
      hosts.map(({ host, gains, loses, more, fewer, starts }) => {
        const starts24h = starts?.map(({ count }) => count) ?? null
        const busiest = starts?.map((each) => each.busiest?.starts ?? 0) ?? null
        return [host, { gains, loses, more, fewer, starts24h, busiest }]
      }),
    ),
    unreadable: change.unreadable,
    problems: [...from.problems, ...to.problems].map(problemJson),
  }
}

/** Both null for the working copy. */
function endJson({ end, isThere, isValid }: Side) {
  const { revision, commit } = end.kind === 'commit' ? end : { revision: null, commit: null }
  return { revision, commit, exists: isThere, valid: isValid }
}
