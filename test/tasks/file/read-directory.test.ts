import { expect, test } from 'vitest'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { formatProblem } from '../../../src/tasks/file/problem.ts'
import { noFileNotify } from '../../../src/tasks/notify.ts'
import { facts } from '../../support/tasks.ts'

function parseAll(texts: Readonly<Record<string, string>>) {
  const sources = Object.entries(texts).map(([path, text]) => ({ path, text }))
  return readTasks(sources, facts)
}

function told(texts: Readonly<Record<string, string>>): string[] {
  const parsed = parseAll(texts)
  return (parsed.ok ? parsed.warnings : parsed.problems).map(formatProblem)
}

const one = (name: string, more = '') =>
  `tasks:\n  ${name}: { schedule: "@daily", command: run${more} }\n`

test('groups, defaults and time zone apply to all files of a directory', () => {
  const parsed = parseAll({
    'd/10-a.yaml': one('a', ', hosts: [web]'),
    'd/20-b.yaml': `defaults: { nice: 5 }\n${one('b')}`,
    'd/90-all.yaml': 'timezone: Europe/Berlin\nhosts: { web: [web1] }\ndefaults: { max: 2 }\n',
  })
  const common = { nice: 5, max: 2, timezone: 'Europe/Berlin' }
  expect(parsed).toMatchObject({
    ok: true,
    file: {
      groups: { web: ['web1'] },
      tasks: [
        { ...common, name: 'a', file: 'd/10-a.yaml', line: 2 },
        { ...common, name: 'b', file: 'd/20-b.yaml', line: 3 },
      ],
    },
  })
})

test('a task or group that is given twice is reported with both places', () => {
  const all = 'timezone: UTC\nhosts: { web: [web1] }\ndefaults: { max: 2 }\n'
  expect(told({ 'd/a.yaml': all + one('x'), 'd/b.yaml': all + one('x') })).toEqual([
    'd/b.yaml:1:1: timezone: given twice; first at d/a.yaml:1:1\ntimezone: UTC\n^',
    'd/b.yaml:2:10: hosts.web: given twice; first at d/a.yaml:2:10\nhosts: { web: [web1] }\n         ^',
    'd/b.yaml:3:13: defaults.max: given twice; first at d/a.yaml:3:13\ndefaults: { max: 2 }\n            ^',
    'd/b.yaml:5:3: tasks.x: given twice; first at d/a.yaml:5:3\n' +
      '  x: { schedule: "@daily", command: run }\n  ^',
  ])
})

test('problems of all files are reported, in the order of the files', () => {
  const lines = told({ 'a.yaml': one('a', ', max: 0'), 'b.yaml': one('b', ', nice: 99') })
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['a.yaml:2:42:', 'b.yaml:2:42:'])
})

test('a group is not called unknown if it may be in a file that cannot be read', () => {
  const lines = told({ 'a.yaml': 'hosts: [', 'b.yaml': one('b', ', hosts: [web]') })
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['a.yaml:1:9:'])
})

test('one file of a directory must contain tasks', () => {
  expect(told({ 'a.yaml': 'timezone: UTC\n', 'b.yaml': 'hosts: {}\n' })).toEqual([
    'a.yaml:1:1: tasks: expected a map of tasks; got nothing\ntimezone: UTC\n^',
  ])
})

test('no text at all gives no tasks', () => {
  expect(parseAll({})).toEqual({
    ok: true,
    file: { tasks: [], groups: {}, notify: noFileNotify },
    warnings: [],
  })
})
