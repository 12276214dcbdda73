import { TorchError } from '../errors.ts'
import { counted } from '../tasks/counted.ts'
import type { Problem } from '../tasks/problem.ts'
import { formatProblem, problemLine } from '../tasks/report.ts'

/**
 * The error for a tasks file that is not valid, with all of its problems. `forLog` leaves out the
 * lines of the file, which may hold a secret.
 */
export function badTasks(
  { path, problems }: { readonly path: string; readonly problems: readonly Problem[] },
  { forLog = false, ...options }: { exit?: number; hint: string; forLog?: boolean },
): TorchError {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const message = `the tasks file ${path} is not valid (${counted(errors, 'problem')})`
  return new TorchError('bad-tasks', message, {
    ...options,
    details: problems.map(forLog ? problemLine : formatProblem),
  })
}
