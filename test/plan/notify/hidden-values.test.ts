import { expect, test } from 'vitest'
import {
  cutBehindValues,
  hiddenValues,
  withoutValues,
} from '../../../src/plan/notify/hidden-values.ts'

test.each<[string, string, string[]]>([
  ['LEVEL', 'debug', []],
  ['URL', 'abcdef', ['abcdef']],
  ['DB_PASSWORD', 'abc', ['abc']],
  ['PGPASSWORD', 'abc', ['abc']],
  ['api_key', 'abc', ['abc']],
  ['APIKEY', 'abc', ['abc']],
  ['PIN', '0815', ['0815']],
  ['SPIN', '0815', []],
  ['DB_PASSWORD', 'ab', []],
  ['DB_PASSWORD', '', []],
  ['INDENT', '        ', []],
  [
    'PEM',
    'first-line\nb\nsecond-line',
    ['first-line\nb\nsecond-line', 'second-line', 'first-line'],
  ],
])('the variable %s with the value %j hides %j', (name, value, expected) => {
  expect(hiddenValues([[name, value]])).toEqual(expected)
})

test('a value that is a part of another one is replaced after it', () => {
  const values = hiddenValues([
    ['A', 'secret'],
    ['B', 'secret-and-more'],
    ['C', 'secret'],
  ])
  expect(values).toEqual(['secret-and-more', 'secret'])
  expect(withoutValues('secret-and-more secret 1', values)).toBe('*** *** 1')
})

test('a text is not cut within a value', () => {
  const text = 'x secret secretary'
  const cut = (at: number, ...values: string[]) => text.slice(cutBehindValues(text, at, values))
  expect(cut(0, 'x', 'secret')).toBe(text)
  expect(cut(2, 'secret')).toBe('secret secretary')
  expect(cut(3, 'secret')).toBe(' secretary')
  expect(cut(8, 'secret')).toBe(' secretary')
  expect(cut(9, 'secret')).toBe('secretary')
  expect(cut(10, 'secret')).toBe('ary')
  expect(cut(10, 'secret', 'tary')).toBe('')
  expect(cut(3, 'secret', 't secretary')).toBe('')
})
