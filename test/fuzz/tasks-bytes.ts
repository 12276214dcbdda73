import assert from 'node:assert/strict'
import { maxProblems } from '../../src/tasks/file/limits.ts'
import { formatProblem, type Problem } from '../../src/tasks/file/problem.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import { facts } from '../support/tasks.ts'
import { tasksTexts } from './corpus.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'

/** Any bytes at all are tasks with different names, or problems with their places. */
export const tasksBytes = pure('tasks-bytes', 40, damaged(tasksTexts), (text) => {
  const texts = [{ path: 'tasks.yaml', text }]
  const read = readTasks(texts, facts)
  assertShowable(read.ok ? read.warnings : read.problems, text)
  const { partial, ...withPartial } = {
    partial: undefined,
    ...readTasks(texts, facts, { allowPartial: true }),
  }
  assert.deepEqual(withPartial, read, 'allowPartial does not change the result')
  if (read.ok) {
    const names = read.file.tasks.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length, 'each name once')
    return
  }
  assert.ok(
    read.problems.some(({ severity }) => severity === 'error'),
    'refused because of an error',
  )
  const readable = partial?.file.tasks.map(({ name }) => name) ?? []
  const unreadable = new Set(partial?.unreadable)
  assert.ok(!readable.some((name) => unreadable.has(name)), 'a task is readable or it is not')
})

/** Asserts that each problem has a place in the text, and can be shown. */
export function assertShowable(problems: readonly Problem[], text: string): void {
  assert.ok(problems.length <= maxProblems + 1)
  const lines = text.replace(/^\ufeff/, '').split('\n')
  for (const problem of problems) {
    const { line, column, message } = problem
    assert.ok(line !== null && line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`)
    // A problem may be just after the end of its line.
    const most = (lines[line - 1] ?? '').length + 2
    assert.ok(column !== null && column >= 1 && column <= most, `column ${column} of ${most}`)
    assert.ok(message !== '' && !message.includes('\n'), 'the message is one line')
    assert.doesNotMatch(formatProblem(problem), /[^\P{Cc}\t\n]/u, 'no control characters')
  }
}
