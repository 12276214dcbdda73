import fs from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import {
  judgePrograms,
  leastNode,
  probePrograms,
  type ProgramFacts,
  type WrapperFacts,
} from '../../src/doctor/external-programs.ts'
import { closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said, tasksOf } from './support.ts'

afterEach(closeMachines)

const wrapper = (path: string): WrapperFacts => ({
  path,
  isBusybox: false,
  users: [],
})
const facts: ProgramFacts = {
  version: '20.20.2',
  node: '/usr/bin/node',
  sh: '/usr/bin/dash',
  missingShells: [],
  flock: '/usr/bin/flock',
  fallocate: { path: '/usr/bin/fallocate', isBusybox: false },
  wrappers: {
    nice: wrapper('/usr/bin/nice'),
    prlimit: wrapper('/usr/bin/prlimit'),
    setpriv: wrapper('/usr/bin/setpriv'),
  },
  missing: [],
  whyNoPosixSpawn: undefined,
}
const cutLate = 'torch truncates output over max_size only when the run has ended'

test.each<[check: string, more: Partial<ProgramFacts>, Said]>([
  ['node', {}, fine('Node 20.20.2 (/usr/bin/node)')],
  [
    'shell',
    { missing: ['cat', 'sleep'] },
    [
      'problem',
      'every run needs cat and sleep, but torch cannot find them',
      null,
      'install coreutils',
    ],
  ],
  ['node', { version: '20.19.0' }, fine('Node 20.19.0 (/usr/bin/node)')],
  ['node', { version: '26.1.0' }, fine('Node 26.1.0 (/usr/bin/node)')],
  [
    'node',
    { version: '20.9.0' },
    [
      'problem',
      'Node 20.9.0 (/usr/bin/node) is too old; torch needs 20.19 or newer',
      null,
      'install a newer Node, and put it first in PATH',
    ],
  ],
  ['shell', {}, fine('/bin/sh is dash')],
  ['shell', { sh: '/bin/busybox' }, fine('/bin/sh is busybox')],
  [
    'shell',
    { sh: '/bin/yash' },
    [
      'note',
      '/bin/sh is yash, and torch is not tested with it',
      null,
      'tested shells: dash, bash, busybox',
    ],
  ],
  [
    'shell',
    { sh: undefined },
    [
      'problem',
      '/bin/sh is missing, and torch starts every run with it',
      null,
      'install dash, bash or busybox',
    ],
  ],
  [
    'shell',
    { missingShells: [{ shell: '/bin/zsh', tasks: ['a', 'b', 'c', 'd', 'e', 'f'] }] },
    [
      'warning',
      '/bin/zsh, the shell of a, b, c, d and 2 more, is missing',
      null,
      'install it, or change shell in the tasks file',
    ],
  ],
  ['lock', {}, fine('/usr/bin/flock')],
  [
    'lock',
    { flock: undefined },
    [
      'warning',
      'the program flock is missing',
      'torch needs the library koffi to lock its home; without both no daemon starts',
      'install util-linux',
    ],
  ],
  ['fallocate', {}, fine('/usr/bin/fallocate')],
  [
    'fallocate',
    { fallocate: { path: undefined, isBusybox: false } },
    ['note', 'missing', cutLate, 'install util-linux'],
  ],
  [
    'fallocate',
    { fallocate: { path: '/bin/fallocate', isBusybox: true } },
    [
      'note',
      '/bin/fallocate is part of busybox, which cannot do this',
      cutLate,
      'install util-linux',
    ],
  ],
  ['launcher', {}, fine('posix_spawn')],
  [
    'launcher',
    { whyNoPosixSpawn: "Cannot find module 'koffi'" },
    [
      'note',
      "no posix_spawn: Cannot find module 'koffi'",
      "Node's own spawn, which is slower the more memory the daemon has",
      'posix_spawn needs the GNU C library and the optional package koffi',
    ],
  ],
])('the finding about %s of a machine with %j is right', (check, more, expected) => {
  expect(said(judgePrograms({ ...facts, ...more }), check)).toEqual(expected)
})

test.each<['nice' | 'prlimit' | 'setpriv', Partial<WrapperFacts>, Said]>([
  ['nice', {}, fine('/bin/nice')],
  ['nice', { isBusybox: true, users: ['a'] }, fine('/bin/nice, for nice of a')],
  ['prlimit', { users: ['a', 'b'] }, fine('/bin/prlimit, for limits of a, b')],
  ['setpriv', { users: undefined }, fine('/bin/setpriv')],
  [
    'setpriv',
    { path: undefined, users: undefined },
    ['note', 'missing', null, 'install util-linux before a task uses user or group'],
  ],
  [
    'prlimit',
    { path: undefined },
    [
      'note',
      'missing; no task here needs it',
      null,
      'install util-linux before a task uses limits',
    ],
  ],
  [
    'setpriv',
    { path: undefined, users: ['dump'] },
    [
      'warning',
      'missing: dump cannot start',
      null,
      'install util-linux, or remove user or group from these tasks',
    ],
  ],
  [
    'setpriv',
    { isBusybox: true, users: ['dump'] },
    [
      'warning',
      '/bin/setpriv is part of busybox, which cannot do this: dump cannot start',
      null,
      'install util-linux, or remove user or group from these tasks',
    ],
  ],
  [
    'nice',
    { path: undefined, users: ['dump'] },
    [
      'warning',
      'missing: dump cannot start',
      null,
      'install coreutils, or remove nice from these tasks',
    ],
  ],
])('the finding about the wrapper %s with %j is right', (name, more, expected) => {
  const found = { ...wrapper(`/bin/${name}`), ...more }
  const findings = judgePrograms({ ...facts, wrappers: { ...facts.wrappers, [name]: found } })
  expect(said(findings, name)).toEqual(expected)
})

test('the oldest Node that doctor accepts is the one in package.json', () => {
  const { engines } = JSON.parse(fs.readFileSync('package.json', 'utf8')) as {
    engines: { node: string }
  }
  expect(engines.node).toBe(`>=${leastNode}`)
})

describe('the probe of programs', () => {
  const tasks = tasksOf(`
tasks:
  plain: { schedule: "@daily", command: "true" }
  slow: { schedule: "@daily", command: "true", nice: 5, shell: /bin/zsh }
  narrow: { schedule: "@daily", command: "true", limits: { nofile: 10 }, env: { PATH: /opt/bin } }
  other: { schedule: "@daily", command: ["true"], user: nobody, group: "0", shell: /bin/fish }
`)

  test('the probe finds programs where torch finds them, not in the PATH of a task, and the tasks that need them', () => {
    const host = machineWith({
      '/bin/sh -> busybox': '',
      '/bin/busybox': '',
      '/bin/nice': '',
      '/usr/bin/prlimit': '',
      '/sbin/setpriv -> /bin/busybox': '',
    })
    expect(probePrograms(host, tasks)).toMatchObject({
      version: process.versions.node,
      node: process.execPath,
      sh: '/bin/busybox',
      // A command that is a list of words needs no shell.
      missingShells: [{ shell: '/bin/zsh', tasks: ['slow'] }],
      wrappers: {
        nice: { path: '/bin/nice', isBusybox: false, users: ['slow'] },
        prlimit: { path: '/usr/bin/prlimit', users: ['narrow'] },
        setpriv: { path: '/sbin/setpriv', isBusybox: true, users: ['other'] },
      },
    })
  })

  test('a program that is not executable is missing', () => {
    const host = machineWith({ '/bin/nice': '', '/bin/sh/file': '' })
    fs.chmodSync(`${host.root}/bin/nice`, 0o644)
    const { sh, wrappers } = probePrograms(host, tasks)
    expect([sh, wrappers.nice.path]).toEqual([undefined, undefined])
  })
})
