import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDue } from '../../src/schedule/due.ts'
import { freshEntry, timetableOf } from '../../src/plan/slots.ts'
import { maxStallSeconds, maxStepBackSeconds } from '../../src/plan/tick.ts'
import { aTask, at, inShort, tickOf } from './support.ts'

const noon = at('2026-03-10T12:00:00Z')

describe('second by second', () => {
  test('what is due in a second starts in it, and nothing else does', () => {
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

  test('the same second twice does nothing the second time', () => {
    const tick = tickOf([aTask({ schedule: '* * * * * *' })], noon - 1)
    tick.at(noon)
    expect(tick.at(noon)).toMatchObject({ step: { kind: 'none' }, starts: [], misses: [] })
  })

  test('a start in the second that the daemon before has done repeats nothing', () => {
    const tick = tickOf([aTask({ schedule: '* * * * * *' })], noon, true)
    expect(inShort(tick.at(noon))).toEqual([])
    expect(inShort(tick.at(noon + 1))).toEqual(['job 12:00:01'])
  })

  test('a slot is due at its second, whatever the jitter: the start is what moves', () => {
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
    throw new Error('it never started')
  }
})

describe('a late tick', () => {
  const tasks = [
    aTask({ name: 'every', schedule: '* * * * * *' }),
    aTask({ name: 'ten', schedule: '*/10 * * * * *' }),
    aTask({ name: 'one', schedule: '0 12 * * *' }),
    aTask({ name: 'later', schedule: '0 13 * * *' }),
  ]

  test('after a stall each task starts once, for its latest slot; the ones before are on record', () => {
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
    { seconds: maxStallSeconds, kind: 'stall', says: ['one 12:00:00'] },
    {
      seconds: maxStallSeconds + 1,
      kind: 'jump',
      says: ['one missed 1 12:00:00-12:00:00 (clock)'],
    },
  ])('$seconds s are a $kind', ({ seconds, kind, says }) => {
    const tick = tickOf([aTask({ name: 'one', schedule: '0 12 * * *' })], noon - 1)
    const plan = tick.at(noon - 1 + seconds)
    expect(plan.step).toEqual({ kind, seconds })
    expect(inShort(plan)).toEqual(says)
  })

  test('starts come in the order of their slots', () => {
    const tick = tickOf(tasks, noon - 1)
    const slots = tick.at(noon + 25).starts.map((due) => due.start.slot ?? 0)
    expect(slots).toEqual(slots.toSorted((a, b) => a - b))
  })
})

describe('a jump ahead', () => {
  const hour = 3600
  const cases = [
    {
      name: 'is missed, in one record per task',
      task: { schedule: '*/10 * * * *' },
      says: ['job missed 6 12:00:00-12:50:00 (clock)'],
    },
    {
      name: 'with catchup: latest runs once for all of them',
      task: { schedule: '*/10 * * * *', catchup: 'latest' as const },
      says: ['job missed 5 12:00:00-12:40:00 (clock)', 'job 12:50:00 catchup'],
    },
    {
      name: 'but not for a slot older than the window',
      task: { schedule: '0 12 * * *', catchup: 'latest' as const, catchupWindowMs: 600_000 },
      says: ['job missed 1 12:00:00-12:00:00 (clock)'],
    },
  ]
  test.each(cases)('$name', ({ task, says }) => {
    const tick = tickOf([aTask(task)], noon - 1)
    expect(inShort(tick.at(noon + hour - 1))).toEqual(says)
  })

  test('what is due in the very second of arrival starts as ever, also without catchup', () => {
    const tick = tickOf([aTask({ schedule: '*/10 * * * *' })], noon - 1)
    expect(inShort(tick.at(noon + hour))).toEqual([
      'job missed 6 12:00:00-12:50:00 (clock)',
      'job 13:00:00',
    ])
  })

  test('the reason is `down` where the daemon was not there', () => {
    const tick = tickOf([aTask({ schedule: '*/10 * * * *' })], noon - 1, true)
    expect(inShort(tick.at(noon + hour - 1))).toEqual(['job missed 6 12:00:00-12:50:00 (down)'])
  })

  test('a month away of a task per second is one record, quickly, and its count is right', () => {
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
  /** All that starts in the seconds from..to. */
  const relive = (tick: ReturnType<typeof tickOf>, from: number, to: number): string[] => {
    const all: string[] = []
    for (let second = from; second <= to; second++) all.push(...inShort(tick.at(second)))
    return all
  }

  test('by 1 s: fixed times are not repeated, intervals go on', () => {
    const tick = tickOf(tasks, noon - 1)
    tick.at(noon)
    tick.at(noon + 1)
    const plan = tick.at(noon)
    expect(plan.step).toEqual({ kind: 'back', seconds: 1 })
    expect(inShort(plan)).toEqual(['interval 12:00:00'])
    expect(inShort(tick.at(noon + 10))).toContain('interval 12:00:10')
  })

  test('by 1 h: no fixed slot twice, and the first one after the old time comes', () => {
    const tick = tickOf(tasks, noon - 1)
    relive(tick, noon, noon + 1800)
    const again = relive(tick, noon - 1800, noon + 2400)
    expect(again.filter((each) => each.startsWith('fixed'))).toEqual(['fixed 12:40:00'])
    expect(again.filter((each) => each.startsWith('interval'))).toHaveLength(4200 / 10 + 1)
  })

  test.each([
    { by: maxStepBackSeconds, kind: 'back' },
    { by: maxStepBackSeconds + 1, kind: 'new-time' },
    { by: 86_400, kind: 'new-time' },
  ])('by $by s it is $kind', ({ by, kind }) => {
    const tick = tickOf(tasks, noon)
    expect(tick.at(noon - by).step).toEqual({ kind, seconds: by })
  })

  test('by a day: a new time, in which everything is due again', () => {
    const tick = tickOf([aTask({ name: 'fixed', schedule: '0 12 * * *' })], noon - 1)
    expect(inShort(tick.at(noon))).toEqual(['fixed 12:00:00'])
    tick.at(noon - 86_400 - 1)
    expect(inShort(tick.at(noon - 86_400))).toEqual(['fixed 12:00:00'])
  })
})

describe('daylight saving in New York', () => {
  const zone = 'America/New_York'
  test('in spring 02:30 fires once at 03:00, and the interval makes nothing up', () => {
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

  test('in autumn 01:30 fires in the first pass only, the interval in both', () => {
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

test('however the ticks fall, every slot is started or on record, and none twice', () => {
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

  test('with jitter added has no slot again that was done', () => {
    // The slot of noon is done; with its jitter it would start a little later once more.
    expect(shift(20_000)).toBeGreaterThan(1)
    const entry = freshEntry(table(20_000), noon + 1, noon + 1)
    expect(entry).toEqual({ task: 'job', slot: noon + 30, at: noon + 30 + shift(20_000) })
  })

  test('keeps a slot that was still to start, at its new time', () => {
    const old = { task: 'job', slot: noon, at: noon + 25 }
    expect(freshEntry(table(0), noon + 5, noon + 5, old)).toEqual({
      task: 'job',
      slot: noon,
      at: noon + 6,
    })
    expect(freshEntry(table(20_000), noon + 5, noon + 5, old)?.slot).toBe(noon)
  })

  test('but not one that its new schedule does not have', () => {
    const old = { task: 'job', slot: noon, at: noon + 25 }
    expect(freshEntry(table(0, '10 * * * * *'), noon + 5, noon + 5, old)?.slot).toBe(noon + 10)
  })
})
