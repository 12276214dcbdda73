import { describe, expect, test } from 'vitest'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { facts } from '../../support/tasks.ts'

/** What is left of a bad file: the names of those that can be read, of all others, and of bad groups. */
function left(...texts: readonly string[]) {
  const sources = texts.map((text, at) => ({ path: `${at}.yaml`, text }))
  const parsed = readTasks(sources, facts, { allowPartial: true })
  if (parsed.ok) throw new Error('it is good')
  const { partial } = parsed
  if (partial === undefined) return undefined
  const { unreadable, unreadableGroups } = partial
  return { known: partial.file.tasks.map(({ name }) => name), unreadable, unreadableGroups }
}

const task = (name: string, more = '') => `  ${name}: { schedule: "@daily", command: run${more} }\n`
const good = task('a') + task('b') + task('c')

describe('an error in a task', () => {
  test.each([
    ['a wrong value', task('x', ', max: three')],
    ['an unknown key', task('x', ', maxx: 3')],
    ['a task without content', '  x:\n'],
    ['a missing command', '  x: { schedule: "@daily" }\n'],
    ['a schedule out of range', '  x: { schedule: "61 * * * *", command: run }\n'],
    ['an unknown group', task('x', ', hosts: [wbe]')],
    ['an unknown zone', task('x', ', timezone: Mars/Base')],
    ['an invalid escape', task('x', ', description: "\\q"')],
    ['a star without quotes', '  x:\n    schedule: */5 * * * *\n    command: run\n'],
    ['a daemon task with max: unlimited', '  x: { type: daemon, command: run, max: unlimited }\n'],
    ['an invalid name', '  -x: { schedule: "@daily", command: run }\n'],
  ])('an error in a task makes only this task unreadable: %s', (_what, bad) => {
    const name = /^ {2}(\S+):/.exec(bad)?.[1]
    expect(left(`tasks:\n${task('a')}${bad}${task('b')}`)).toEqual({
      known: ['a', 'b'],
      unreadable: [name],
      unreadableGroups: [],
    })
  })

  test('a task that is given twice is unreadable, in one text or in two', () => {
    expect(left(`tasks:\n${good}${task('a', ', nice: 1')}`)).toMatchObject({ unreadable: ['a'] })
    expect(left(`tasks:\n${good}`, `tasks:\n${task('c')}${task('d')}`)).toMatchObject({
      known: ['a', 'b', 'd'],
      unreadable: ['c'],
    })
  })

  test('tasks that share a bad value by an alias are unreadable', () => {
    const text = `tasks:\n  a: &a\n    schedule: */5 * * * *\n    command: run\n  b: *a\n${task('c')}`
    expect(left(text)).toMatchObject({ known: ['c'], unreadable: ['a', 'b'] })
  })

  test('all tasks of a line are unreadable if the error can be in any of them', () => {
    const text = 'tasks: { a: { command: "\\q" }, b: { command: run } }\n'
    expect(left(text)).toMatchObject({ known: [], unreadable: ['a', 'b'] })
  })
})

describe('an error outside the tasks', () => {
  const own = task('own', ', timeout: 1h, timezone: UTC, retry: { attempts: 1 }')
  const named = task('named', ', hosts: ["! web", db]')
  test.each([
    ['a bad default', 'defaults: { timeout: 5 }', ['own'], []],
    ['a bad default that tasks add to', 'defaults: { retry: { attempts: x } }', [], []],
    ['an unknown default', 'defaults: { timeot: 5m }', [], []],
    ['defaults that are not a map', 'defaults: 5', [], []],
    ['an unknown zone', 'timezone: Mars/Base', ['own'], []],
    ['an unknown key', 'default: { timeout: 5m }', [], []],
    ['invalid YAML in the defaults', 'defaults: { description: "\\q" }', [], []],
  ])(
    'an error outside the tasks makes the tasks that inherit it unreadable: %s',
    (_what, bad, known) => {
      expect(left(`${bad}\ntasks:\n${good}${own}`)?.known).toEqual(known)
    },
  )

  test('an error in a group makes the tasks that name the group unreadable', () => {
    const hosts = 'hosts: { web: [1.2.3.4.5], db: [db1] }\n'
    expect(left(`${hosts}tasks:\n${good}${named}`)).toEqual({
      known: ['a', 'b', 'c'],
      unreadable: ['named'],
      unreadableGroups: ['web'],
    })
  })
})

describe('no partial file', () => {
  test.each([
    ['text that is not YAML', 'tasks:\n  a: [\n'],
    ['a binary file', 'tasks: \0'],
    ['a file that is a list', '- a\n'],
    ['a file without tasks', 'hosts: {}\n'],
    ['a file whose tasks are not a map', 'tasks: 5\n'],
    ['a file with a misspelt tasks key', `taks:\n${good}`],
    ['two documents', `tasks:\n${good}---\ntasks: {}\n`],
  ])('torch reads no task of %s', (_what, text) => {
    expect(left(text)).toBeUndefined()
  })

  test('torch reads no task if one of two texts is not YAML', () => {
    expect(left(`tasks:\n${good}`, 'tasks: [')).toBeUndefined()
  })

  test('the readable part is given only if the caller asks for it', () => {
    const sources = [{ path: 'tasks.yaml', text: `tasks:\n${good}${task('x', ', max: x')}` }]
    expect(readTasks(sources, facts)).not.toHaveProperty('partial')
  })
})
