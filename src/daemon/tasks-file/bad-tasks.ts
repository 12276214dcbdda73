import { TorchError } from '../../errors.ts'
import { errorsLast, formatProblem, type Problem, problemLine } from '../../tasks/file/problem.ts'
import { counted } from '../../text/plural.ts'

/**
 * The error for a tasks file that is not valid, with all its problems. `forLog` leaves out the lines
 * of the file, which may contain a secret.
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
    details: errorsLast(problems).map(forLog ? problemLine : formatProblem),
  })
}

/** The only problem of a file that could not be read at all, such as a missing one. */
export function wholeProblem(problems: readonly Problem[]): Problem | undefined {
  const [first] = problems
  return problems.length === 1 && first?.severity === 'error' && first.line === null
    ? first
    : undefined
}

/** An error that concerns a file as a whole. */
export function fileProblem(file: string, message: string, hint: string | null = null): Problem {
  const place = { line: null, column: null, path: '', source: null }
  return { severity: 'error', file, ...place, message, hint }
}
