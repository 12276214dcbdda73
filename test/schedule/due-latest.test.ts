import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { latestDue, maxWalkedSlots, nextOf } from '../../src/schedule/due.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { at, read } from '../support/schedules.ts'
import { anySchedule } from '../support/schedule-texts.ts'

/** The slots in (after, until], found one by one. */
function walked(schedules: readonly Schedule[], after: number, until: number) {
  let [first, last, count]: [number | undefined, number | undefined, number] = [
    undefined,
    undefined,
    0,
  ]
  for (let slot = nextOf(schedules, after); slot !== undefined && slot <= until;) {
    if (slot <= (last ?? after)) expect.fail(`goes back at ${slot}`)
    first ??= slot
    last = slot
    count++
    slot = nextOf(schedules, slot)
  }
  return first === undefined ? undefined : { first, last, count, capped: false }
}

const zones = [
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'UTC',
]

describe('latestDue', () => {
  const minutes = anySchedule({ seconds: '0' })
  const zone = fc.constantFrom(...zones)
  const after = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') })
  const length = fc.integer({ min: 0, max: 5 * 86_400 })

  test('latestDue finds the slots that repeated nextOf finds', () => {
    fc.assert(
      fc.property(minutes, zone, after, length, (text, zoneName, from, seconds) => {
        const schedules = [read(text, zoneName)]
        expect(latestDue(schedules, from, from + seconds)).toEqual(
          walked(schedules, from, from + seconds),
        )
      }),
      { numRuns: 300 },
    )
  })

  const changes = [
    '2026-03-08',
    '2026-04-05',
    '2026-03-29',
    '2026-10-04',
    '2026-10-25',
    '2026-11-01',
  ]
  test.each(changes)('latestDue finds the slots that repeated nextOf finds around %s', (date) => {
    const offset = fc.integer({ min: -50_000, max: 130_000 })
    fc.assert(
      fc.property(minutes, zone, offset, offset, (text, zoneName, one, other) => {
        const schedules = [read(text, zoneName)]
        const from = at(`${date}T00:00:00Z`) + Math.min(one, other)
        const to = at(`${date}T00:00:00Z`) + Math.max(one, other)
        expect([text, zoneName, from, to, latestDue(schedules, from, to)]).toEqual([
          text,
          zoneName,
          from,
          to,
          walked(schedules, from, to),
        ])
      }),
      { numRuns: 150 },
    )
  })

  test('latestDue counts a second once if several schedules are due in it', () => {
    const schedules = [
      read('*/10 * * * *'),
      read('*/15 * * * *'),
      read('@reboot'),
      read('@every 1h'),
    ]
    const from = at('2026-01-01T00:00:00Z')
    expect(latestDue(schedules, from, from + 3600)).toEqual({
      first: from + 600,
      last: from + 3600,
      count: 8,
      capped: false,
    })
  })

  test.each([
    ['* * * * * *', 365 * 86_400],
    ['@every 20s', (365 * 86_400) / 20],
    ['30 2 * * *', 365],
    ['0 * * * *', 365 * 24],
    ['0 0 29 2 *', 0],
    ['@reboot', 0],
  ])('latestDue counts the slots of %s in 2026: %d', (text, count) => {
    const from = at('2026-01-01T00:00:00-05:00') - 1
    const slots = latestDue([read(text, 'America/New_York')], from, from + 365 * 86_400)
    expect(slots?.count ?? 0).toBe(count)
  })

  test('latestDue is undefined if nothing is due', () => {
    const noon = read('0 12 * * *')
    const from = at('2026-01-01T12:00:00Z')
    expect(latestDue([noon], from, from + 86_399)).toBeUndefined()
    expect(latestDue([noon], from, from)).toBeUndefined()
    expect(latestDue([noon], from, from - 86_400 * 10)).toBeUndefined()
    expect(latestDue([], from, from + 86_400)).toBeUndefined()
  })

  test('latestDue includes the end of the stretch, but not the start', () => {
    const from = at('2026-01-01T12:00:00Z')
    const slots = { first: from + 86_400, last: from + 86_400, count: 1, capped: false }
    expect(latestDue([read('0 12 * * *')], from, from + 86_400)).toEqual(slots)
  })
})

describe('a count that is capped', () => {
  const from = at('2020-01-01T00:00:00Z')

  test('latestDue caps its count if several schedules have more slots than it walks', () => {
    const schedules = [read('*/10 * * * * *'), read('5 * * * * *')]
    const few = latestDue(schedules, from, from + 60 * 100)
    expect(few).toMatchObject({ count: 700, capped: false })
    const many = latestDue(schedules, from, from + 86_400)
    expect(many).toEqual({ first: from + 5, last: from + 86_400, count: 8640, capped: true })
    expect(many?.count).toBeGreaterThan(maxWalkedSlots)
  })

  test('latestDue counts exactly if only one of the schedules is ever due', () => {
    const slots = latestDue([read('* * * * * *'), read('@reboot')], from, from + 86_400)
    expect(slots).toMatchObject({ count: 86_400, capped: false })
  })

  test('latestDue caps its count to a century before the last slot', () => {
    const until = at('2026-01-01T00:00:00Z')
    const slots = latestDue([read('0 0 1 1 *')], at('1800-06-01T00:00:00Z'), until)
    expect(slots).toEqual({
      first: at('1801-01-01T00:00:00Z'),
      last: until,
      count: 100,
      capped: true,
    })
  })
})
