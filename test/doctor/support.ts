import { expect } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'

/** What a check says: status, what is found, instead, hint. */
export type Said = readonly [
  status: Finding['status'],
  found: string,
  instead: string | null,
  hint: string | null,
]

/** One of the findings, which has to be there. */
export function said(findings: readonly Finding[], name: string): Said {
  const finding = findings.find((each) => each.name === name)
  expect(finding, `${name} of ${findings.map((each) => each.name).join(', ')}`).toBeDefined()
  const { status = 'ok', found = '', instead = null, hint = null } = finding ?? {}
  return [status, found, instead, hint]
}

export function fine(found: string): Said {
  return ['ok', found, null, null]
}
