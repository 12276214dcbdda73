import { expect, test } from 'vitest'
import { formatted, good, parse, problemsOf } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'an unknown group': {
    file: [
      'hosts:',
      '  web: [10.0.1.0/24]',
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [wbe]',
    ],
    shown: [
      'tasks.yaml:7:13: tasks.backup.hosts[0]: unknown host group "wbe"',
      '    hosts: [wbe]',
      '            ^',
      'hint: did you mean "web"?',
    ],
  },
  'an unknown group, negated': {
    file: [
      'hosts:',
      '  web: [10.0.1.0/24]',
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: ["!wbe"]',
    ],
    shown: [
      'tasks.yaml:7:13: tasks.backup.hosts[0]: unknown host group "wbe"',
      '    hosts: ["!wbe"]',
      '            ^',
      'hint: did you mean "web"?',
    ],
  },
  'a bare word that is not like any group': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [alpha]',
    ],
    shown: [
      'tasks.yaml:5:13: tasks.backup.hosts[0]: unknown host group "alpha"',
      '    hosts: [alpha]',
      '            ^',
      'hint: to name a host, write its full name with a dot, or list it in a group',
    ],
  },
  'text instead of a list': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    hosts: web-*'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.hosts: expected a list of at least one group, address, CIDR block, host name or pattern; got "web-*"',
      '    hosts: web-*',
      '    ^',
      'hint: did you mean ["web-*"]?',
    ],
  },
  'an empty list': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    hosts: []'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.hosts: expected a list of at least one group, address, CIDR block, host name or pattern; got an empty list',
      '    hosts: []',
      '    ^',
    ],
  },
  'a prefix that is too long': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [10.0.0.0/33]',
    ],
    shown: [
      'tasks.yaml:5:13: tasks.backup.hosts[0]: expected an address, or a CIDR block with a prefix of at most 32 (IPv6: 128); got "10.0.0.0/33"',
      '    hosts: [10.0.0.0/33]',
      '            ^',
    ],
  },
  'an address out of range': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [10.0.0.256]',
    ],
    shown: [
      'tasks.yaml:5:13: tasks.backup.hosts[0]: expected an address, or a CIDR block with a prefix of at most 32 (IPv6: 128); got "10.0.0.256"',
      '    hosts: [10.0.0.256]',
      '            ^',
    ],
  },
  'an address with a star': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [10.0.1.*]',
    ],
    shown: [
      'tasks.yaml:5:13: tasks.backup.hosts[0]: expected a CIDR block; patterns only match host names; got "10.0.1.*"',
      '    hosts: [10.0.1.*]',
      '            ^',
      'hint: write "10.0.1.0/24"',
    ],
  },
  'an entry with a blank': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: ["a b"]',
    ],
    shown: [
      'tasks.yaml:5:13: tasks.backup.hosts[0]: expected a group, address, CIDR block, host name or pattern; got "a b"',
      '    hosts: ["a b"]',
      '            ^',
    ],
  },
  'a list that excludes every machine': {
    file: [
      'hosts:',
      '  web: [10.0.1.0/24]',
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [web, "!10.0.0.0/16"]',
      '    max: 0',
    ],
    shown: [
      'tasks.yaml:7:5: warning: tasks.backup.hosts: no machine can match: every entry is also excluded with !',
      '    hosts: [web, "!10.0.0.0/16"]',
      '    ^',
      'tasks.yaml:8:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got 0',
      '    max: 0',
      '    ^',
      'hint: write "unlimited", or enabled: false to switch the task off',
    ],
  },
  'an empty group': {
    file: ['hosts:', '  web: []', 'tasks: {}'],
    shown: [
      'tasks.yaml:2:3: hosts.web: expected a list of at least one group, address, CIDR block, host name or pattern; got an empty list',
      '  web: []',
      '  ^',
    ],
  },
  'a group that excludes an address': {
    file: ['hosts:', '  web: ["!10.0.1.9"]', 'tasks: {}'],
    shown: [
      'tasks.yaml:2:9: hosts.web[0]: ! is not allowed in a group: a group only lists machines',
      '  web: ["!10.0.1.9"]',
      '        ^',
      'hint: write it in `hosts` of the tasks that must not run there',
    ],
  },
  'a group with a dot': {
    file: ['hosts:', '  web.eu: [10.0.1.9]', 'tasks: {}'],
    shown: [
      'tasks.yaml:2:3: hosts.web.eu: expected a name of letters, digits, "_" and "-"; got "web.eu"',
      '  web.eu: [10.0.1.9]',
      '  ^',
    ],
  },
  'a group with a bad address': {
    file: ['hosts:', '  web: ["2001:db8::/129"]', 'tasks: {}'],
    shown: [
      'tasks.yaml:2:9: hosts.web[0]: expected an address, or a CIDR block with a prefix of at most 32 (IPv6: 128); got "2001:db8::/129"',
      '  web: ["2001:db8::/129"]',
      '        ^',
    ],
  },
}

test.each(Object.entries(table))('a bad hosts entry is reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})

const groups = `hosts:
  queue: [queue1, queue2]
  db: [db1, db2.example.com]
  net: [10.0.2.11, 10.0.2.12]
  any: ["any*"]
`

/** The lines of the problems with the `hosts` of a task, without the source lines. */
function toldAbout(hosts: string, more = ''): string[] {
  const text = `${groups}tasks: { a: { schedule: "@daily", command: x, hosts: ${hosts}${more} } }\n`
  const problems = problemsOf(text, { mayChangeUser: true, isAccount: () => false })
  return problems.flatMap(({ severity, message, hint }) => [
    severity === 'warning' ? `warning: ${message}` : message,
    ...(hint === null ? [] : [hint]),
  ])
}

const list = 'to name a host, write its full name with a dot, or list it in a group'
const notRange = 'expected an address or a CIDR block; a range must be written as blocks; got'
const notNames =
  'expected a host name, or a pattern with * and ?; a range must be written as a list; got'
const notPattern = 'expected a CIDR block; patterns only match host names; got'

test.each<[string, string[]]>([
  // Not a group that has the word as a member, nor one that the word numbers
  ['[any1-5]', ['unknown host group "any1-5"', list]],
  // Another number is another machine.
  ['[queue3]', ['unknown host group "queue3"', list]],
  ['["!queue3"]', ['unknown host group "queue3"', list]],
  ['[queu1]', ['unknown host group "queu1"', 'did you mean "queue1"?']],
  ['[net1]', ['unknown host group "net1"', list]],
  ['[any1]', ['unknown host group "any1"', list]],
  ['[db2]', ['unknown host group "db2"', 'write its full name, "db2.example.com"']],
  ['[qeue]', ['unknown host group "qeue"', 'did you mean "queue"?']],
  // Nothing that would exclude every machine
  ['[net, "!nett"]', ['unknown host group "nett"', list]],
  ['["!nett"]', ['unknown host group "nett"', 'did you mean "net"?']],
  ['[db, "!db2"]', ['unknown host group "db2"', 'write its full name, "!db2.example.com"']],
  ['[queue1, "!qeue1"]', ['unknown host group "qeue1"', list]],
  // Ranges of addresses
  ['[10.0.1.11-15]', [`${notRange} "10.0.1.11-15"`, 'write "10.0.1.11", "10.0.1.12/30"']],
  [
    '[web1.example.com, "!10.0.0.1-10.0.0.9"]',
    [
      `${notRange} "10.0.0.1-10.0.0.9"`,
      'write "!10.0.0.1", "!10.0.0.2/31", "!10.0.0.4/30", "!10.0.0.8/31"',
    ],
  ],
  ['[10.0.0.0-10.0.0.255]', [`${notRange} "10.0.0.0-10.0.0.255"`, 'write "10.0.0.0/24"']],
  ['[10.0.0.9-1]', [`${notRange} "10.0.0.9-1"`]],
  [
    '["2001:db8::4-2001:db8::7"]',
    [`${notRange} "2001:db8::4-2001:db8::7"`, 'write "2001:db8::4/126"'],
  ],
  // Patterns of addresses
  ['[10.0.1.x]', ['expected a CIDR block; got "10.0.1.x"', 'write "10.0.1.0/24"']],
  ['[10.X.X.X]', ['expected a CIDR block; got "10.X.X.X"', 'write "10.0.0.0/8"']],
  ['["10.0.*"]', [`${notPattern} "10.0.*"`, 'write "10.0.0.0/16"']],
  ['["10.0.*.5"]', [`${notPattern} "10.0.*.5"`]],
  ['["10.0.1.1*"]', [`${notPattern} "10.0.1.1*"`]],
  ['["10.0.1.?"]', [`${notPattern} "10.0.1.?"`]],
  // Ranges of names
  ['["queue[1-2]"]', [`${notNames} "queue[1-2]"`, 'write "queue1", "queue2"']],
  [
    '["!w{08..10}.example.com"]',
    [
      `${notNames} "w{08..10}.example.com"`,
      'write "!w08.example.com", "!w09.example.com", "!w10.example.com"',
    ],
  ],
  [
    '["web[1-3]"]',
    [`${notNames} "web[1-3]"`, 'list these machines in a group: "web1", "web2", "web3"'],
  ],
  ['["web[1-500]"]', [`${notNames} "web[1-500]"`]],
  ['["web[a-c]"]', [`${notNames} "web[a-c]"`]],
  ['["web[!1]"]', [`${notNames} "web[!1]"`]],
  ['["web{1..9..2}"]', [`${notNames} "web{1..9..2}"`]],
  // Loopback
  ...[
    'localhost',
    '127.0.0.1',
    '127.0.0.0/8',
    '"::1"',
    'localhost.localdomain',
    '"!localhost"',
  ].map((entry): [string, string[]] => [
    `[${entry}]`,
    [
      `warning: "${entry.replaceAll(/["!]/g, '')}" matches no machine: torch knows machines by their host names, and by their addresses except loopback`,
      'leave out hosts to run on every machine',
    ],
  ]),
])('hosts: %s is answered with %j', (hosts, told) => {
  expect(toldAbout(hosts)).toEqual(told)
})

test('a bare word that a group lists as a machine means that machine', () => {
  const text = `${groups}tasks:
  one: { schedule: "@daily", command: x, hosts: [QUEUE1] }
  others: { schedule: "@daily", command: x, hosts: [queue, "!queue2"] }
`
  const [one, others] = good(text).tasks
  expect(one?.hosts).toEqual({ some: [{ kind: 'name', name: 'queue1' }], none: [] })
  expect(others?.hosts?.none).toEqual([{ kind: 'name', name: 'queue2' }])
})

test('a word that is a group and a machine means the group', () => {
  const [task] = good(
    'hosts: { db: [db, db2] }\ntasks: { a: { schedule: "@daily", command: x, hosts: [db] } }\n',
  ).tasks
  expect(task?.hosts?.some).toHaveLength(2)
})

test.each([
  ['[wbe]', ['unknown host group "wbe"', list]],
  [
    'web',
    [
      'expected a list of at least one group, address, CIDR block, host name or pattern; got "web"',
      'did you mean ["web"]?',
    ],
  ],
  [
    '[10.0.0.300]',
    [
      'expected an address, or a CIDR block with a prefix of at most 32 (IPv6: 128); got "10.0.0.300"',
    ],
  ],
])('a mistake in hosts: %s brings no problem about the user or the env_file', (hosts, told) => {
  expect(toldAbout(hosts, ', user: nobody-here, env_file: /no/such')).toEqual(told)
})

test('a mistake in a group brings no problem about the tasks that use it', () => {
  const text = `hosts: { web: [web1, "web[2-3]"], db: db1 }
tasks:
  a: { schedule: "@daily", command: x, hosts: [web3], user: nobody-here }
  b: { schedule: "@daily", command: x, hosts: [db1], user: nobody-here }
  c: { schedule: "@daily", command: x, hosts: ["!web"], user: nobody-here }
  d: { schedule: "@daily", command: x, hosts: [web1, "!web"], user: nobody-here }
`
  const facts = { mayChangeUser: true, isAccount: () => false }
  const parsed = parse(text, facts)
  expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual([
    'hosts.web[1]',
    'hosts.db',
  ])
})
