import { expect, test } from 'vitest'
import { type HomeFacts, homeFindings, type HomeState } from '../../src/doctor/judge-home.ts'
import { fine, said, type Said } from './support.ts'

const there = {
  kind: 'there',
  foreign: undefined,
  mode: 0o700,
  isTorch: true,
  mayWrite: true,
} as const
const ext4 = { type: 0xef53, freeBytes: 85e9, freeInodes: 5_000_000, inodes: 6_000_000 }
const facts: HomeFacts = {
  path: '/var/lib/torch',
  state: there,
  isInUse: false,
  space: ext4,
  log: { path: '/var/lib/torch/daemon.log', size: 8_600, mayWrite: true },
  socketBytes: 25,
}
const elsewhere = 'choose another with --home or TORCH_HOME'
const asOwner = `run torch as its owner, or ${elsewhere}`

test.each<[string, HomeState, Said]>([
  ['one as it should be', there, fine('/var/lib/torch, private (mode 700)')],
  [
    'none yet',
    { kind: 'absent', above: '/var/lib', mayMake: true },
    fine('/var/lib/torch, which the first start makes'),
  ],
  [
    'none, where none can be made',
    { kind: 'absent', above: '/var', mayMake: false },
    ['problem', '/var/lib/torch is not there, and may not be made in /var', null, elsewhere],
  ],
  [
    'behind a door that is shut',
    { kind: 'denied' },
    ['problem', '/var/lib/torch is not for this user to look into', null, asOwner],
  ],
  [
    'a file',
    { kind: 'no-directory' },
    ['problem', '/var/lib/torch is no directory', null, elsewhere],
  ],
  [
    "another user's",
    { ...there, foreign: 'alice (uid 1000)', mode: 0o755 },
    ['problem', '/var/lib/torch belongs to alice (uid 1000)', null, asOwner],
  ],
  [
    "open, and torch's",
    { ...there, mode: 0o755 },
    [
      'note',
      '/var/lib/torch is open to others (mode 755)',
      'the next start closes it',
      'chmod 700 /var/lib/torch',
    ],
  ],
  [
    'open, with other things in it',
    { ...there, mode: 0o750, isTorch: false },
    [
      'problem',
      "/var/lib/torch is open to others (mode 750) and holds more than torch's",
      null,
      `${elsewhere}, or: chmod 700 /var/lib/torch`,
    ],
  ],
  [
    'on a mount that is read-only',
    { ...there, mayWrite: false },
    [
      'problem',
      '/var/lib/torch may not be written',
      null,
      `see whether it is mounted read-only, or ${elsewhere}`,
    ],
  ],
])('a home: %s', (_, state, expected) => {
  expect(said(homeFindings({ ...facts, state }), 'home')).toEqual(expected)
})

test.each<[string, Partial<typeof ext4>, Said]>([
  ['room', {}, fine('85 GB free')],
  ['no count of inodes, as on Btrfs', { freeInodes: 0, inodes: 0 }, fine('85 GB free')],
  [
    'little room',
    { freeBytes: 499_999_999 },
    [
      'warning',
      '499 MB free',
      null,
      'make room, or keep less: output.keep_runs and output.max_size',
    ],
  ],
  [
    'few inodes',
    { freeInodes: 9_999 },
    [
      'warning',
      '85 GB and 9999 inodes free',
      null,
      'make room, or keep less: output.keep_runs and output.max_size',
    ],
  ],
  [
    'no room',
    { freeBytes: 0 },
    [
      'problem',
      '0 B free: nothing can be put on record',
      null,
      'make room, or choose another home with --home',
    ],
  ],
  [
    'no inode',
    { freeInodes: 0 },
    [
      'problem',
      '85 GB and 0 inodes free: nothing can be put on record',
      null,
      'make room, or choose another home with --home',
    ],
  ],
  [
    'NFS',
    { type: 0x6969 },
    [
      'warning',
      'the home is on NFS: locks and SQLite want a disk of this machine',
      null,
      elsewhere,
    ],
  ],
  [
    'memory',
    { type: 0x01021994 },
    ['note', '85 GB free, in memory (tmpfs): a reboot takes what is on record', null, elsewhere],
  ],
])('a disk with %s', (_, space, expected) => {
  expect(said(homeFindings({ ...facts, space: { ...ext4, ...space } }), 'disk')).toEqual(expected)
})

test.each<[string, object, Said]>([
  ['small', {}, fine('/var/lib/torch/daemon.log, 8.6 kB')],
  [
    'large',
    { size: 2.5e9 },
    [
      'note',
      '/var/lib/torch/daemon.log has 2.5 GB',
      null,
      'have it rotated: rename it, then kill -HUP the daemon',
    ],
  ],
  [
    "another's",
    { mayWrite: false },
    [
      'problem',
      '/var/lib/torch/daemon.log may not be written, and no daemon starts without it',
      null,
      'see its owner and mode',
    ],
  ],
])('a log that is %s', (_, log, expected) => {
  const found = { path: '/var/lib/torch/daemon.log', size: 8_600, mayWrite: true, ...log }
  expect(said(homeFindings({ ...facts, log: found }), 'log')).toEqual(expected)
})

test("another user's home, with a daemon: looked at by root", () => {
  const state = { ...there, foreign: 'alice (uid 1000)' }
  expect(said(homeFindings({ ...facts, state, isInUse: true }), 'home')).toEqual([
    'note',
    '/var/lib/torch belongs to alice (uid 1000), whose daemon runs',
    null,
    'a start or a run without the daemon is for its owner alone',
  ])
})

test('the path of the socket', () => {
  const at = (socketBytes: number) => said(homeFindings({ ...facts, socketBytes }), 'socket')
  expect(at(107)).toEqual(fine('a path of 107 bytes'))
  expect(at(108)).toEqual([
    'note',
    'a path of 108 bytes, over the 107 that the system takes',
    'torch goes by /proc/self/fd to the folder that it is in',
    'a shorter --home, where programs other than torch speak to it',
  ])
})

test('what is not known is not said', () => {
  const findings = homeFindings({ ...facts, space: undefined, log: undefined })
  expect(findings.map(({ name }) => name)).toEqual(['home', 'socket'])
})
