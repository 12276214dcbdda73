import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { plainNames } from '../../../src/tasks/file/plain-names.ts'
import { readSource } from '../../../src/tasks/file/source.ts'

describe('the names of a text in the usual form', () => {
  test.each([
    ['tasks:\n  a:\n    command: x\n  b:\n    command: y\n', ['a', 'b']],
    ['tasks:   # all of them\r\n  a:\r\n    command: x\r\n', ['a']],
    [
      'tasks:\n\n# a comment\n    a: { command: x }\n # another\n    "b": &b {}\n    \'10\': *b\n',
      ['a', 'b', '10'],
    ],
    [
      'hosts:\n  web: [a]\ntasks:\n  a:\n    command: |\n      b:\n      c:\ntimezone: UTC\nx-y:\n  d: 1\n',
      ['a'],
    ],
    ['tasks:\n- a\n', []],
    ['tasks:\n', []],
    ['tasks:\n  a:', ['a']],
    ['tasks:\n  a:\n    command: x\n  not finis', undefined],
    ['tasks:\n  <<: *base\n  a: {}\n', undefined],
    ['tasks:\n  a:\n\tb: x\n', undefined],
    ['tasks:\n    a:\n  b:\n', undefined],
    ['tasks: { a: { command: x } }\n', undefined],
    ['"tasks":\n  a: {}\n', undefined],
    ['{"tasks": {"a": {}}}', undefined],
    ['', undefined],
  ])('%j', (text, names) => {
    expect(plainNames(text)).toEqual(names)
  })
})

test('are those that the parser finds, whatever the text looks like', () => {
  const word = fc.stringMatching(/^[\w.:'" #-]{0,12}$/)
  const task = fc.record({
    command: fc.oneof(word, fc.array(word), fc.constant('a\ntasks:\n  b:\n')),
  })
  const name = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/)
  const tasks = fc.dictionary(name, task, { minKeys: 1 })
  const form = fc.record({ indent: fc.integer({ min: 1, max: 6 }), indentSeq: fc.boolean() })
  let plain = 0
  fc.assert(
    fc.property(tasks, word, form, (entries, zone, options) => {
      const text = stringify({ 'x-zone': zone, tasks: entries, hosts: { w: ['z'] } }, options)
      const names = plainNames(text)
      if (names === undefined) return
      plain += 1
      expect(names).toEqual(readSource({ path: '', text }).keys(['tasks']))
    }),
  )
  expect(plain).toBeGreaterThan(50)
})
