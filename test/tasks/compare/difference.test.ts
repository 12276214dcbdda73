import { expect, test } from 'vitest'
import { differenceOf } from '../../../src/tasks/compare/difference.ts'
import { good } from '../read.ts'

const line = (name: string, more = '') => `  ${name}: { schedule: "@daily", command: run${more} }\n`
const file = (...lines: readonly string[]) => good(`tasks:\n${lines.join('')}`)

test('is by name and definition, in the order of the files', () => {
  const before = file(line('gone'), line('same'), line('other'), line('gone2'))
  const after = file(line('new2'), line('other', ', nice: 1'), line('same'), line('new'))
  const difference = differenceOf(before, after)
  expect(difference.added.map(({ name }) => name)).toEqual(['new2', 'new'])
  expect(difference.removed.map(({ name }) => name)).toEqual(['gone', 'gone2'])
  expect(difference.changed).toEqual([{ before: before.tasks[2], after: after.tasks[1] }])
  expect(difference.unchanged).toEqual([after.tasks[2]])
})

test('what is only shown is no change, but comes from the new file', () => {
  const { changed, unchanged } = differenceOf(
    file(line('a')),
    file(line('a', ', description: new')),
  )
  expect(changed).toEqual([])
  expect(unchanged).toMatchObject([{ name: 'a', description: 'new' }])
})

test('of a file and itself is nothing', () => {
  const one = file(line('a'), line('b'))
  expect(differenceOf(one, one)).toEqual({
    added: [],
    removed: [],
    changed: [],
    unchanged: one.tasks,
  })
})

test('a group that changes is a change of the tasks that name it', () => {
  const text = (host: string) =>
    good(`hosts: { web: [${host}] }\ntasks:\n${line('a', ', hosts: [web]')}${line('b')}`)
  const { changed, unchanged } = differenceOf(text('web1'), text('web2'))
  expect(changed.map(({ after }) => after.name)).toEqual(['a'])
  expect(unchanged.map(({ name }) => name)).toEqual(['b'])
})
