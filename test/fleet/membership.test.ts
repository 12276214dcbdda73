import { expect, test } from 'vitest'
import { newMembership } from '../../src/fleet/membership.ts'
import type { Hint } from '../../src/plan/fleet/hints.ts'
import { type Heartbeat, maxMembers } from '../../src/plan/fleet/members.ts'
import { handClock } from '../support/clock.ts'

const beat = (host: string): Heartbeat => ({
  ...{ v: 1, host, session: host, facts: { names: [host], addresses: [] }, torch: '', tz: '' },
  ...{ file: { revision: null, committedMs: null, hash: '' }, running: 0, places: [] },
  ...{ offsetMs: null, isDraining: false },
})

test('a thousand machines are remembered, and a new one takes the place of the one that is silent for longest', () => {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  let hear = (_: Hint): void => {}
  const engine = { tell() {}, hear: (listener: typeof hear) => void (hear = listener) }
  const membership = newMembership({ engine, clock, own: () => beat('own') })
  const say = (host: string): void => hear({ kind: 'heartbeat', beat: beat(host) })
  const knows = (host: string): boolean =>
    membership.members().some((member) => member.beat.host === host)
  for (let n = 0; n < maxMembers; n += 1) say(`m${n}`)
  // All of them are heard: there is no room.
  say('late')
  expect(knows('late')).toBe(false)
  // Itself is one more.
  expect(membership.members()).toHaveLength(maxMembers + 1)
  clock.advance(20_000)
  say('m0')
  say('late')
  expect(knows('late')).toBe(true)
  expect(knows('m0')).toBe(true)
  expect(knows('m1')).toBe(false)
  expect(membership.members()).toHaveLength(maxMembers + 1)
  membership.close()
})

test('another daemon with the own name is known from the moment it is heard, until it is silent', () => {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  let hear = (_: Hint): void => {}
  const engine = { tell() {}, hear: (listener: typeof hear) => void (hear = listener) }
  const membership = newMembership({ engine, clock, own: () => beat('own') })
  const say = () => hear({ kind: 'heartbeat', beat: { ...beat('own'), session: 'other' } })
  expect(membership.impostorSinceMs()).toBeUndefined()
  clock.advance(60_000)
  say()
  const firstMs = clock.now()
  clock.advance(5_000)
  say()
  expect(membership.impostorSinceMs()).toBe(firstMs)
  clock.advance(60_000)
  expect(membership.impostorSinceMs()).toBeUndefined()
  say()
  expect(membership.impostorSinceMs()).toBe(clock.now())
  membership.close()
})
