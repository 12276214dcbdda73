import { expect, test } from 'vitest'
import { newPhase } from '../../src/daemon/phase.ts'

test('a daemon runs, drains, leaves its runs and is gone, in this order', () => {
  const phase = newPhase()
  expect(phase.now).toBe('running')
  for (const next of ['draining', 'leaving', 'gone'] as const) {
    phase.enter(next)
    expect(phase.now).toBe(next)
  }
})

test.each([
  ['draining', 'running'],
  ['leaving', 'draining'],
  ['gone', 'running'],
  ['gone', 'gone'],
] as const)('a daemon that is %s cannot become %s', (before, after) => {
  const phase = newPhase()
  phase.enter(before)
  expect(() => phase.enter(after)).toThrow(`a daemon that is ${before} cannot become ${after}`)
  expect(phase.now).toBe(before)
})
