import { TorchError } from '../../errors.ts'
import { counted } from '../../text/plural.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { formatProblem, problemLine } from '../../tasks/file/report.ts'

/**
 * The error for a tasks file that is not valid, with all of its problems. `forLog` leaves out the
 * lines of the file, which may hold a secret.
 */
export function badTasks(
  { path, problems }: { readonly path: string; readonly problems: readonly Problem[] },
  { forLog = false, ...options }: { exit?: number; hint: string; forLog?: boolean },
): TorchError {
  const whole = wholeProblem(problems)
  if (whole !== undefined) {
    const hint = whole.hint ?? options.hint
    return new TorchError('bad-tasks', problemLine(whole), { ...options, hint })
  }
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const message = `the tasks file ${path} is not valid (${counted(errors, 'problem')})`
  return new TorchError('bad-tasks', message, {
    ...options,
    details: problems.map(forLog ? problemLine : formatProblem),
  })
}

/** What is wrong with a file as a whole, so that there are no others: it is not there, or not to be read. */
export function wholeProblem(problems: readonly Problem[]): Problem | undefined {
  const [first] = problems
  return problems.length === 1 && first?.severity === 'error' && first.line === null
    ? first
    : undefined
}
