import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextSixty } from '../../src/schedule/masks.ts'
import { hash32, jitterOf } from '../../src/text/hash.ts'
import { readCron } from '../schedule/read.ts'

const hosts = Array.from({ length: 600 }, (_, index) => `web-${index}.example.org`)

function minuteOf(text: string, seed: string): number {
  return nextSixty(readCron(`${text} * * * *`, 'UTC', seed).minutes, 0)
}

/** The highest, if there are several. */
function dayOf(text: string, seed: string): number {
  return 31 - Math.clz32(readCron(`0 0 ${text} * *`, 'UTC', seed).days)
}

describe('H', () => {
  test('is fixed for a task and a host', () => {
    for (const seed of ['backup@db', 'x@y', '']) {
      expect(readCron('H H(1-5) H * H', 'UTC', seed)).toEqual(
        readCron('H H(1-5) H * H', 'UTC', seed),
      )
    }
  })

  test('is spread over the whole field by the host', () => {
    const counts = new Map<number, number>()
    for (const host of hosts) {
      const minute = minuteOf('H', `backup@${host}`)
      counts.set(minute, (counts.get(minute) ?? 0) + 1)
    }
    expect(counts.size).toBe(60)
    expect(Math.max(...counts.values())).toBeLessThan(30)
  })

  test.each([
    ['H(0-29)', 0, 29],
    ['h(10-12)', 10, 12],
    ['H(5-5)', 5, 5],
  ])('%s stays in its range and uses all of it', (text, low, high) => {
    const minutes = new Set(hosts.map((host) => minuteOf(text, host)))
    expect([Math.min(...minutes), Math.max(...minutes)]).toEqual([low, high])
    expect(minutes.size).toBe(high - low + 1)
  })

  test('H/15 is every 15 from a hashed start', () => {
    for (const host of hosts.slice(0, 50)) {
      const { minutes } = readCron('H/15 * * * *', 'UTC', host)
      const first = nextSixty(minutes, 0)
      const due = [first, first + 15, first + 30, first + 45]
      expect(first).toBeLessThan(15)
      expect(minutes).toEqual(readCron(`${due.join(',')} * * * *`).minutes)
    }
  })

  test('H(0-29)/10 is three times in the first half', () => {
    for (const host of hosts.slice(0, 50)) {
      const { minutes } = readCron('H(0-29)/10 * * * *', 'UTC', host)
      const first = nextSixty(minutes, 0)
      expect(minutes).toEqual(readCron(`${first},${first + 10},${first + 20} * * * *`).minutes)
    }
  })

  test('a hashed day is one that every month has, unless a range says otherwise', () => {
    expect(Math.max(...hosts.map((host) => dayOf('H', host)))).toBe(28)
    expect(Math.max(...hosts.map((host) => dayOf('H(1-31)', host)))).toBe(31)
  })

  test('no weekday is preferred', () => {
    const masks = hosts.map((host) => readCron('0 0 * * H', 'UTC', host).weekdays)
    for (let day = 0; day < 7; day++) {
      expect(masks.filter((mask) => mask === 1 << day).length).toBeGreaterThan(50)
    }
  })

  test('0 and 7 in one range are one Sunday', () => {
    for (const host of hosts.slice(0, 50)) {
      const { weekdays } = readCron('0 0 * * H(0-7)/7', 'UTC', host)
      expect([1, 2, 4, 8, 16, 32, 64]).toContain(weekdays)
    }
  })

  test('the fields of one schedule are hashed apart', () => {
    const same = hosts.filter((host) => {
      const schedule = readCron('H H * * * *', 'UTC', host)
      return nextSixty(schedule.seconds, 0) === nextSixty(schedule.minutes, 0)
    })
    expect(same.length).toBeLessThan(40)
  })

  test('goes together with other items of a list', () => {
    const { minutes } = readCron('7,H(30-40) * * * *', 'UTC', 'task@host')
    expect(nextSixty(minutes, 0)).toBe(7)
    expect(nextSixty(minutes, 8)).toBe(minuteOf('H(30-40)', 'task@host'))
  })
})

describe('hash32', () => {
  test('is the same everywhere and always', () => {
    expect(['', 'a', 'backup@db', 'ü'].map(hash32)).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        552274148,
        134528209,
      ]
    `)
  })

  test('each bit depends on the last letter', () => {
    const words = Array.from({ length: 1000 }, (_, index) => hash32(`web-${index}`))
    for (let bit = 0; bit < 32; bit++) {
      const ones = words.filter((word) => ((word >>> bit) & 1) === 1).length
      expect(Math.abs(ones - 500)).toBeLessThan(80)
    }
  })
})

describe('jitterOf', () => {
  test('is a fixed whole number of milliseconds within the width', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.integer({ min: 1, max: 2 ** 45 }),
        (task, host, width) => {
          const jitter = jitterOf(task, host, width)
          expect(Number.isInteger(jitter)).toBe(true)
          expect(jitter).toBeGreaterThanOrEqual(0)
          expect(jitter).toBeLessThan(width)
          expect(jitterOf(task, host, width)).toBe(jitter)
        },
      ),
    )
  })

  test('no width is no jitter', () => {
    expect(jitterOf('task', 'host', 0)).toBe(0)
  })

  test('spreads a fleet evenly', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const host of hosts) tenths[Math.floor(jitterOf('backup', host, 60_000) / 6000)]!++
    expect(Math.min(...tenths)).toBeGreaterThan(30)
    expect(Math.max(...tenths)).toBeLessThan(90)
  })
})
