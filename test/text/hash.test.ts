import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash32, jitterOf } from '../../src/text/hash.ts'

const hosts = Array.from({ length: 600 }, (_, index) => `web-${index}.example.org`)

describe('hash32', () => {
  test('hash32 gives the same number on every machine and in every release', () => {
    expect(['', 'a', 'backup@db', 'ü'].map(hash32)).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        552274148,
        134528209,
      ]
    `)
  })

  test('each bit of hash32 depends on the last letter', () => {
    const words = Array.from({ length: 1000 }, (_, index) => hash32(`web-${index}`))
    for (let bit = 0; bit < 32; bit++) {
      const ones = words.filter((word) => ((word >>> bit) & 1) === 1).length
      expect(Math.abs(ones - 500)).toBeLessThan(80)
    }
  })
})

describe('jitterOf', () => {
  test('the jitter of a task on a host is a fixed whole number of milliseconds below the width', () => {
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

  test('the jitter is 0 if the width is 0', () => {
    expect(jitterOf('task', 'host', 0)).toBe(0)
  })

  test('the jitter spreads a fleet evenly', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const host of hosts) tenths[Math.floor(jitterOf('backup', host, 60_000) / 6000)]!++
    expect(Math.min(...tenths)).toBeGreaterThan(30)
    expect(Math.max(...tenths)).toBeLessThan(90)
  })
})
