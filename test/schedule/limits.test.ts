import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countDue, dueSeconds, isDue, isOver, latestDue, nextDue } from '../../src/schedule/due.ts'
import { isAllowedAt } from '../../src/schedule/every.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { localText, offsetAt } from '../../src/schedule/timezone.ts'
import { anyLimits, readLimited, type WrittenLimits } from '../support/limits.ts'
import { referenceDue, wallClock } from '../support/schedule-reference.ts'
import { anySchedule } from '../support/schedule-texts.ts'
import { at, read } from '../support/schedules.ts'

const day = 86_400
const zones = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Beirut',
  'America/Santiago',
  'Pacific/Chatham',
  'Africa/Cairo',
  'America/Scoresbysund',
]

/** The due seconds in (after, until], found one by one as the daemon does. */
function chain(schedule: Schedule, after: number, until: number): number[] {
  const due: number[] = []
  for (let second = nextDue(schedule, after); second !== undefined && second <= until;) {
    if (second <= (due.at(-1) ?? after)) expect.fail(`${schedule.text} goes back at ${second}`)
    due.push(second)
    second = nextDue(schedule, second)
  }
  return due
}

/** Every function of due.ts finds what the slow reference finds. */
function expectAgreement(schedule: Schedule, from: number, to: number, expected: number[]): void {
  const what = [schedule.text, schedule.limits?.id]
  expect([...what, ...chain(schedule, from, to)]).toEqual([...what, ...expected])
  expect([...what, ...dueSeconds(schedule, from, to)]).toEqual([...what, ...expected])
  expect([...what, countDue(schedule, from, to)]).toEqual([...what, expected.length])
  const slots = latestDue([schedule], from, to)
  expect([...what, slots?.count ?? 0]).toEqual([...what, expected.length])
  for (const second of expected.slice(0, 3)) expect(isDue(schedule, second)).toBe(true)
}

/** The seconds at which the offset changes. Changes are assumed to be on a quarter of an hour. */
function changesOf(zone: string, from: number, to: number): number[] {
  const changes: number[] = []
  for (let second = from; second < to; second += 900)
    if (offsetAt(zone, second - 900) !== offsetAt(zone, second)) changes.push(second)
  return changes
}

test.each(zones)(
  'around every clock change of 2026 in %s, a schedule within limits is due in the minutes that the slow reference finds',
  (zone) => {
    const changes = changesOf(zone, at('2026-01-01T00:00:00Z'), at('2027-01-01T00:00:00Z'))
    for (const [index, change] of changes.entries()) {
      const [from, to] = [change - day, change + day]
      const walls = wallClock(zone, from, to, 60)
      const near = (days: number) =>
        new Date((change + days * day) * 1000).toISOString().slice(0, 10)
      const cases = fc.sample(
        fc.tuple(anySchedule({ seconds: '0' }), anyLimits(near(-12), near(12))),
        { numRuns: 12, seed: 20_260_329 + index },
      )
      for (const [text, limits] of cases)
        expectAgreement(
          readLimited(text, limits, zone),
          from,
          to,
          referenceDue(text, walls, from, 60, limits),
        )
    }
  },
)

test('within any limits, a schedule is due in the hours of two months that the slow reference finds', () => {
  const times = fc.constantFrom('0 0 0', '0 0 6,18', '0 0 23', '0 0 *')
  const days = anySchedule({ seconds: '0' }).map((text) => text.split(' ').slice(3).join(' '))
  const texts = fc.tuple(times, days).map((parts) => parts.join(' '))
  const start = at('2026-11-15T00:00:00Z')
  const walls = wallClock('UTC', start, start + 60 * day, 3600)
  fc.assert(
    fc.property(texts, anyLimits('2026-10-20', '2027-01-20'), (text, limits) => {
      const expected = referenceDue(text, walls, start, 3600, limits)
      expectAgreement(readLimited(text, limits), start, start + 60 * day, expected)
    }),
    { numRuns: 60 },
  )
})

test('a schedule of every second within limits is due in the seconds that the slow reference finds', () => {
  const from = at('2026-12-31T14:00:00Z')
  const walls = wallClock('Asia/Tokyo', from, from + 7200, 1)
  for (const limits of [
    { from: '2026-12-31T23:30', until: '2027-01-01T00:10:07' },
    { except: ['01-01'] },
    { cycle: { unit: 'days', count: 2, from: '2026-12-30' } },
  ] satisfies WrittenLimits[])
    expectAgreement(
      readLimited('*/7 * * * * *', limits, 'Asia/Tokyo'),
      from,
      from + 7200,
      referenceDue('*/7 * * * * *', walls, from, 1, limits),
    )
})

/** The next local times after the first second of a day. */
function timesAfter(
  text: string,
  limits: WrittenLimits,
  from: string,
  count: number,
  zone = 'UTC',
) {
  const schedule = readLimited(text, limits, zone)
  const times: string[] = []
  let second: number | undefined = at(from)
  while (times.length < count) {
    second = nextDue(schedule, second)
    if (second === undefined) break
    times.push(localText(zone, second).slice(5, 16))
  }
  return times
}

test.each<[string, WrittenLimits, string[]]>([
  // 2026-01-05 is a Monday.
  [
    '0 9 * * mon,sun',
    { cycle: { unit: 'weeks', count: 2, from: '2026-01-07' } },
    ['01-05T09:00', '01-11T09:00', '01-19T09:00', '01-25T09:00'],
  ],
  [
    '0 0 * * *',
    { cycle: { unit: 'days', count: 10, from: '2026-01-25' } },
    ['01-25T00:00', '02-04T00:00', '02-14T00:00'],
  ],
  [
    '0 0 31 * *',
    { cycle: { unit: 'months', count: 5, from: '2026-03-31' } },
    ['03-31T00:00', '08-31T00:00', '01-31T00:00', '07-31T00:00'],
  ],
  ['0 9 * * mon', { from: '2026-01-10', until: '2026-01-20' }, ['01-12T09:00', '01-19T09:00']],
  ['0 9 * * *', { from: '2026-01-05T09:00', until: '2026-01-06T09:00' }, ['01-05T09:00']],
  ['0 9 * * *', { only: ['weekends'] }, ['01-03T09:00', '01-04T09:00', '01-10T09:00']],
  // The holiday is moved on to a day that has a slot already.
  [
    '0 9 * * thu,fri',
    { except: ['2026-01-01'], onExcluded: 'next-day' },
    ['01-02T09:00', '01-08T09:00'],
  ],
  // New Year is a Thursday: its slot moves over the weekend.
  [
    '0 9 1 * *',
    { except: ['01-01..01-02', 'weekends'], onExcluded: 'next-day' },
    ['01-05T09:00', '02-02T09:00', '03-02T09:00', '04-01T09:00'],
  ],
  [
    '0 9 1 * *',
    { except: ['weekends'], onExcluded: 'previous-day' },
    ['01-01T09:00', '01-30T09:00', '02-27T09:00', '04-01T09:00'],
  ],
  // 31 days away is near enough, 32 is not.
  [
    '0 0 1 1 *',
    { except: ['2026-01-01..2026-01-31', '2027-01-01..2027-02-01'], onExcluded: 'next-day' },
    ['02-01T00:00', '01-01T00:00'],
  ],
  ['0 0 LW * *', { only: ['2026-02-27', '2026-03-30'] }, ['02-27T00:00']],
  ['@at 2026-02-01T03:30', { except: ['weekends'], onExcluded: 'previous-day' }, ['01-30T03:30']],
  ['@at 2026-02-01T03:30', { except: ['weekends'] }, []],
  ['@at 2026-02-01T03:30', { until: '2026-02-01T03:30' }, []],
  [
    '@at 2026-02-01T03:30',
    { cycle: { unit: 'days', count: 2, from: '2026-01-30' } },
    ['02-01T03:30'],
  ],
  [
    '@every 12h',
    { only: ['2026-01-03', '2026-01-05'] },
    ['01-03T00:00', '01-03T12:00', '01-05T00:00', '01-05T12:00'],
  ],
  ['@reboot', { only: ['2026-01-03'] }, []],
])('%s within %j is due at %j', (text, limits, times) => {
  const count = Math.max(times.length, limits.until === undefined ? 1 : times.length + 1)
  expect(timesAfter(text, limits, '2025-12-31T23:59:59Z', count)).toEqual(times)
})

test('a moved slot keeps its time of day, and follows the clock of its new day', () => {
  // On 2026-03-29 the clock of Berlin skips from 2:00 to 3:00.
  const skipped = { except: ['2026-03-28'], onExcluded: 'next-day' } as const
  expect(timesAfter('30 2 28 3 *', skipped, '2026-03-01T00:00:00Z', 1, 'Europe/Berlin')).toEqual([
    '03-29T03:00',
  ])
  expect(
    timesAfter('@at 2026-03-28T02:30', skipped, '2026-03-01T00:00:00Z', 1, 'Europe/Berlin'),
  ).toEqual(['03-29T03:00'])
})

test.each([
  ['@at 2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
  ['@at 2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
  ['@at 2026-10-25T02:30:15+01:00', 'Europe/Berlin', '2026-10-25T02:30:15+01:00'],
  ['@AT 2026-12-31t23:00z', 'Asia/Tokyo', '2027-01-01T08:00:00+09:00'],
])('%s in %s is due once, at %s', (text, zone, time) => {
  const schedule = read(text, zone)
  const due = nextDue(schedule, 0)
  expect(localText(zone, due ?? 0)).toBe(time)
  expect(nextDue(schedule, due ?? 0)).toBeUndefined()
  expect([...dueSeconds(schedule, 0, due ?? 0)]).toEqual([due])
  expect(isDue(schedule, due ?? 0)).toBe(true)
})

test('@every on allowed days is due at the multiples of its period on these days', () => {
  const limits = {
    except: ['2026-10-26', 'weekends'],
    cycle: { unit: 'days', count: 2, from: '2026-10-01' },
  } as const
  const schedule = readLimited('@every 100m', limits, 'Europe/Berlin')
  const [from, to] = [at('2026-10-20T00:00:00Z'), at('2026-11-05T00:00:00Z')]
  const expected: number[] = []
  for (let second = Math.ceil((from + 1) / 6000) * 6000; second <= to; second += 6000) {
    const date = localText('Europe/Berlin', second).slice(0, 10)
    const weekday = new Date(`${date}T00:00Z`).getUTCDay()
    const isEven = (Date.parse(date) - Date.parse('2026-10-01')) % (2 * 86_400_000) === 0
    if (isEven && weekday % 6 !== 0 && date !== '2026-10-26') expected.push(second)
  }
  expectAgreement(schedule, from, to, expected)
})

test('@reboot within limits may start on the days that they leave', () => {
  const { limits } = readLimited(
    '@reboot',
    { except: ['weekends'], from: '2026-01-05' },
    'Asia/Tokyo',
  )
  const isAllowed = (text: string) => isAllowedAt(limits, at(text))
  expect(
    ['2026-01-02', '2026-01-03', '2026-01-05'].map((date) => isAllowed(`${date}T12:00:00Z`)),
  ).toEqual([false, false, true])
  // It is Saturday in Tokyo already.
  expect(isAllowed('2026-01-09T16:00:00Z')).toBe(false)
  expect(isAllowedAt(undefined, 0)).toBe(true)
})

test.each<[string, WrittenLimits]>([
  ['0 0 29 2 *', { cycle: { unit: 'months', count: 12, from: '2026-01-01' } }],
  ['0 0 * * *', { only: ['weekends'], except: ['weekends'] }],
  ['0 0 * * mon', { only: ['weekends'] }],
  ['0 0 30 2 *', { from: '2026-01-01' }],
  ['0 0 1 1 *', { except: ['01-01'] }],
  [
    '0 0 * * *',
    {
      only: ['2026-01-01..2026-12-31'],
      except: ['2026-01-01..2026-12-31'],
      onExcluded: 'next-day',
    },
  ],
  ['0 0 1 1 *', { only: ['2026-06-01'], onExcluded: 'previous-day' }],
  ['0 12 * * *', { from: '2026-01-01T13:00', until: '2026-01-02T12:00' }],
  ['@every 1h', { only: ['02-29'], except: ['02-20..03-01'] }],
])('%s within %j is never due', (text, limits) => {
  const schedule = readLimited(text, limits)
  expect(nextDue(schedule, 0)).toBeUndefined()
  expect(countDue(schedule, 0, at('2126-01-01T00:00:00Z'))).toBe(0)
  expect(isOver([schedule], at('2026-06-01T00:00:00Z'))).toBe(false)
})

test('a leap day in a long cycle is found, also if it is far', () => {
  const cycle = { unit: 'days', count: 29, from: '2026-01-01' } as const
  const due = nextDue(readLimited('0 0 29 2 *', { cycle }), at('2026-01-01T00:00:00Z')) ?? 0
  expect((due - at('2026-01-01T00:00:00Z')) % (29 * day)).toBe(0)
  expect(new Date(due * 1000).toISOString().slice(5, 10)).toBe('02-29')
})

test('schedules are over after their last slot, and not before', () => {
  const until = readLimited('0 9 * * *', { until: '2026-01-10' })
  const once = read('@at 2026-01-05T00:00')
  const last = at('2026-01-09T09:00:00Z')
  expect(isOver([once, until], last - 1)).toBe(false)
  expect(isOver([once, until], last)).toBe(true)
  expect(isOver([once, read('@reboot')], last)).toBe(false)
  expect(isOver([once, read('@daily')], last)).toBe(false)
  expect(isOver([read('0 0 30 2 *')], last)).toBe(false)
})
