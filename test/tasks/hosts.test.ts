import { describe, expect, test } from 'vitest'
import { parseHostEntry } from '../../src/tasks/host-entry.ts'
import {
  anyMachine,
  hostFacts,
  type HostMatch,
  matchHosts,
  runsOn,
  shareOf,
} from '../../src/tasks/hosts.ts'
import { problemLine } from '../../src/tasks/file/problem.ts'
import { good, oneTask, parse } from '../support/tasks.ts'

const groups = `
hosts:
  web: [10.0.1.0/24, "2001:db8:1::/64"]
  db: [10.0.2.11, db9]
  eu: ["*.eu.example.com"]
`

const hosts = {
  web1: hostFacts('web-1.eu.example.com', ['10.0.1.5', '2001:db8:1::5']),
  web9: hostFacts('web-9', ['192.168.7.7', '10.0.1.9']),
  db1: hostFacts('db1.us.example.com', ['10.0.2.11', 'fe80::1%eth0']),
  db9: hostFacts('DB9.us.example.com', []),
  mapped: hostFacts('m', ['::ffff:10.0.1.7']),
} as const

/** Which of the hosts above run a task with these entries. */
function running(entries: readonly string[] | undefined): string[] {
  const line = entries === undefined ? [] : [`hosts: ${JSON.stringify(entries)}`]
  const [task] = good(groups + oneTask(...line)).tasks
  return Object.entries(hosts).flatMap(([name, host]) =>
    matchHosts(task?.hosts, host) ? [name] : [],
  )
}

const all = Object.keys(hosts)
const table: readonly (readonly [what: string, entries: string[] | undefined, here: string[]])[] = [
  ['no hosts at all', undefined, all],
  ['a group of blocks', ['web'], ['web1', 'web9', 'mapped']],
  ['two groups', ['web', 'db'], all],
  ['a bare word in a group is a short host name', ['db'], ['db1', 'db9']],
  ['a pattern in a group', ['eu'], ['web1']],
  ['an address', ['10.0.2.11'], ['db1']],
  ['any address of the host counts', ['192.168.7.7'], ['web9']],
  ['a block', ['10.0.0.0/16'], ['web1', 'web9', 'db1', 'mapped']],
  ['a block with bits after the prefix', ['10.0.1.200/24'], ['web1', 'web9', 'mapped']],
  ['a block with one address', ['10.0.1.5/32'], ['web1']],
  ['all of IPv4', ['0.0.0.0/0'], ['web1', 'web9', 'db1', 'mapped']],
  ['all of IPv6', ['::/0'], ['web1', 'db1']],
  ['an IPv6 address in another form', ['2001:0DB8:1:0:0:0:0:5'], ['web1']],
  ['an IPv6 block', ['2001:db8::/32'], ['web1']],
  ['an IPv6 block next to it', ['2001:dead::/32'], []],
  [
    'a block of mapped addresses is an IPv4 block',
    ['::ffff:10.0.1.0/120'],
    ['web1', 'web9', 'mapped'],
  ],
  ['a mapped address', ['::ffff:10.0.1.5'], ['web1']],
  ['the zone of an address is ignored', ['fe80::1%wlan0'], ['db1']],
  ['a full host name', ['db1.us.example.com'], ['db1']],
  ['a name in any case, with a dot at the end', ['DB1.US.example.com.'], ['db1']],
  ['a name in another domain', ['db1.eu.example.com'], []],
  ['a pattern of short names', ['web-*'], ['web1', 'web9']],
  ['a pattern of full names', ['*.us.example.com'], ['db1', 'db9']],
  ['a pattern of one character', ['web-?'], ['web1', 'web9']],
  ['a pattern does not match a part', ['eb-*'], []],
  ['every host by pattern', ['*'], all],
  ['a group except one address', ['web', '!10.0.1.9'], ['web1', 'mapped']],
  ['the order does not matter', ['!10.0.1.9', 'web'], ['web1', 'mapped']],
  ['only an excluded group, which means everywhere else', ['!web'], ['db1', 'db9']],
  ['two excluded entries', ['!web', '!db1.us.example.com'], ['db9']],
  ['an excluded pattern', ['!web-*'], ['db1', 'db9', 'mapped']],
  ['an excluded group with a blank after !', ['! web'], ['db1', 'db9']],
  ['a group that is also excluded', ['web', '!web'], []],
]

test.each(table)('a task runs on the hosts that its entries match: %s', (_what, entries, here) => {
  expect(running(entries)).toEqual(here)
})

describe('hostFacts', () => {
  test.each([
    ['Web1.Example.com', ['web1', 'web1.example.com']],
    ['web1', ['web1']],
    ['web1.example.com.', ['web1', 'web1.example.com']],
    ['10.0.1.5', ['10.0.1.5']],
    ['', []],
  ])('hostFacts() finds the names of %s', (name, names) => {
    expect(hostFacts(name, []).names).toEqual(names)
  })

  test('hostFacts() removes the zones of addresses', () => {
    expect(hostFacts('a', ['fe80::1%eth0', '10.0.0.1']).addresses).toEqual(['fe80::1', '10.0.0.1'])
  })

  test('text that is not an address matches nothing and does not throw', () => {
    const rule = good(oneTask('hosts: [10.0.0.1, "::/0"]')).tasks[0]?.hosts
    expect(matchHosts(rule, hostFacts('a', ['', 'x', '1.2.3', ':::']))).toBe(false)
  })
})

describe('what a machine must have for a task', () => {
  const tasks = (more: string) => `tasks:\n  job: { schedule: "@daily", command: x, ${more} }\n`

  test.each([
    'hosts: [10.9.9.9], env_file: gone.env',
    'hosts: [10.9.9.9], user: www-data',
    'enabled: false, env_file: gone.env',
    'hosts: ["!10.0.1.7"], user: www-data, group: adm, env_file: gone.env',
  ])('a machine that does not run the task needs no account and no env file: %s', (more) => {
    expect(parse(tasks(more)).ok).toBe(true)
  })

  test.each([
    'env_file: gone.env',
    'hosts: [10.0.1.7], env_file: gone.env',
    'hosts: [10.0.1.0/24], user: www-data',
  ])('a machine that runs the task needs its account and its env file: %s', (more) => {
    expect(parse(tasks(more)).ok).toBe(false)
  })

  test.each([
    [
      tasks('user: nosuch, group: adm'),
      'tasks.yaml:2:42: tasks.job.user: there is no user "nosuch" on this machine',
    ],
    [
      tasks('group: nosuch'),
      'tasks.yaml:2:42: tasks.job.group: there is no group "nosuch" on this machine',
    ],
    [
      `defaults: { user: nosuch }\n${tasks('max: 1')}`,
      'tasks.yaml:3:3: tasks.job.user: there is no user "nosuch" on this machine',
    ],
    [`defaults: { user: nosuch }\n${tasks('hosts: [10.9.9.9]')}`, undefined],
    [tasks('user: nosuch, enabled: false'), undefined],
  ])('user and group must exist on a machine that runs the task: %j', (file, message) => {
    const isAccount = (_: string, name: string) => name !== 'nosuch'
    const parsed = parse(file, { mayChangeUser: true, isAccount })
    const [first] = parsed.ok ? [] : parsed.problems.map(problemLine)
    expect(first).toBe(message)
  })

  test('hosts of the defaults decide too whether a machine runs the task', () => {
    const file = `defaults: { hosts: [10.9.9.9] }\n${tasks('env_file: gone.env')}`
    expect(parse(file).ok).toBe(true)
    expect(parse(file.replace('10.9.9.9', '10.0.1.7')).ok).toBe(false)
  })
})

const shareGroups = `
hosts:
  web: [10.0.1.0/24]
  db: [10.0.2.11, db1]
`

/** `[10.0.1.0/24, "!10.0.1.9"]` as in a task. */
function ruleOf(entries: string) {
  return good(shareGroups + oneTask(`hosts: ${entries}`)).tasks[0]?.hosts
}

/** Entries as in a group. */
function machinesOf(entries: string): HostMatch[] {
  return entries.split(' ').map((written): HostMatch => {
    const entry = parseHostEntry(written)
    if (entry.kind === 'match') return entry.match
    return { kind: 'name', name: written }
  })
}

test.each([
  // Blocks and addresses.
  ['[10.0.1.0/24]', '10.0.1.0/24', 'all'],
  ['[10.0.0.0/8]', '10.0.1.0/24', 'all'],
  ['[10.0.1.7]', '10.0.1.0/24', 'some'],
  ['[10.0.2.7]', '10.0.1.0/24', 'none'],
  ['[10.0.1.0/24]', '10.0.1.7', 'all'],
  ['[10.0.1.7]', '10.0.1.8', 'none'],
  ['[web, "!10.0.1.9"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.9"]', '10.0.1.9', 'none'],
  ['[web, "!10.0.1.255"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.0"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.128/25"]', '10.0.1.128/26', 'none'],
  ['[10.0.1.9, "!10.0.1.9"]', '10.0.1.0/24', 'none'],
  ['[10.0.1.0/25, 10.0.1.128/25]', '10.0.1.0/24', 'all'],
  ['[10.0.1.0/25, 10.0.1.128/26]', '10.0.1.0/24', 'some'],
  ['["!10.0.1.0/25", "!10.0.1.128/25"]', '10.0.1.0/24', 'none'],
  ['["!10.0.1.9"]', '10.0.1.0/24', 'some'],
  ['["!10.0.1.9"]', '10.0.2.0/24', 'all'],
  ['["::/0"]', '2001:db8::/32', 'all'],
  ['["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]', '::/0', 'some'],
  ['["::/0"]', '0.0.0.0/0', 'none'],
  ['["*"]', '10.0.1.7', 'all'],
  ['["!*"]', '10.0.1.7', 'none'],
  ['["web-*"]', '10.0.1.7', 'none'],
  // Names.
  ['[web1.example.com]', 'web1.example.com', 'all'],
  ['[db]', 'db1', 'all'],
  ['[db]', 'db1.example.com', 'all'],
  ['[db1.example.com]', 'db1', 'none'],
  ['["db?"]', 'db1.example.com', 'all'],
  ['["*", "!*.example.com"]', 'db1.example.com', 'none'],
  ['[web]', 'web1', 'none'],
  // Patterns.
  ['["web-*"]', 'web-*', 'all'],
  ['["web-*"]', 'web-1*', 'all'],
  ['["web-1*"]', 'web-*', 'some'],
  ['[web-1.example.com]', 'web-*', 'some'],
  ['["web-*", "!web-1.example.com"]', 'web-*', 'some'],
  ['["!*-eu"]', 'web-*', 'some'],
  ['["*-eu"]', 'web-*', 'some'],
  ['["!web-*"]', 'web-*', 'none'],
  ['["!web-*"]', 'db-*', 'all'],
  ['[web]', 'web-*', 'none'],
  ['[web]', '*', 'some'],
  // Groups with several entries.
  ['[web]', '10.0.1.0/24 web1', 'some'],
  ['[db]', '10.0.2.11 db1', 'all'],
  ['[db]', '10.0.2.12 db2', 'none'],
  ['["!db"]', '10.0.2.11 10.0.2.12', 'some'],
])('a task with hosts: %s runs on these machines: %s (%s)', (entries, machines, share) => {
  expect(shareOf(ruleOf(entries), machinesOf(machines))).toBe(share)
})

test('a task without hosts runs on all machines', () => {
  expect(shareOf(undefined, machinesOf('10.0.1.0/24 web1'))).toBe('all')
})

describe('a machine whose name and addresses are unknown', () => {
  test.each([
    ['["!10.0.1.9"]', true],
    ['["*"]', true],
    ['["!*"]', false],
    ['[web]', false],
    ['["web-*"]', false],
    ['["0.0.0.0/0"]', false],
  ])('a task with hosts: %s runs on an unknown machine or not', (entries, runs) => {
    expect(runsOn(ruleOf(entries), anyMachine)).toBe(runs)
  })
})
