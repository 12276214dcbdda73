import assert from 'node:assert/strict'
import { maxProblems } from '../../src/tasks/file/limits.ts'
import { joinStretches, type KnownStretches } from '../../src/tasks/file/join.ts'
import { plainNames } from '../../src/tasks/file/plain-names.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import type { Problem } from '../../src/tasks/file/problem.ts'
import { formatProblem } from '../../src/tasks/file/report.ts'
import type { ReadTasks } from '../../src/tasks/file/verdict.ts'
import { readWhole } from '../../src/tasks/file/whole.ts'
import { facts } from '../tasks/read.ts'
import { tasksTexts } from './corpus.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'

/** Any bytes at all: read in whatever way, they are the same tasks, or the same problems. */
export const tasksBytes = pure('tasks-bytes', 40, damaged(tasksTexts), (text) => {
  const sources = [{ path: 'tasks.yaml', text }]
  const whole = readWhole(sources, facts, false)
  const read = readTasks(sources, facts)
  assert.deepEqual(said(read), said(whole), 'in pieces as a whole')
  const partly = readTasks(sources, facts, { partly: true })
  assert.deepEqual(said(partly), said(whole), 'also where what can be read is asked for')
  isTold(read.ok ? read.warnings : read.problems, text)
  if (!read.ok) {
    assert.ok(
      read.problems.some(({ severity }) => severity === 'error'),
      'refused for an error',
    )
    return
  }
  const { tasks } = joined(read, new Map())
  const names = tasks.map(({ name }) => name)
  const plain = plainNames(text)
  if (plain !== undefined) assert.deepEqual(plain, names, 'its names by the look of its lines')
  for (const [base, known] of knownTexts()) {
    const again = readTasks(sources, facts, { known: new Set(known.keys()) })
    assert.ok(again.ok, `also beside ${base.slice(0, 20)}`)
    assert.deepEqual(joined(again, known).tasks, tasks, 'with what is known of another text')
  }
})

/** What it says, without how it was read. */
function said(read: ReadTasks): unknown {
  if (!read.ok) return read.problems
  return [read.stretches.flatMap((stretch) => stretch.tasks ?? []), read.groups, read.warnings]
}

/** Each has a place in the text, and can be shown. */
export function isTold(problems: readonly Problem[], text: string): void {
  assert.ok(problems.length <= maxProblems + 1)
  const lines = text.replace(/^\ufeff/, '').split('\n')
  for (const problem of problems) {
    const { line, column, message } = problem
    assert.ok(line !== null && line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`)
    // Just behind its end, with what ends it, is still in it.
    const most = (lines[line - 1] ?? '').length + 2
    assert.ok(column !== null && column >= 1 && column <= most, `column ${column} of ${most}`)
    assert.ok(message !== '' && !message.includes('\n'), 'one line of words')
    assert.doesNotMatch(formatProblem(problem), /[^\P{Cc}\t\n]/u, 'nothing a terminal obeys')
  }
}

function joined(read: ReadTasks & { ok: true }, known: KnownStretches) {
  const steps = joinStretches(read.stretches, known)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

let texts: [string, KnownStretches][] | undefined

/** What was learned from the text that is read in pieces. */
function knownTexts(): [string, KnownStretches][] {
  texts ??= tasksTexts.slice(0, 1).map((text) => {
    const read = readTasks([{ path: 'tasks.yaml', text }], facts)
    assert.ok(read.ok)
    return [text, joined(read, new Map()).known]
  })
  return texts
}
