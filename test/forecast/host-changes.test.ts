import { describe, expect, test } from 'vitest'
import { hostChanges } from '../../src/forecast/host-changes.ts'
import { good } from '../support/tasks.ts'

const from = Date.parse('2026-11-21T00:00:00Z') / 1000

/** Each host as `web: +gained -lost~ 24>25`; `~` marks a task of only some of the machines. */
function changes(before: string, after: string, renamed: Record<string, string> = {}): string[] {
  const options = { renamed: new Map(Object.entries(renamed)), from }
  return hostChanges(good(before), good(after), options).map(
    ({ host, gains, loses, more, fewer, part, starts }) => {
      const [old, now] = (starts ?? []).map(({ count, varies }) => `${varies ? '~' : ''}${count}`)
      const words = [
        ...gains.map((name) => `+${name}${part.includes(name) ? '~' : ''}`),
        ...loses.map((name) => `-${name}${part.includes(name) ? '~' : ''}`),
        ...more.map((name) => `more:${name}`),
        ...fewer.map((name) => `fewer:${name}`),
        ...(old === now ? [] : [`${old}>${now}`]),
      ]
      return `${host}: ${words.join(' ')}`
    },
  )
}

const groups = 'hosts: { web: [10.0.1.0/24, web9], db: [10.0.2.11] }\n'
const file = (tasks: Record<string, string>, before = groups) =>
  `${before}tasks:${Object.keys(tasks).length === 0 ? ' {}' : ''}\n${Object.entries(tasks)
    .map(([name, more]) => `  ${name}: { schedule: "@hourly", command: x${more} }\n`)
    .join('')}`

const onWeb = ', hosts: [web]'
const onDb = ', hosts: [db]'

describe('what hosts gain and lose', () => {
  test.each([
    ['an unchanged file', { a: '' }, { a: '' }, []],
    ['a file with its tasks in another order', { a: '', b: onWeb }, { b: onWeb, a: '' }, []],
    [
      'a new task for all hosts',
      {},
      { a: '' },
      ['everywhere', 'web', 'db', '10.0.1.0/24', 'web9', '10.0.2.11'].map(
        (host) => `${host}: +a 0>24`,
      ),
    ],
    ['a removed task of a group', { a: onDb }, {}, ['db: -a 24>0', '10.0.2.11: -a 24>0']],
    [
      'a task that moves to another group',
      { a: onWeb },
      { a: onDb },
      [
        'web: -a 24>0',
        'db: +a 0>24',
        '10.0.1.0/24: -a 24>0',
        'web9: -a 24>0',
        '10.0.2.11: +a 0>24',
      ],
    ],
    [
      'a task that gets enabled: false',
      { a: onDb },
      { a: `${onDb}, enabled: false` },
      ['db: -a 24>0', '10.0.2.11: -a 24>0'],
    ],
    [
      'a machine that a task excludes from a group',
      { a: onWeb },
      { a: ', hosts: [web, "!10.0.1.9"]' },
      ['web: fewer:a', '10.0.1.0/24: fewer:a', '10.0.1.9: -a 24>0'],
    ],
    ['a task that gets jitter', { a: onDb }, { a: ', hosts: [db], jitter: 5m' }, []],
    ['a task that gets a description', { a: onDb }, { a: ', hosts: [db], description: x' }, []],
  ])('%s changes the right hosts', (_what, before, after, expected) => {
    expect(changes(file(before), file(after))).toEqual(expected)
  })

  test('a group with other machines keeps its tasks, and the machines gain or lose them', () => {
    const now = groups.replace('web9', 'web10')
    expect(changes(file({ a: onWeb }), file({ a: onWeb }, now))).toEqual([
      'web10: +a 0>24',
      'web9: -a 24>0',
    ])
  })

  test('a new group does not gain the tasks that its machines ran before', () => {
    const now = groups.replace('}', ', app: [web9, app1] }')
    expect(
      changes(file({ a: onWeb, b: '' }), file({ a: onWeb, b: '', c: ', hosts: [app]' }, now)),
    ).toEqual(['web: +c~ 48>72', 'app: +c 48>72', 'web9: +c 48>72', 'app1: +c 24>48'])
  })

  test('a machine with the name of a group is marked as a host name', () => {
    const [before, after] = ['', 'b'].map((name) =>
      file({ a: '', ...(name && { [name]: ', hosts: [web]' }) }, 'hosts: { web: [web, web2] }\n'),
    )
    expect(changes(before ?? '', after ?? '')).toEqual([
      'web: +b 24>48',
      'web (host name): +b 24>48',
      'web2: +b 24>48',
    ])
  })

  test('a renamed task is neither gained nor lost', () => {
    const renamed = { a: 'b' }
    expect(changes(file({ a: onWeb }), file({ b: onWeb }), renamed)).toEqual([])
    const now = groups.replace(', web9', '')
    expect(changes(file({ a: onWeb }), file({ b: onWeb }, now), renamed)).toEqual(['web9: -a 24>0'])
  })
})

describe('how many starts', () => {
  test('a changed schedule changes the number of starts of its hosts', () => {
    const now = file({ a: onDb }).replace('@hourly', '*/30 * * * *')
    expect(changes(file({ a: onDb }), now)).toEqual(['db: 24>48', '10.0.2.11: 24>48'])
  })

  test('starts with H or jitter are marked as different on each host', () => {
    const now = file({ a: onDb }).replace('@hourly', 'H/30 * * * *')
    expect(changes(file({ a: onDb }), now)).toEqual(['db: 24>~48', '10.0.2.11: 24>~48'])
  })

  test('a change shows the busiest second before and after', () => {
    const [db] = hostChanges(good(file({ a: onDb })), good(file({ a: onDb, b: onDb })), {
      renamed: new Map(),
      from,
    })
    expect(db?.starts?.map(({ busiest }) => busiest)).toEqual([
      { at: from + 3600, starts: 1 },
      { at: from + 3600, starts: 2 },
    ])
  })

  test('a host with as many starts in a day and more in one second is a change', () => {
    const [before, after] = ['0 2 * * *', '0 3 * * *'].map((text) =>
      good(
        `tasks:\n  a: { schedule: "${text}", command: a }\n  b: { schedule: "0 3 * * *", command: b }\n`,
      ),
    )
    if (before === undefined || after === undefined) throw new Error('no file')
    const [all, ...others] = hostChanges(before, after, { renamed: new Map(), from })
    expect(all?.starts).toMatchObject([
      { count: 2, busiest: { starts: 1 } },
      { count: 2, busiest: { at: from + 3 * 3600, starts: 2 } },
    ])
    expect(others).toEqual([])
  })

  test('starts are not counted if that would take too long', () => {
    const hosts = Array.from({ length: 90 }, (_, index) => `h${index}`)
    const hashed = Object.fromEntries(
      Array.from({ length: 250 }, (_, index) => [`t${index}`, ', hosts: [all], jitter: 1h']),
    )
    const before = file(hashed, `hosts: { all: [${hosts.join(', ')}] }\n`)
    const after = `${before}  z: { schedule: "@daily", command: x }\n`
    const found = hostChanges(good(before), good(after), { renamed: new Map(), from })
    expect(found.at(1)).toMatchObject({
      host: 'all',
      gains: ['z'],
      starts: [{ count: 6000 }, { count: 6001 }],
    })
    expect(found.at(-1)).toMatchObject({ host: 'h89', gains: ['z'], starts: undefined })
  })
})
