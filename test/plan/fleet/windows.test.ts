import { expect, test } from 'vitest'
import { isStoredInTime, medianOf, windowMs } from '../../../src/plan/fleet/windows.ts'
import { choiceOf, holdForMs } from '../../../src/plan/fleet/takeover.ts'
import type { HeldPlace } from '../../../src/plan/fleet/records.ts'

const window = { slotMs: 1_000_000, startWithinMs: 60_000, nextSlotMs: undefined }

test('a slot may start until its window is over, or the next slot comes', () => {
  expect(windowMs(window)).toBe(60_000)
  expect(windowMs({ ...window, nextSlotMs: 1_010_000 })).toBe(10_000)
  expect(windowMs({ ...window, nextSlotMs: 1_100_000 })).toBe(60_000)
})

test.each([
  { afterMs: -5_001, isInTime: false },
  { afterMs: -5_000, isInTime: true },
  { afterMs: 0, isInTime: true },
  { afterMs: 60_000, isInTime: true },
  { afterMs: 60_001, isInTime: false },
])('a claim that is stored $afterMs ms after its slot: $isInTime', ({ afterMs, isInTime }) => {
  expect(isStoredInTime(window.slotMs + afterMs, window)).toBe(isInTime)
})

test.each([
  { offsets: [], median: 0 },
  { offsets: [7], median: 7 },
  { offsets: [9, 1], median: 5 },
  { offsets: [900, -2, 1, 3, 2], median: 2 },
])('the median of $offsets is $median', ({ offsets, median }) => {
  expect(medianOf(offsets)).toBe(median)
})

const held: HeldPlace = {
  ...{ v: 1, state: 'held', host: 'a', session: 's', run: 'r', slot: null, message: 'm' },
  ...{ holdForMs: 45_000, sinceMs: 0 },
}
const found = (sequence: number) => ({ kind: 'found', value: held, sequence, storedMs: 0 }) as const

const none = { kind: 'none' } as const

test('the promise of a holder is its fence, its time to end, and the time of the guard', () => {
  expect(holdForMs(30_000, 10_000)).toBe(45_000)
})

test.each([
  { what: 'nobody ever had it', answer: none, ageMs: 45_000, kind: 'take', expected: 0 },
  { what: 'its stream is new', answer: none, ageMs: 1_000, kind: 'new', againMs: 44_000 },
  { what: 'nobody knows the age of its stream', answer: none, kind: 'unknown' },
  {
    what: 'it is free',
    answer: { kind: 'found', value: { v: 1, state: 'free' }, sequence: 4, storedMs: 0 } as const,
    kind: 'take',
    expected: 4,
  },
  { what: 'no answer', answer: { kind: 'silent', words: '' } as const, kind: 'unknown' },
  { what: 'seen for the first time', answer: found(4), kind: 'watch', againMs: 45_000 },
  { what: 'seen before', answer: found(4), since: [4, -44_000], kind: 'watch', againMs: 1_000 },
  { what: 'renewed since', answer: found(5), since: [4, -44_000], kind: 'watch', againMs: 45_000 },
  { what: 'seen for too long', answer: found(4), since: [4, -45_000], kind: 'take', expected: 4 },
])('a place: $what', ({ what: _, answer, since, ageMs, ...wanted }) => {
  const [sequence = 0, sinceMs = 0] = since ?? []
  const sighting = since && { sequence, sinceMs }
  const facts = { nowMs: 0, ownHoldForMs: 45_000, ageMs }
  expect(choiceOf(answer, sighting, facts)).toMatchObject(wanted)
})
