import { TorchError } from '../errors.ts'
import { counted } from '../tasks/counted.ts'
import type { Problem } from '../tasks/problem.ts'
import { formatProblem } from '../tasks/report.ts'

/** The error for a tasks file that is not valid, with all of its problems. */
export function badTasks(
  { path, problems }: { readonly path: string; readonly problems: readonly Problem[] },
  options: { readonly exit?: number; readonly hint: string },
): TorchError {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const message = `the tasks file ${path} is not valid (${counted(errors, 'problem')})`
  return new TorchError('bad-tasks', message, { ...options, details: problems.map(formatProblem) })
}
