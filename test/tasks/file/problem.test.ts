import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../src/tasks/file/problem.ts'
import { errorsLast, formatProblem } from '../../../src/tasks/file/problem.ts'
import { formatted } from '../../support/tasks.ts'

const problem: Problem = {
  severity: 'error',
  file: 'tasks.yaml',
  line: 12,
  column: 5,
  path: 'tasks.backup.max',
  message: 'expected a whole number of at least 1, or "unlimited"; got "three"',
  hint: null,
  source: '    max: three',
}

function lines(more: Partial<Problem>): string[] {
  return formatProblem({ ...problem, ...more }).split('\n')
}

test('an error is shown with its place, the line, a caret and a hint', () => {
  expect(formatProblem(problem)).toBe(
    'tasks.yaml:12:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got "three"\n' +
      '    max: three\n' +
      '    ^',
  )
})

test('the errors of a file that is not valid come last, each kind in its order', () => {
  const at = (line: number, severity: 'warning' | 'error') => ({ ...problem, line, severity })
  const all = [at(1, 'error'), at(2, 'warning'), at(3, 'error'), at(4, 'warning')]
  expect(errorsLast(all).map(({ line }) => line)).toEqual([2, 4, 1, 3])
})

test('a warning is shown with the word warning and its hint', () => {
  const more = { severity: 'warning', message: 'odd', hint: 'did you mean "even"?' } as const
  expect(lines(more)).toEqual([
    'tasks.yaml:12:5: warning: tasks.backup.max: odd',
    '    max: three',
    '    ^',
    'hint: did you mean "even"?',
  ])
})

test('control characters of the file never reach the terminal', () => {
  const more = {
    path: 'tasks.x\u001b[31m',
    message: 'no\u009b31m',
    hint: 'a\u0007',
    source: 'b\u001b',
  }
  expect(lines(more)).toEqual([
    'tasks.yaml:12:5: tasks.x\ufffd[31m: no\ufffd31m',
    'b\ufffd',
    '  ^',
    'hint: a\ufffd',
  ])
})

test('a problem of the whole file is one line without a place', () => {
  const whole = { line: null, column: null, path: '', source: null, message: 'is not there' }
  expect(lines(whole)).toEqual(['tasks.yaml: is not there'])
})

describe('the shown source line', () => {
  test('the source line keeps its tabs, so that the caret stays below its column', () => {
    expect(lines({ source: '\ta:\tb', column: 5 }).slice(1)).toEqual(['\ta:\tb', '\t  \t^'])
  })

  test('the caret counts characters, not UTF-16 units', () => {
    expect(lines({ source: '🔥🔥: x', column: 5 }).slice(1)).toEqual(['🔥🔥: x', '    ^'])
  })

  test('a long source line is cut around the column', () => {
    const source = `${'a'.repeat(200)}X${'b'.repeat(200)}`
    const [, shown, caret] = lines({ source, column: 201 })
    expect(shown).toBe(`…${'a'.repeat(60)}X${'b'.repeat(59)}…`)
    expect(caret).toBe(`${' '.repeat(61)}^`)
  })

  test('the caret stays at the end of a source line that ends before the column', () => {
    expect(lines({ source: 'ab', column: 3 }).slice(1)).toEqual(['ab', '  ^'])
  })

  test('a blank source line is not shown', () => {
    expect(lines({ source: '  ' })).toHaveLength(1)
  })

  test('control characters of the source line are replaced', () => {
    expect(lines({ source: '\u001b[2Jab\u0085', column: 1 })[1]).toBe('\ufffd[2Jab\ufffd')
  })
})

test('characters that turn the writing or that nobody sees are replaced in a problem', () => {
  const text = 'tasks:\n  a: { "com\\u200bmand\u202e": "x \u2066", schedule: "@daily\u202e" }\n'
  const shown = formatted(text)
  expect(shown).not.toMatch(/[\u200b\u202e\u2066]/)
  expect(shown).toContain('\ufffd')
})
