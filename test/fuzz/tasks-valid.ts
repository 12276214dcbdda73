import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readTasks } from '../../src/tasks/file/read.ts'
import { formatProblem } from '../../src/tasks/file/problem.ts'
import type { Task } from '../../src/tasks/task.ts'
import { facts } from '../support/tasks.ts'
import { pure } from './target.ts'
import { meantTasks, readKeys } from './tasks-meaning.ts'
import { forms, textOf, trees, writtenTree } from './tasks-tree.ts'

/** A daemon that runs as root, so that a task may have a user. */
export const rootFacts = { ...facts, mayChangeUser: true }

const files = fc.record({ tree: trees, form: fc.constantFrom(...forms), cutAt: fc.nat(6) })

/** A good file means the same in every form, as one file or as several files in a folder. */
export const tasksValid = pure('tasks-valid', 30, files, ({ tree, form, cutAt }) => {
  const file = writtenTree(tree)
  const meant = meantTasks(tree)
  const text = textOf(file, form)
  assert.deepEqual(read(text).map(readKeys), meant, text)

  const tasks = [...(file.get('tasks') as Map<string, unknown>)]
  const first = new Map([...file, ['tasks', new Map(tasks.slice(0, cutAt))]])
  const rest = new Map([['tasks', new Map(tasks.slice(cutAt))]])
  const both = [textOf(first, form), textOf(rest, 'plain')]
  assert.deepEqual(read(...both).map(readKeys), meant, both.join('---\n'))
  assert.deepEqual(definitions(read(...both)), definitions(read(text)))
})

function read(...texts: readonly string[]): readonly Task[] {
  const parsed = readTasks(
    texts.map((text, at) => ({ path: `${at}.yaml`, text })),
    rootFacts,
  )
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.file.tasks
}

function definitions(tasks: readonly Task[]): string[] {
  return tasks.map(({ definition }) => definition)
}
