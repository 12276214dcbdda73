import { expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'

const hourMs = 3_600_000

test('ages are not trusted from a jump of the clock on, until an hour has passed', async () => {
  const site = newSite('tasks: {}')
  const { state, seconds } = await site.daemon()
  const { tickClock } = state
  seconds(1)
  expect(tickClock.mayTrustAges()).toBe(true)
  site.clock.set(site.clock.now() + 24 * hourMs)
  // No tick has seen the jump yet.
  expect(tickClock.mayTrustAges()).toBe(false)
  seconds(1)
  expect(tickClock.mayTrustAges()).toBe(false)
  site.clock.set(site.clock.now() - 24 * hourMs)
  seconds(1)
  expect(tickClock.mayTrustAges()).toBe(false)
  seconds(3600)
  expect(tickClock.mayTrustAges()).toBe(true)
})
