import { expect, test } from 'vitest'
import { nextLookMs, retryDelayMs } from '../../src/scripts/freshness.ts'
import { scriptTask } from './support.ts'

const hour = 3_600_000
const noon = Date.parse('2026-03-10T12:00:00Z')

function next(host: string, lookedMs: number | null, update: 'never' | 'always' | number = hour) {
  return nextLookMs(scriptTask('https://x/y', { update }).script, lookedMs, host, noon)
}

test('the looks of a host are one interval apart, and hosts look at different times', () => {
  const hosts = Array.from({ length: 100 }, (_, index) => `web-${index}`)
  const first = hosts.map((host) => next(host, noon) ?? 0)
  expect(first.every((ms) => ms > noon && ms <= noon + hour)).toBe(true)
  expect(new Set(first.map((ms) => Math.floor((ms - noon) / (hour / 10)))).size).toBe(10)
  const [ms = 0] = first
  expect(nextLookMs(scriptTask('https://x/y', { update: hour }).script, ms, 'web-0', ms)).toBe(
    ms + hour,
  )
})

test.each<[string, number | null, 'never' | 'always' | number, number | undefined]>([
  ['a script that was never looked for is due now', null, hour, noon],
  ['one that was looked for long ago is due now', noon - 2 * hour, hour, noon],
  ['a look in the future, from before the clock was set back, is due now', noon + 1, hour, noon],
  ['update: never is never due', null, 'never', undefined],
  ['update: always is not looked for in the background', null, 'always', undefined],
])('%s', (_, lookedMs, update, dueMs) => expect(next('web-1', lookedMs, update)).toBe(dueMs))

test('a pinned script is never looked for', () => {
  const { script } = scriptTask('https://x/y', { update: hour, sha256: '0'.repeat(64) })
  expect(nextLookMs(script, null, 'web-1', noon)).toBeUndefined()
})

test('what could not be fetched is tried again after a minute, and then less and less often', () => {
  const delays = [1, 2, 3, 7, 1000].map((failures) => retryDelayMs(failures) / 60_000)
  expect(delays).toEqual([1, 2, 4, 60, 60])
})
