import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../src/tasks/file/problem.ts'
import { formatProblem } from '../../../src/tasks/file/problem.ts'

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

test('an error', () => {
  expect(formatProblem(problem)).toBe(
    'tasks.yaml:12:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got "three"\n' +
      '    max: three\n' +
      '    ^',
  )
})

test('a warning with a hint', () => {
  const more = { severity: 'warning', message: 'odd', hint: 'did you mean "even"?' } as const
  expect(lines(more)).toEqual([
    'tasks.yaml:12:5: warning: tasks.backup.max: odd',
    '    max: three',
    '    ^',
    'hint: did you mean "even"?',
  ])
})

test('whatever the file says, a terminal is given nothing to obey', () => {
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

test('of the file as a whole', () => {
  const whole = { line: null, column: null, path: '', source: null, message: 'is not there' }
  expect(lines(whole)).toEqual(['tasks.yaml: is not there'])
})

describe('the line', () => {
  test('keeps its tabs above the caret', () => {
    expect(lines({ source: '\ta:\tb', column: 5 }).slice(1)).toEqual(['\ta:\tb', '\t  \t^'])
  })

  test('counts characters, not halves of them', () => {
    expect(lines({ source: '🔥🔥: x', column: 5 }).slice(1)).toEqual(['🔥🔥: x', '    ^'])
  })

  test('is cut around the column where it is long', () => {
    const source = `${'a'.repeat(200)}X${'b'.repeat(200)}`
    const [, shown, caret] = lines({ source, column: 201 })
    expect(shown).toBe(`…${'a'.repeat(60)}X${'b'.repeat(59)}…`)
    expect(caret).toBe(`${' '.repeat(61)}^`)
  })

  test('may end before the column', () => {
    expect(lines({ source: 'ab', column: 3 }).slice(1)).toEqual(['ab', '  ^'])
  })

  test('is not shown where it is blank', () => {
    expect(lines({ source: '  ' })).toHaveLength(1)
  })

  test('does not command the terminal', () => {
    expect(lines({ source: '\u001b[2Jab\u0085', column: 1 })[1]).toBe('\ufffd[2Jab\ufffd')
  })
})
