import { expect, test } from 'vitest'
import { nearest } from '../../src/text/suggest.ts'

const keys = ['schedule', 'command', 'hosts', 'timeout', 'catchup', 'catchup_window', 'user', 'cwd']

test.each([
  ['comand', 'command'],
  ['commnad', 'command'],
  ['Command', 'command'],
  ['cmd', 'cwd'],
  ['host', 'hosts'],
  ['shcedule', 'schedule'],
  ['time_out', 'timeout'],
  ['catchup_windw', 'catchup_window'],
  ['users', 'user'],
  ['xyzzy', undefined],
  ['', undefined],
  ['h', undefined],
  ['c'.repeat(100_000), undefined],
])('nearest suggests for %.20s: %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant)
})

test('nearest suggests the candidate that a longer word begins with', () => {
  expect(nearest('january', ['jan', 'feb'])).toBe('jan')
  expect(nearest('wednesday', ['mon', 'wed'])).toBe('wed')
})

test('nearest prefers the first of equally close candidates, and finds none in an empty list', () => {
  expect(nearest('wbe', ['web', 'wbx'])).toBe('web')
  expect(nearest('web', [])).toBeUndefined()
})

test('nearest finds the only candidate that begins with the word', () => {
  expect(nearest('fail', ['ok', 'failed', 'timeout'])).toBe('failed')
  expect(nearest('nightly', ['nightly-dump', 'hourly'])).toBe('nightly-dump')
  expect(nearest('nightly', ['nightly-dump', 'nightly-clean-up'])).toBeUndefined()
  expect(nearest('fa', ['failed'])).toBeUndefined()
})
