import { expect, test } from 'vitest'
import { namedHosts } from '../../src/forecast/hosts.ts'
import { good } from '../tasks/read.ts'

/** A file of tasks by their hosts, as rows: `web: a b~`, where `~` is on a part of them. */
function rows(groups: Record<string, string[]>, tasks: Record<string, string[] | null>): string[] {
  const file = good(
    JSON.stringify({
      hosts: groups,
      tasks: Object.fromEntries(
        Object.entries(tasks).map(([name, hosts]) => [
          name,
          { schedule: '@daily', command: 'x', ...(hosts && { hosts }) },
        ]),
      ),
    }),
  )
  return namedHosts(file).map(({ host, tasks: found }) =>
    [`${host}:`, ...found.map(({ task, part }) => task.name + (part ? '~' : ''))].join(' '),
  )
}

test('a file that names nobody has one row', () => {
  expect(rows({}, { a: null, b: null })).toEqual(['everywhere: a b'])
})

test('groups in their order, then what they hold, then what only tasks name', () => {
  expect(
    rows(
      { web: ['10.0.1.0/24', 'web9'], db: ['10.0.2.11'] },
      {
        all: null,
        web: ['web', '!10.0.1.9'],
        db: ['db'],
        other: ['x.example.com', 'app-*', '10.0.2.11'],
        not: ['!db'],
      },
    ),
  ).toEqual([
    'everywhere: all not',
    'web: all web~ not',
    'db: all db other',
    '10.0.1.0/24: all web~ not',
    'web9: all web not',
    '10.0.2.11: all db other',
    '10.0.1.9: all not',
    'x.example.com: all other not',
    'app-*: all other not',
  ])
})

test('what is named twice is one row, by its first words', () => {
  expect(
    rows(
      { g: ['Web1', '10.0.1.5'] },
      { a: ['10.0.1.5/32', 'A.Example.com', '! a.example.com.'], b: ['!g'] },
    ),
  ).toEqual(['everywhere: b', 'g: a~', 'Web1:', '10.0.1.5: a', 'A.Example.com: b'])
})

test('tasks that are not enabled are nowhere, but what they name is', () => {
  const file = good(
    'tasks: { a: { schedule: "@daily", command: x, enabled: false, hosts: [10.0.0.1] } }',
  )
  expect(namedHosts(file)).toEqual([
    { host: 'everywhere', isName: false, tasks: [] },
    { host: '10.0.0.1', isName: false, tasks: [] },
  ])
})

test('only a host name is a machine whose H is known', () => {
  const file = good(
    'hosts: { web: [web1] }\ntasks: { a: { schedule: "@daily", command: x, hosts: [web, a.b, 10.0.0.1, "c*"] } }',
  )
  expect(namedHosts(file).flatMap(({ host, isName }) => (isName ? [host] : []))).toEqual([
    'web1',
    'a.b',
  ])
})
