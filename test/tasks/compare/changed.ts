import { compareFiles } from '../../../src/tasks/compare/changes.ts'
import { readTasks } from '../../../src/tasks/file/read.ts'
import type { PartialTasks } from '../../../src/tasks/file/partial.ts'
import { facts } from '../../support/tasks.ts'

/** A file as far as it can be read. */
function side(text: string): PartialTasks | undefined {
  const parsed = readTasks([{ path: 'tasks.yaml', text }], facts, { allowPartial: true })
  if (!parsed.ok) return parsed.partial
  return { file: parsed.file, unreadable: [], unreadableGroups: [] }
}

/** The change between two files, by names, without empty parts. */
export function change(before: string, after: string): Record<string, unknown> {
  const found = compareFiles(side(before), side(after), '/srv')
  const all = {
    added: found.added.map(({ name }) => name),
    removed: found.removed.map(({ name }) => name),
    renamed: found.renamed.map((pair) => `${pair.before.name} ${pair.after.name}`),
    changed: Object.fromEntries(
      found.changed.map(({ after: task, keys }) => [
        task.name,
        Object.fromEntries(keys.map((key) => [key.key, [key.old, key.new]])),
      ]),
    ),
    groups: found.groups,
    unreadable: found.unreadable,
  }
  return Object.fromEntries(Object.entries(all).filter(([, each]) => Object.keys(each).length > 0))
}
