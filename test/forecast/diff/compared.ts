import { type Comparison, compare } from '../../../src/forecast/diff/comparison.ts'
import { diffText } from '../../../src/forecast/diff/diff-text.ts'
import type { Side } from '../../../src/forecast/diff/comparison.ts'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { noFileNotify } from '../../../src/tasks/notify.ts'
import { facts } from '../../support/tasks.ts'

export const folder = '/srv'

/** Compares two texts of a file, as HEAD and working copy. undefined: the file does not exist. */
export function compared(before: string | undefined, after: string | undefined): Comparison {
  const head = { kind: 'commit', revision: 'HEAD', commit: '4f2a91c03b1e'.padEnd(40, '0') } as const
  const from = side(before, head, 'HEAD:tasks.yaml')
  const to = side(after, { kind: 'working-copy' }, 'tasks.yaml')
  const name = 'HEAD (4f2a91c03b1e) -> working copy'
  const start = Date.parse('2026-11-21T00:00:00Z') / 1000
  return compare({ path: 'tasks.yaml', folder, name }, { from, to }, start)
}

/** The comparison as text; `paint` shows the styles, for tests of colours. */
export function textOf(
  comparison: Comparison,
  { columns = 100, paint = (_style: unknown, text: string) => text } = {},
): string {
  return diffText(comparison, { columns, paint, zone: 'UTC', folder })
}

function side(text: string | undefined, end: Side['end'], path: string): Side {
  if (text === undefined)
    return { end, isThere: false, isValid: true, tasks: whole(empty), problems: [] }
  const parsed = readTasks([{ path, text }], facts, { allowPartial: true })
  return parsed.ok
    ? { end, isThere: true, isValid: true, tasks: whole(parsed.file), problems: [] }
    : { end, isThere: true, isValid: false, tasks: parsed.partial, problems: parsed.problems }
}

const empty = { tasks: [], groups: {}, notify: noFileNotify }

function whole(file: NonNullable<Side['tasks']>['file']): Side['tasks'] {
  return { file, unreadable: [], unreadableGroups: [] }
}
