import { describe, expect, test } from 'vitest'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { facts } from '../read.ts'

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

describe('what is wrong in a task makes that one unreadable', () => {
  test.each([
    ['a wrong value', task('x', ', max: three')],
    ['an unknown key', task('x', ', maxx: 3')],
    ['nothing there', '  x:\n'],
    ['no command', '  x: { schedule: "@daily" }\n'],
    ['a schedule out of range', '  x: { schedule: "61 * * * *", command: run }\n'],
    ['an unknown group', task('x', ', hosts: [wbe]')],
    ['an unknown zone', task('x', ', timezone: Mars/Base')],
    ['an escape that is none', task('x', ', description: "\\q"')],
    ['a star without quotes', '  x:\n    schedule: */5 * * * *\n    command: run\n'],
    ['a daemon without an end', '  x: { type: daemon, command: run, max: unlimited }\n'],
    ['a name that is none', '  -x: { schedule: "@daily", command: run }\n'],
  ])('%s', (_what, bad) => {
    const name = /^ {2}(\S+):/.exec(bad)?.[1]
    expect(left(`tasks:\n${task('a')}${bad}${task('b')}`)).toEqual({
      known: ['a', 'b'],
      unreadable: [name],
      unreadableGroups: [],
    })
  })

  test('and one that is given twice, in one text or in two', () => {
    expect(left(`tasks:\n${good}${task('a', ', nice: 1')}`)).toMatchObject({ unreadable: ['a'] })
    expect(left(`tasks:\n${good}`, `tasks:\n${task('c')}${task('d')}`)).toMatchObject({
      known: ['a', 'b', 'd'],
      unreadable: ['c'],
    })
  })

  test('and those that share it by an alias', () => {
    const text = `tasks:\n  a: &a\n    schedule: */5 * * * *\n    command: run\n  b: *a\n${task('c')}`
    expect(left(text)).toMatchObject({ known: ['c'], unreadable: ['a', 'b'] })
  })

  test('and all of a line, where it is not known which', () => {
    const text = 'tasks: { a: { command: "\\q" }, b: { command: run } }\n'
    expect(left(text)).toMatchObject({ known: [], unreadable: ['a', 'b'] })
  })
})

describe('what is wrong elsewhere makes those unreadable that take it', () => {
  const own = task('own', ', timeout: 1h, timezone: UTC, retry: { attempts: 1 }')
  const named = task('named', ', hosts: ["! web", db]')
  test.each([
    ['a default', 'defaults: { timeout: 5 }', ['own'], []],
    ['a default that tasks add to', 'defaults: { retry: { attempts: x } }', [], []],
    ['an unknown default', 'defaults: { timeot: 5m }', [], []],
    ['all defaults', 'defaults: 5', [], []],
    ['the zone', 'timezone: Mars/Base', ['own'], []],
    ['an unknown key', 'default: { timeout: 5m }', [], []],
    ['YAML in the defaults', 'defaults: { description: "\\q" }', [], []],
  ])('%s', (_what, bad, known) => {
    expect(left(`${bad}\ntasks:\n${good}${own}`)?.known).toEqual(known)
  })

  test('a group', () => {
    const hosts = 'hosts: { web: [1.2.3.4.5], db: [db1] }\n'
    expect(left(`${hosts}tasks:\n${good}${named}`)).toEqual({
      known: ['a', 'b', 'c'],
      unreadable: ['named'],
      unreadableGroups: ['web'],
    })
  })
})

describe('nothing is known', () => {
  test.each([
    ['no YAML', 'tasks:\n  a: [\n'],
    ['no text', 'tasks: \0'],
    ['a list', '- a\n'],
    ['no tasks', 'hosts: {}\n'],
    ['tasks that are no map', 'tasks: 5\n'],
    ['tasks under another name', `taks:\n${good}`],
    ['two documents', `tasks:\n${good}---\ntasks: {}\n`],
  ])('%s', (_what, text) => {
    expect(left(text)).toBeUndefined()
  })

  test('where one of two texts is no YAML', () => {
    expect(left(`tasks:\n${good}`, 'tasks: [')).toBeUndefined()
  })

  test('where nobody asked', () => {
    const sources = [{ path: 'tasks.yaml', text: `tasks:\n${good}${task('x', ', max: x')}` }]
    expect(readTasks(sources, facts)).not.toHaveProperty('partial')
  })
})
