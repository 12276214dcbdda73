import fs from 'node:fs'
import { expect, test } from 'vitest'
import {
  leastNode,
  type ProgramFacts,
  programFindings,
  type WrapperFacts,
} from '../../src/doctor/judge-programs.ts'
import { fine, said, type Said } from './support.ts'

const wrapper = (path: string): WrapperFacts => ({
  path,
  isBusybox: false,
  users: [],
  without: [],
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
  whyNoPosixSpawn: undefined,
}
const socketLock =
  'an abstract Unix socket is the lock: it too ends with the daemon, however that ends'
const cutLate = 'an output over max_size is cut when its run is over, and not before'

test.each<[check: string, more: Partial<ProgramFacts>, Said]>([
  ['node', {}, fine('Node 20.20.2 (/usr/bin/node)')],
  ['node', { version: '20.19.0' }, fine('Node 20.19.0 (/usr/bin/node)')],
  ['node', { version: '26.1.0' }, fine('Node 26.1.0 (/usr/bin/node)')],
  [
    'node',
    { version: '20.9.0' },
    [
      'problem',
      'Node 20.9.0 (/usr/bin/node); torch needs 20.19',
      null,
      'install a newer Node; the first one in PATH is taken',
    ],
  ],
  ['shell', {}, fine('/bin/sh is dash')],
  ['shell', { sh: '/bin/busybox' }, fine('/bin/sh is busybox')],
  [
    'shell',
    { sh: '/bin/yash' },
    [
      'note',
      '/bin/sh is yash, which torch was not tried with',
      null,
      'dash, bash, busybox are known to do',
    ],
  ],
  [
    'shell',
    { sh: undefined },
    [
      'problem',
      '/bin/sh is not there, and every run is started by it',
      null,
      'install dash, bash or busybox',
    ],
  ],
  [
    'shell',
    { missingShells: [{ shell: '/bin/zsh', tasks: ['a', 'b', 'c', 'd', 'e', 'f'] }] },
    [
      'warning',
      '/bin/zsh, the shell of a, b, c, d and 2 more, is not there',
      null,
      'install it, or change shell in the tasks file',
    ],
  ],
  ['lock', {}, fine('/usr/bin/flock')],
  [
    'lock',
    { flock: undefined },
    [
      'note',
      'the program flock is not there',
      socketLock,
      'install util-linux where containers share a home: they do not see that socket',
    ],
  ],
  ['fallocate', {}, fine('/usr/bin/fallocate')],
  [
    'fallocate',
    { fallocate: { path: undefined, isBusybox: false } },
    ['note', 'not there', cutLate, 'install util-linux'],
  ],
  [
    'fallocate',
    { fallocate: { path: '/bin/fallocate', isBusybox: true } },
    ['note', "/bin/fallocate is busybox's, which cannot do it", cutLate, 'install util-linux'],
  ],
  ['launcher', {}, fine('posix_spawn')],
  [
    'launcher',
    { whyNoPosixSpawn: "Cannot find module 'koffi'" },
    [
      'note',
      "no posix_spawn: Cannot find module 'koffi'",
      "Node's own spawn, which takes the longer the more memory the daemon has",
      'it takes the GNU C library, and the optional package koffi',
    ],
  ],
])('%s: %j', (check, more, expected) => {
  expect(said(programFindings({ ...facts, ...more }), check)).toEqual(expected)
})

test.each<['nice' | 'prlimit' | 'setpriv', Partial<WrapperFacts>, Said]>([
  ['nice', {}, fine('/bin/nice')],
  ['nice', { isBusybox: true, users: ['a'] }, fine('/bin/nice, for nice of a')],
  ['prlimit', { users: ['a', 'b'] }, fine('/bin/prlimit, for limits of a, b')],
  ['setpriv', { users: undefined }, fine('/bin/setpriv')],
  [
    'setpriv',
    { path: undefined, users: undefined },
    ['note', 'not there', null, 'install util-linux before a task says user or group'],
  ],
  [
    'prlimit',
    { path: undefined },
    [
      'note',
      'not there; no task here needs it',
      null,
      'install util-linux before a task says limits',
    ],
  ],
  [
    'setpriv',
    { path: undefined, users: ['dump'] },
    [
      'warning',
      'not there: dump cannot start',
      null,
      'install util-linux, or take user or group out of these tasks',
    ],
  ],
  [
    'setpriv',
    { isBusybox: true, users: ['dump'] },
    [
      'warning',
      "/bin/setpriv is busybox's, which cannot do it: dump cannot start",
      null,
      'install util-linux, or take user or group out of these tasks',
    ],
  ],
  [
    'nice',
    { path: undefined, users: ['dump'] },
    [
      'warning',
      'not there: dump cannot start',
      null,
      'install coreutils, or take nice out of these tasks',
    ],
  ],
  [
    'prlimit',
    { users: ['a', 'b'], without: ['b'] },
    [
      'warning',
      '/bin/prlimit is not in the PATH of b: no start',
      null,
      'add its folder to the PATH in their env',
    ],
  ],
])('%s: %j', (name, more, expected) => {
  const found = { ...wrapper(`/bin/${name}`), ...more }
  const findings = programFindings({ ...facts, wrappers: { ...facts.wrappers, [name]: found } })
  expect(said(findings, name)).toEqual(expected)
})

test('the Node that it needs is that of the package', () => {
  const { engines } = JSON.parse(fs.readFileSync('package.json', 'utf8')) as {
    engines: { node: string }
  }
  expect(engines.node).toBe(`>=${leastNode}`)
})
