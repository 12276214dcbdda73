import { expect, test } from 'vitest'
import { blocksOf, namedHosts, whyNot } from '../../src/forecast/named-hosts.ts'
import { hostFacts } from '../../src/tasks/hosts.ts'
import { good, oneTask } from '../support/tasks.ts'

/** The named hosts of a file with these tasks as rows `web: a b~`; `~` marks a task of some machines. */
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

test('a file that names no hosts has the one row everywhere', () => {
  expect(rows({}, { a: null, b: null })).toEqual(['everywhere: a b'])
})

test('named hosts are the groups in order, then their entries, then the other entries of tasks', () => {
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

test('a machine that is named twice is one row under the name that comes first', () => {
  expect(
    rows(
      { g: ['Web1', '10.0.1.5'] },
      { a: ['10.0.1.5/32', 'A.Example.com', '! a.example.com.'], b: ['!g'] },
    ),
  ).toEqual(['everywhere: b', 'g: a~', 'Web1:', '10.0.1.5: a', 'A.Example.com: b'])
})

test('a host name in a group may end with a dot', () => {
  expect(rows({ db: ['db1.', 'DB1'] }, { a: ['db1'], b: ['!db1.'] })).toEqual([
    'everywhere: b',
    'db: a',
    'db1.: a',
  ])
})

test('a task that is not enabled runs nowhere, and the hosts that it names are rows', () => {
  const file = good(
    'tasks: { a: { schedule: "@daily", command: x, enabled: false, hosts: [10.0.0.1] } }',
  )
  expect(namedHosts(file)).toEqual([
    { host: 'everywhere', isName: false, tasks: [] },
    { host: '10.0.0.1', isName: false, tasks: [] },
  ])
})

test('only a host name stands for one machine with a known H', () => {
  const file = good(
    'hosts: { web: [web1] }\ntasks: { a: { schedule: "@daily", command: x, hosts: [web, a.b, 10.0.0.1, "c*"] } }',
  )
  expect(namedHosts(file).flatMap(({ host, isName }) => (isName ? [host] : []))).toEqual([
    'web1',
    'a.b',
  ])
})

/** The blocks of a file as `web,10.0.1.5: own tasks; shared of common; lacks`. */
function blocks(groups: Record<string, string[]>, tasks: Record<string, string[] | null>) {
  const all = Object.entries(tasks).map(([name, hosts]) => [
    name,
    { schedule: '@daily', command: 'x', ...(hosts && { hosts }) },
  ])
  const file = good(JSON.stringify({ hosts: groups, tasks: Object.fromEntries(all) }))
  return blocksOf(namedHosts(file)).map(({ hosts, own, shared, common, lacks }) => {
    const names = own.map(({ task, part }) => task.name + (part ? '*' : ''))
    const without = lacks.map(({ name }) => name)
    return `${hosts.map(({ host }) => host).join()}: ${names.join()}; ${shared} of ${common}; ${without.join()}`
  })
}

test('hosts with the same tasks are one block, compared with everywhere', () => {
  expect(
    blocks(
      { web: ['10.0.1.0/24'], db: ['10.0.2.11'], app: ['10.0.3.1'] },
      { a: null, b: null, w: ['web'], c: ['!db'], d: ['db', '10.0.2.0/28'] },
    ),
  ).toEqual([
    'everywhere,app,10.0.3.1: a,b,c; 0 of 0; ',
    'web,10.0.1.0/24: w; 3 of 3; ',
    'db,10.0.2.11: d; 2 of 3; c',
    '10.0.2.0/28: c*,d; 2 of 3; ',
  ])
})

test('a task of everywhere that only some machines of a block run is one of its own', () => {
  expect(blocks({ web: ['10.0.1.0/24'] }, { a: ['!10.0.1.9'], b: null })).toEqual([
    'everywhere: a,b; 0 of 0; ',
    'web,10.0.1.0/24: a*; 1 of 2; ',
    '10.0.1.9: ; 1 of 2; a',
  ])
})

test('all hosts of a file without tasks are one block', () => {
  expect(blocks({ web: ['10.0.1.1'] }, {})).toEqual(['everywhere,web,10.0.1.1: ; 0 of 0; '])
})

const groups = 'hosts:\n  web: [10.0.1.0/24]\n  db: [db1, 10.0.2.11]\n'

test.each([
  [[], undefined],
  [['hosts: [web]'], undefined],
  [['hosts: [db, "*.example.com"]'], undefined],
  [['enabled: false', 'hosts: [db]'], { reason: 'enabled' }],
  [['hosts: [db, 10.0.3.0/24]'], { reason: 'hosts', wants: ['db', '10.0.3.0/24'] }],
  [['hosts: [db, "!10.0.9.9"]'], { reason: 'hosts', wants: ['db'] }],
  [['hosts: ["!10.0.9.9", "!web"]'], { reason: 'hosts', excludedBy: 'web' }],
  [['hosts: [web, "! 10.0.1.7"]'], { reason: 'hosts', excludedBy: '10.0.1.7' }],
  [['hosts: ["!web-*"]'], { reason: 'hosts', excludedBy: 'web-*' }],
])('whyNot explains why web-1 (10.0.1.7) does not run a task with %j', (lines, why) => {
  const file = good(groups + oneTask(...lines))
  const [task] = file.tasks
  const host = hostFacts('web-1.example.com', ['10.0.1.7'])
  expect(whyNot(task!, host, file)).toEqual(why && { task, ...why })
})

test('a task may name one machine of a group, or leave it out', () => {
  const file = good(`hosts: { db: [db1, db2] }
tasks:
  one: { schedule: "@daily", command: x, hosts: [db1] }
  others: { schedule: "@daily", command: x, hosts: [db, "!db1"] }
`)
  const shares = namedHosts(file).map(({ host, tasks }) => [
    host,
    ...tasks.map(({ task, part }) => task.name + (part ? '*' : '')),
  ])
  expect(shares).toEqual([
    ['everywhere'],
    ['db', 'one*', 'others*'],
    ['db1', 'one'],
    ['db2', 'others'],
  ])
  const why = file.tasks.map((task) => whyNot(task, hostFacts('db1', []), file)?.excludedBy)
  expect(why).toEqual([undefined, 'db1'])
})
