import { expect, test } from 'vitest'
import { isClaim, isPlace } from '../../../src/plan/fleet/records.ts'

const held = { state: 'held', host: 'web1', run: 'r', message: 'm', holdForMs: 45_000 }

test.each([
  [null, false],
  ['held', false],
  [{ state: 'gone' }, false],
  [{ ...held, host: 7 }, false],
  [{ ...held, holdForMs: null }, false],
  [{ state: 'free' }, true],
  [held, true],
])('whether %j is a place: %s', (value, isRight) => {
  expect(isPlace(value)).toBe(isRight)
})

test.each([
  [null, false],
  [{ attempt: 'a' }, false],
  [{ attempt: 'a', host: 'web1' }, true],
])('whether %j is a claim: %s', (value, isRight) => {
  expect(isClaim(value)).toBe(isRight)
})
