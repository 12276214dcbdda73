import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

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
      'hint: did you mean "10.0.1.0/24"?',
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
