import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDue } from '../../src/schedule/due.ts'
import { freshEntry, timetableOf } from '../../src/plan/slots.ts'
import { maxStallSeconds, maxStepBackSeconds } from '../../src/plan/tick.ts'
import { aTask, at, inShort, tickOf } from '../support/plan.ts'

const noon = at('2026-03-10T12:00:00Z')

describe('a tick of every second', () => {
  test('a tick starts the tasks that are due in its second and no others', () => {
    const tick = tickOf(
      [
        aTask({ name: 'every', schedule: '* * * * * *' }),
        aTask({ name: 'ten', schedule: '*/10 * * * * *' }),
      ],
      noon - 1,
    )
    expect(inShort(tick.at(noon))).toEqual(['every 12:00:00', 'ten 12:00:00'])
    expect(inShort(tick.at(noon + 1))).toEqual(['every 12:00:01'])
  })

  test('a second tick in the same second does nothing', () => {
    const tick = tickOf([aTask({ schedule: '* * * * * *' })], noon - 1)
    tick.at(noon)
    expect(tick.at(noon)).toMatchObject({ step: { kind: 'none' }, starts: [], misses: [] })
  })

  test('a daemon that starts in a second that the previous daemon has done repeats nothing', () => {
    const tick = tickOf([aTask({ schedule: '* * * * * *' })], noon, true)
    expect(inShort(tick.at(noon))).toEqual([])
    expect(inShort(tick.at(noon + 1))).toEqual(['job 12:00:01'])
  })

  test('jitter delays the start and leaves the slot as it is', () => {
    const tick = tickOf([aTask({ schedule: '0 12 * * *', jitterMs: 60_000 })], noon - 1)
    const moved = jitterOfJob()
    expect(inShort(tick.at(noon))).toEqual([])
    const plan = tick.at(noon + Math.floor(moved / 1000))
    expect(inShort(plan)).toEqual(['job 12:00:00'])
    expect(plan.starts[0]).toMatchObject({
      delayMs: moved % 1000,
      start: { dueMs: noon * 1000 + moved },
    })
  })

  function jitterOfJob(): number {
    const tick = tickOf([aTask({ schedule: '0 12 * * *', jitterMs: 60_000 })], noon - 1)
    for (let second = noon; second < noon + 60; second++) {
      const [due] = tick.at(second).starts
      if (due !== undefined) return (due.start.dueMs ?? 0) - noon * 1000
    }
    throw new Error('the task did not start')
  }
})

describe('a late tick', () => {
  const tasks = [
    aTask({ name: 'every', schedule: '* * * * * *' }),
    aTask({ name: 'ten', schedule: '*/10 * * * * *' }),
    aTask({ name: 'one', schedule: '0 12 * * *' }),
    aTask({ name: 'later', schedule: '0 13 * * *' }),
  ]

  test('after a stall each task starts once for its latest slot, and the earlier slots are missed', () => {
    const tick = tickOf(tasks, noon - 1)
    const plan = tick.at(noon + 25)
    expect(plan.step).toEqual({ kind: 'stall', seconds: 26 })
    expect(inShort(plan)).toEqual([
      'every missed 25 12:00:00-12:00:24 (clock)',
      'ten missed 2 12:00:00-12:00:10 (clock)',
      'one 12:00:00',
      'ten 12:00:20',
      'every 12:00:25',
    ])
    expect(inShort(tick.at(noon + 26))).toEqual(['every 12:00:26'])
  })

  test.each([
    { seconds: maxStallSeconds, kind: 'stall', expected: ['one 12:00:00'] },
    {
      seconds: maxStallSeconds + 1,
      kind: 'jump',
      expected: ['one missed 1 12:00:00-12:00:00 (clock)'],
    },
  ])('a gap of $seconds s is a $kind', ({ seconds, kind, expected }) => {
    const tick = tickOf([aTask({ name: 'one', schedule: '0 12 * * *' })], noon - 1)
    const plan = tick.at(noon - 1 + seconds)
    expect(plan.step).toEqual({ kind, seconds })
    expect(inShort(plan)).toEqual(expected)
  })

  test('the starts of a late tick are in the order of their slots', () => {
    const tick = tickOf(tasks, noon - 1)
    const slots = tick.at(noon + 25).starts.map((due) => due.start.slot ?? 0)
    expect(slots).toEqual(slots.toSorted((a, b) => a - b))
  })
})

describe('a jump ahead', () => {
  const hour = 3600
  const cases = [
    {
      name: 'slots of a jump are missed, in one record for each task',
      task: { schedule: '*/10 * * * *' },
      expected: ['job missed 6 12:00:00-12:50:00 (clock)'],
    },
    {
      name: 'a task with catchup: latest starts once for all slots of a jump',
      task: { schedule: '*/10 * * * *', catchup: 'latest' as const },
      expected: ['job missed 5 12:00:00-12:40:00 (clock)', 'job 12:50:00 catchup'],
    },
    {
      name: 'a task with catchup: latest does not start for a slot older than catchup_window',
      task: { schedule: '0 12 * * *', catchup: 'latest' as const, catchupWindowMs: 600_000 },
      expected: ['job missed 1 12:00:00-12:00:00 (clock)'],
    },
  ]
  test.each(cases)('$name', ({ task, expected }) => {
    const tick = tickOf([aTask(task)], noon - 1)
    expect(inShort(tick.at(noon + hour - 1))).toEqual(expected)
  })

  test('a slot of the second in which a jump ends starts normally, without catchup too', () => {
    const tick = tickOf([aTask({ schedule: '*/10 * * * *' })], noon - 1)
    expect(inShort(tick.at(noon + hour))).toEqual([
      'job missed 6 12:00:00-12:50:00 (clock)',
      'job 13:00:00',
    ])
  })

  test('slots that passed while the daemon was down are missed with the reason down', () => {
    const tick = tickOf([aTask({ schedule: '*/10 * * * *' })], noon - 1, true)
    expect(inShort(tick.at(noon + hour - 1))).toEqual(['job missed 6 12:00:00-12:50:00 (down)'])
  })

  test('a month of missed slots of a task of every second is one record with the right count', () => {
    const month = 30 * 86_400
    const tick = tickOf([aTask({ schedule: '* * * * * *', catchup: 'latest' })], noon)
    const plan = tick.at(noon + month)
    expect(plan.misses).toMatchObject([{ count: month - 1 }])
    expect(plan.starts).toHaveLength(1)
  })
})

describe('a clock that is set back', () => {
  const tasks = [
    aTask({ name: 'interval', schedule: '*/10 * * * * *' }),
    aTask({ name: 'fixed', schedule: '0 0,10,20,30,40,50 12 * * *' }),
  ]
  /** Everything that starts in the seconds from..to. */
  const replay = (tick: ReturnType<typeof tickOf>, from: number, to: number): string[] => {
    const all: string[] = []
    for (let second = from; second <= to; second++) all.push(...inShort(tick.at(second)))
    return all
  }

  test('a clock set back by 1 s repeats interval slots and no fixed-time slots', () => {
    const tick = tickOf(tasks, noon - 1)
    tick.at(noon)
    tick.at(noon + 1)
    const plan = tick.at(noon)
    expect(plan.step).toEqual({ kind: 'back', seconds: 1 })
    expect(inShort(plan)).toEqual(['interval 12:00:00'])
    expect(inShort(tick.at(noon + 10))).toContain('interval 12:00:10')
  })

  test('a clock set back by an hour repeats no fixed-time slot and starts the first later one', () => {
    const tick = tickOf(tasks, noon - 1)
    replay(tick, noon, noon + 1800)
    const again = replay(tick, noon - 1800, noon + 2400)
    expect(again.filter((each) => each.startsWith('fixed'))).toEqual(['fixed 12:40:00'])
    expect(again.filter((each) => each.startsWith('interval'))).toHaveLength(4200 / 10 + 1)
  })

  test.each([
    { by: maxStepBackSeconds, kind: 'back' },
    { by: maxStepBackSeconds + 1, kind: 'new-time' },
    { by: 86_400, kind: 'new-time' },
  ])('a clock set back by $by s is the step $kind', ({ by, kind }) => {
    const tick = tickOf(tasks, noon)
    expect(tick.at(noon - by).step).toEqual({ kind, seconds: by })
  })

  test('a clock set back by a day is a new time, in which every slot is due again', () => {
    const tick = tickOf([aTask({ name: 'fixed', schedule: '0 12 * * *' })], noon - 1)
    expect(inShort(tick.at(noon))).toEqual(['fixed 12:00:00'])
    tick.at(noon - 86_400 - 1)
    expect(inShort(tick.at(noon - 86_400))).toEqual(['fixed 12:00:00'])
  })
})

describe('daylight saving in New York', () => {
  const zone = 'America/New_York'
  test('when the clock skips 02:30 in New York, a fixed-time task starts once at 03:00', () => {
    const tasks = [
      aTask({ name: 'fixed', schedule: '30 2 * * *', timezone: zone }),
      aTask({ name: 'interval', schedule: '30 * * * *', timezone: zone }),
    ]
    const gap = at('2026-03-08T07:00:00Z')
    const tick = tickOf(tasks, gap - 1)
    expect(inShort(tick.at(gap))).toEqual(['fixed 07:00:00'])
    expect(inShort(tick.at(gap + 1800 - 60))).toEqual([])
    expect(inShort(tick.at(gap + 1800))).toEqual(['interval 07:30:00'])
  })

  test('when 01:30 comes twice in New York, a fixed-time task starts once and an interval twice', () => {
    const tasks = [
      aTask({ name: 'fixed', schedule: '30 1 * * *', timezone: zone }),
      aTask({ name: 'interval', schedule: '30 * * * *', timezone: zone }),
    ]
    const first = at('2026-11-01T05:30:00Z')
    const tick = tickOf(tasks, first - 1)
    expect(inShort(tick.at(first))).toEqual(['fixed 05:30:00', 'interval 05:30:00'])
    tick.at(first + 3599)
    expect(inShort(tick.at(first + 3600))).toEqual(['interval 06:30:00'])
  })
})

test('whenever ticks come, every slot starts or is on record as missed, and none starts twice', () => {
  const texts = ['* * * * * *', '*/7 * * * * *', '0 * * * * *', '30 */2 * * * *', '@every 13s']
  const steps = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.constantFrom(...texts), steps, (schedule, gaps) => {
      const task = aTask({ schedule, catchup: 'latest' })
      const tick = tickOf([task], noon)
      const started: number[] = []
      let missed = 0
      let now = noon
      for (const gap of gaps) {
        now += gap
        const plan = tick.at(now)
        for (const { start } of plan.starts) started.push(start.slot ?? 0)
        for (const miss of plan.misses) missed += miss.count
      }
      expect(new Set(started).size).toBe(started.length)
      let due = 0
      for (let second = noon + 1; second <= now; second++)
        if (task.schedules.some((each) => isDue(each, second))) due++
      expect(started.length + missed).toBe(due)
    }),
  )
})

describe('a task that is changed', () => {
  const table = (jitterMs: number, schedule = '*/30 * * * * *') =>
    timetableOf(aTask({ schedule, jitterMs }), 'host')
  const shift = (jitterMs: number) => Math.floor(table(jitterMs).jitterMs / 1000)

  test('a task that gets jitter does not repeat a slot that was done', () => {
    // The slot of noon is done. With the new jitter its start would lie in the future again.
    expect(shift(20_000)).toBeGreaterThan(1)
    const entry = freshEntry(table(20_000), noon + 1, noon + 1)
    expect(entry).toEqual({ task: 'job', slot: noon + 30, at: noon + 30 + shift(20_000) })
  })

  test('a changed task keeps a slot that has not started yet and starts it at its new time', () => {
    const old = { task: 'job', slot: noon, at: noon + 25 }
    expect(freshEntry(table(0), noon + 5, noon + 5, old)).toEqual({
      task: 'job',
      slot: noon,
      at: noon + 6,
    })
    expect(freshEntry(table(20_000), noon + 5, noon + 5, old)?.slot).toBe(noon)
  })

  test('a changed task drops a pending slot that its new schedule does not have', () => {
    const old = { task: 'job', slot: noon, at: noon + 25 }
    expect(freshEntry(table(0, '10 * * * * *'), noon + 5, noon + 5, old)?.slot).toBe(noon + 10)
  })
})
