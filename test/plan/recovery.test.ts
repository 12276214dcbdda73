import { describe, expect, test } from 'vitest'
import { planRecovery } from '../../src/plan/recovery.ts'

describe('a run that an earlier daemon did not conclude', () => {
  const unfinished = {
    described: true,
    concluded: false,
    claim: 'recorder',
    sameBoot: true,
    exited: false,
    recorderAlive: false,
    commandAlive: false,
  } as const
  test.each([
    { name: 'an entry without a run description', given: { described: false }, plan: 'forget' },
    { name: 'a run that was only prepared', given: { claim: 'none' }, plan: 'void' },
    {
      name: 'a run that was only prepared, before a reboot',
      given: { claim: 'none', sameBoot: false },
      plan: 'lost',
    },
    { name: 'a run that a daemon voided before it died', given: { claim: 'void' }, plan: 'void' },
    {
      name: 'a run with recorder and command alive',
      given: { recorderAlive: true, commandAlive: true },
      plan: 'adopt',
    },
    {
      name: 'a run whose recorder has not started the command yet',
      given: { recorderAlive: true },
      plan: 'adopt',
    },
    {
      name: 'a run whose recorder was killed while the command runs',
      given: { commandAlive: true },
      plan: 'adopt',
    },
    { name: 'a run that ended', given: { exited: true }, plan: 'record' },
    {
      name: 'a run that ended while its recorder still exists',
      given: { exited: true, recorderAlive: true },
      plan: 'record',
    },
    {
      name: 'a run that ended before a reboot',
      given: { exited: true, sameBoot: false },
      plan: 'record',
    },
    {
      name: 'a run that is already concluded',
      given: { concluded: true, exited: true },
      plan: 'record',
    },
    { name: 'a run whose recorder and command are gone', given: {}, plan: 'unknown' },
    {
      name: 'a run from before a reboot whose pid belongs to another process now',
      given: { sameBoot: false, commandAlive: true },
      plan: 'lost',
    },
  ] as const)('$name gets the plan $plan', ({ given, plan }) => {
    expect(planRecovery({ ...unfinished, ...given })).toBe(plan)
  })
})
