import { maxProblems } from './limits.ts'
import { counted } from '../../text/plural.ts'
import type { PartialTasks } from './partial.ts'
import type { Stretch } from './pieces.ts'
import type { Problem } from './problem.ts'
import type { TasksFile } from '../task.ts'

export type ParsedTasks =
  | { readonly ok: true; readonly file: TasksFile; readonly warnings: readonly Problem[] }
  | {
      readonly ok: false
      /** Errors and warnings, in the order of their places. */
      readonly problems: readonly Problem[]
      /** Where it was asked for, and there is any. */
      readonly partial?: PartialTasks | undefined
    }

/** A file whose tasks may be known already: see {@link readTasks}. */
export type ReadTasks =
  | {
      readonly ok: true
      readonly stretches: readonly Stretch[]
      readonly groups: TasksFile['groups']
      readonly warnings: readonly Problem[]
    }
  | (ParsedTasks & { readonly ok: false })

/** The verdict on a file with errors. */
export function refused(problems: readonly Problem[]): ReadTasks & { readonly ok: false } {
  return { ok: false, problems: bounded(problems) }
}

export function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

/** By their places in one text. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}

/** The first of them, and how many more there are. */
export function bounded(problems: readonly Problem[]): readonly Problem[] {
  const [last] = problems.slice(maxProblems)
  if (last === undefined) return problems
  const message = counted(problems.length - maxProblems, 'more problem')
  return [...problems.slice(0, maxProblems), { ...last, path: '', message, hint: null }]
}
