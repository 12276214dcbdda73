import type { Problem } from '../../tasks/file/problem.ts'
import { errorsLast, formatProblem } from '../../tasks/file/problem.ts'
import type { Terminal } from './terminal.ts'

/** The problems of a tasks file, for people, one below the other; the errors last. */
export function showProblems(terminal: Terminal, problems: readonly Problem[]): string {
  return errorsLast(problems)
    .map((problem) => {
      const [first = '', ...more] = formatProblem(problem).split('\n')
      const style = problem.severity === 'error' ? 'red' : 'yellow'
      return [terminal.paint(style, first), ...more].join('\n')
    })
    .join('\n')
}

/** Leaves out the source line: the place is enough for a program. */
export function problemJson({ source: _source, ...rest }: Problem): Omit<Problem, 'source'> {
  return rest
}
