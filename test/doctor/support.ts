import { expect } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import type { Task } from '../../src/tasks/task.ts'
import { good } from '../support/tasks.ts'

/** A finding in short: status, found, instead, hint. */
export type Said = readonly [
  status: Finding['status'],
  found: string,
  instead: string | null,
  hint: string | null,
]

/** The finding with this name; the test fails if there is none. */
export function said(findings: readonly Finding[], name: string): Said {
  const finding = findings.find((each) => each.name === name)
  expect(finding, `${name} of ${findings.map((each) => each.name).join(', ')}`).toBeDefined()
  const { status = 'ok', found = '', instead = null, hint = null } = finding ?? {}
  return [status, found, instead, hint]
}

export function fine(found: string): Said {
  return ['ok', found, null, null]
}

/** The tasks of a file that a root daemon reads. */
export function tasksOf(text: string): readonly Task[] {
  return good(text, { mayChangeUser: true }).tasks
}
