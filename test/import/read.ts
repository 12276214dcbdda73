import { expect } from 'vitest'
import { importCrontab } from '../../src/import/crontab/crontab.ts'
import { importGotorch } from '../../src/import/gotorch/gotorch.ts'
import type { Imported } from '../../src/import/imported.ts'
import type { Task } from '../../src/tasks/task.ts'
import { good } from '../support/tasks.ts'

type Good = Extract<Imported, { ok: true }>

export function fromCrontab(text: string, system = false): Good {
  return checked(importCrontab({ path: 'crontab', text }, { system }))
}

export function fromGotorch(tasks: unknown): Good {
  return checked(importGotorch({ path: 'task.json', text: JSON.stringify(tasks) }))
}

/** The tasks of an import, as torch reads them. */
export function tasksOf({ yaml }: Good): readonly Task[] {
  return good(yaml, { mayChangeUser: true }).tasks
}

/** `3: not imported: ...` */
export function warningsOf({ warnings }: Good): string[] {
  return warnings.map(({ line, message }) => `${line}: ${message}`)
}

/** The lines of the file below `tasks:`, without their indentation. */
export function bodyOf({ yaml }: Good): string {
  const at = yaml.indexOf('\ntasks:\n')
  return yaml
    .slice(at + '\ntasks:\n'.length)
    .split('\n')
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n')
}

/** Checks that the result is a valid tasks file with the stated number of tasks. */
function checked(imported: Imported): Good {
  if (!imported.ok) throw new Error(imported.problems[0]?.message)
  expect(tasksOf(imported)).toHaveLength(imported.tasks)
  return imported
}
