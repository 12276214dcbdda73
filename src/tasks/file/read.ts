import { taskOf } from '../built-task.ts'
import { readPieces } from './pieces.ts'
import type { TasksFacts } from './settings.ts'
import type { TasksSource } from './source.ts'
import { inOrder, isError, type ParsedTasks, type ReadTasks, refused } from './verdict.ts'
import { readWhole } from './whole.ts'

export type { Stretch } from './pieces.ts'
export type { TasksFacts } from './settings.ts'
export type { ParsedTasks, ReadTasks } from './verdict.ts'
export type { TasksSource } from './source.ts'

/**
 * Reads a tasks file: one text, or those of a directory in the order of their names. Gives the
 * checked tasks, or all that is wrong; `partly`: of a bad file also what can be read. Never throws,
 * whatever the texts are.
 */
export function parseTasks(
  sources: readonly TasksSource[],
  facts: TasksFacts,
  { partly = false } = {},
): ParsedTasks {
  const read = readTasks(sources, facts, { partly })
  if (!read.ok) return read
  const tasks = read.stretches.flatMap((stretch) => (stretch.tasks ?? []).map(taskOf))
  return { ok: true, file: { tasks, groups: read.groups }, warnings: read.warnings }
}

/** The same in stretches; those of which the key is `known` come without their tasks. */
export function readTasks(
  sources: readonly TasksSource[],
  facts: TasksFacts,
  { partly = false, known = noKeys }: { partly?: boolean; known?: ReadonlySet<string> } = {},
): ReadTasks {
  const pieced = readPieces(sources, facts, known)
  const problems = pieced?.problems.flatMap(inOrder) ?? []
  const isBad = problems.some(isError)
  // What of a bad file can be read is seen in the whole of it.
  if (pieced === undefined || (isBad && partly)) return readWhole(sources, facts, partly)
  if (isBad) return refused(problems)
  const { stretches, merged } = pieced
  return { ok: true, stretches, groups: merged.groupEntries, warnings: problems }
}

const noKeys: ReadonlySet<string> = new Set()
