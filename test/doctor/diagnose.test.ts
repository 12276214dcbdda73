import { expect, test } from 'vitest'
import { bySeverity, canRun, summaryOf } from '../../src/doctor/diagnose.ts'
import { type Finding, findingsOf, note, ok, problem, warning } from '../../src/doctor/finding.ts'

const mixed = findingsOf({
  a: ok('good'),
  b: note('odd'),
  c: undefined,
  d: problem('bad', { hint: 'fix it' }),
  e: note('odd too', { instead: 'another' }),
  f: warning('risky', { hint: null }),
})

test('a check without a result is no finding', () => {
  expect(mixed.map(({ name }) => name).join('')).toBe('abdef')
  expect(mixed[3]).toEqual({
    name: 'e',
    status: 'note',
    found: 'odd too',
    instead: 'another',
    hint: null,
  })
})

test('findings are ordered by severity, and otherwise keep their order', () => {
  expect(
    bySeverity(mixed)
      .map(({ name }) => name)
      .join(''),
  ).toBe('dfbea')
})

const without = (...names: string[]): Finding[] => mixed.filter(({ name }) => !names.includes(name))
test.each([
  [mixed, false, 'torch cannot run here: 1 problem, 1 warning, 2 notes'],
  [without('d'), true, 'torch can run here: 1 warning, 2 notes'],
  [without('d', 'f', 'b'), true, 'torch can run here: 1 note'],
  [without('d', 'f', 'b', 'e'), true, 'torch can run here: nothing is missing'],
])('the summary of the findings %j says whether torch can run: %s', (findings, can, words) => {
  expect([canRun(findings), summaryOf(findings)]).toEqual([can, words])
})
