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
])('%.20s means %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant)
})

test('a word that goes on after a candidate means it', () => {
  expect(nearest('january', ['jan', 'feb'])).toBe('jan')
  expect(nearest('wednesday', ['mon', 'wed'])).toBe('wed')
})

test('of equals the first, and nothing from nothing', () => {
  expect(nearest('wbe', ['web', 'wbx'])).toBe('web')
  expect(nearest('web', [])).toBeUndefined()
})
