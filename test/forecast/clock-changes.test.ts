import { describe, expect, test } from 'vitest'
import { fileOf, messagesOf, warningsOf } from './support.ts'

describe('changes of the clock', () => {
  test.each([
    [
      '30 2 * * *',
      'gap a: 02:30 does not exist on 2027-03-14 in America/New_York: fires once at 03:00:00-04:00',
    ],
    [
      '15 30 1 * * *',
      'overlap a: 01:30:15 comes twice on 2026-11-01 in America/New_York: fires the first time only',
    ],
  ])('a task at %s gets a warning about the next change of the clock', (schedule, message) => {
    expect(messagesOf({ a: schedule })).toEqual([message])
  })

  test.each([
    '0 3 * * *',
    '59 0 * * *',
    '0 2 * * 1',
    '*/10 * * * *',
    '@every 1h',
    'H 2 * * *',
    '30 2 1 jan *',
  ])('a task at %s is not affected by a change of the clock', (schedule) => {
    expect(messagesOf({ a: schedule })).toEqual([])
  })

  test('a change of the clock gets one warning with the times that it affects', () => {
    const tasks = {
      a: { schedule: ['30 1 * * *', '0,30 2 * * *'] },
      b: '*/15 0-2 * * *',
      c: '5 2 * * *',
    }
    expect(messagesOf(tasks)).toEqual([
      'overlap a b: 01:00, 01:30 come twice on 2026-11-01 in America/New_York: each task fires the first time only',
      'gap a b c: 02:00, 02:05 do not exist on 2027-03-14 in America/New_York: each task fires once at 03:00:00-04:00',
    ])
  })

  test.each([
    [
      'Australia/Lord_Howe',
      '15 2 * * *',
      [
        'gap a: 02:15 does not exist on 2026-10-04 in Australia/Lord_Howe: fires once at 02:30:00+11:00',
      ],
    ],
    [
      'Antarctica/Troll',
      '0 2 * * *',
      [
        'overlap a: 02:00 comes twice on 2026-10-25 in Antarctica/Troll: fires the first time only',
        'gap a: 02:00 does not exist on 2027-03-28 in Antarctica/Troll: fires once at 03:00:00+02:00',
      ],
    ],
    [
      'America/Havana',
      '@daily',
      [
        'overlap a: 00:00 comes twice on 2026-11-01 in America/Havana: fires the first time only',
        'gap a: 00:00 does not exist on 2027-03-14 in America/Havana: fires once at 01:00:00-04:00',
      ],
    ],
    ['Asia/Tokyo', '*/5 0-22 * * *', []],
  ])('the next changes of the clock in %s are right', (timezone, schedule, messages) => {
    expect(messagesOf({ a: { schedule, timezone } })).toEqual(messages)
  })

  test('a warning about a change of the clock says which times to avoid', () => {
    expect(warningsOf(fileOf({ a: '30 2 * * *' }))[0]?.hint).toBe(
      'choose a time outside 02:00-03:00, or set timezone: UTC',
    )
  })
})
