import fs from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { homePaths } from '../../src/daemon/settings.ts'
import { type HomeFacts, type HomeState, judgeHome, probeHome } from '../../src/doctor/home.ts'
import type { Host } from '../../src/host/host.ts'
import { asUser, closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said } from './support.ts'

afterEach(closeMachines)

const there = {
  kind: 'there',
  foreign: undefined,
  mode: 0o700,
  use: 'torch',
  planted: undefined,
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
const elsewhere = 'choose another home with --home or TORCH_HOME'
const asOwner = `run torch as its owner, or ${elsewhere}`

test.each<[string, HomeState, Said]>([
  ['a private home is ok', there, fine('/var/lib/torch, private (mode 700)')],
  [
    'a home that does not exist yet is ok',
    { kind: 'absent', above: '/var/lib', mayMake: true },
    fine('/var/lib/torch does not exist yet; the first start creates it'),
  ],
  [
    'a home that torch cannot create is a problem',
    { kind: 'absent', above: '/var', mayMake: false },
    [
      'problem',
      '/var/lib/torch does not exist, and torch cannot create it in /var',
      null,
      elsewhere,
    ],
  ],
  [
    'a home that this user cannot read is a problem',
    { kind: 'denied' },
    ['problem', 'this user cannot read /var/lib/torch', null, asOwner],
  ],
  [
    'a home that is a file is a problem',
    { kind: 'no-directory' },
    ['problem', '/var/lib/torch is not a directory', null, elsewhere],
  ],
  [
    'a home of another user is a problem',
    { ...there, foreign: 'alice (uid 1000)', mode: 0o755 },
    ['problem', '/var/lib/torch belongs to alice (uid 1000)', null, asOwner],
  ],
  [
    'a torch home that is open to others is a note',
    { ...there, mode: 0o755 },
    [
      'note',
      '/var/lib/torch is open to others (mode 755)',
      'the next start makes it private',
      'chmod 700 /var/lib/torch',
    ],
  ],
  [
    'an open home with files of other programs is a problem',
    { ...there, mode: 0o750, use: 'own-files' },
    [
      'problem',
      '/var/lib/torch is open to others (mode 750) and holds files of other programs',
      null,
      elsewhere,
    ],
  ],
  [
    'a home that is not writable is a problem',
    { ...there, mayWrite: false },
    [
      'problem',
      '/var/lib/torch is not writable',
      null,
      `check whether it is mounted read-only, or ${elsewhere}`,
    ],
  ],
])('%s', (_, state, expected) => {
  expect(said(judgeHome({ ...facts, state }), 'home')).toEqual(expected)
})

test.each<[string, Partial<typeof ext4>, Said]>([
  ['a disk with space is ok', {}, fine('85 GB free')],
  [
    'a disk without a number of inodes, such as Btrfs, is ok',
    { freeInodes: 0, inodes: 0 },
    fine('85 GB free'),
  ],
  [
    'a disk with little space is a warning',
    { freeBytes: 499_999_999 },
    [
      'warning',
      '499 MB free',
      null,
      'free some space, or lower output.keep_runs and output.max_size',
    ],
  ],
  [
    'a disk with few inodes is a warning',
    { freeInodes: 9_999 },
    [
      'warning',
      '85 GB and 9999 inodes free',
      null,
      'free some space, or lower output.keep_runs and output.max_size',
    ],
  ],
  [
    'a full disk is a problem',
    { freeBytes: 0 },
    [
      'problem',
      '0 B free: torch cannot record anything',
      null,
      'free some space, or choose another home with --home',
    ],
  ],
  [
    'a disk without free inodes is a problem',
    { freeInodes: 0 },
    [
      'problem',
      '85 GB and 0 inodes free: torch cannot record anything',
      null,
      'free some space, or choose another home with --home',
    ],
  ],
  [
    'a network file system is a warning',
    { type: 0x6969 },
    ['warning', 'the home is on NFS: locks and SQLite need a local disk', null, elsewhere],
  ],
  [
    'a home in memory is a note',
    { type: 0x01021994 },
    ['note', '85 GB free, in memory (tmpfs): a reboot deletes all records', null, elsewhere],
  ],
])('%s', (_, space, expected) => {
  expect(said(judgeHome({ ...facts, space: { ...ext4, ...space } }), 'disk')).toEqual(expected)
})

test.each<[string, object, Said]>([
  ['a small log is ok', {}, fine('/var/lib/torch/daemon.log, 8.6 kB')],
  [
    'a large log is a note',
    { size: 2.5e9 },
    [
      'note',
      '/var/lib/torch/daemon.log is large: 2.5 GB',
      null,
      'rotate it: rename the file, then send HUP to the daemon',
    ],
  ],
  [
    'a log that is not writable is a problem',
    { mayWrite: false },
    [
      'problem',
      '/var/lib/torch/daemon.log is not writable, so no daemon can start',
      null,
      'check its owner and mode',
    ],
  ],
])('%s', (_, log, expected) => {
  const found = { path: '/var/lib/torch/daemon.log', size: 8_600, mayWrite: true, ...log }
  expect(said(judgeHome({ ...facts, log: found }), 'log')).toEqual(expected)
})

test('a home of another user on which a daemon runs is a note', () => {
  const state = { ...there, foreign: 'alice (uid 1000)' }
  expect(said(judgeHome({ ...facts, state, isInUse: true }), 'home')).toEqual([
    'note',
    '/var/lib/torch belongs to alice (uid 1000), and a daemon runs on it',
    null,
    'only its owner can start the daemon, or run a task without it',
  ])
})

test('a long path of the socket is a note', () => {
  const at = (socketBytes: number) => said(judgeHome({ ...facts, socketBytes }), 'socket')
  expect(at(107)).toEqual(fine('its path has 107 bytes'))
  expect(at(108)).toEqual([
    'note',
    'its path has 108 bytes; the system allows 107',
    'torch uses the shorter path /proc/self/fd/N/torch.sock',
    'choose a shorter --home if other programs connect to the socket',
  ])
})

test('there is no finding about an unknown disk and a missing log', () => {
  const findings = judgeHome({ ...facts, space: undefined, log: undefined })
  expect(findings.map(({ name }) => name)).toEqual(['home', 'socket'])
})

describe('the probe of a home', () => {
  const paths = homePaths('/home/torch')
  const stateOf = (host: Host) => probeHome(host, paths, false).state

  test('the probe finds the mode of a home and the size of its log', () => {
    const host = machineWith({ '/home/torch/torch.lock': '', '/home/torch/daemon.log': 'hello' })
    fs.chmodSync(`${host.root}/home/torch`, 0o750)
    const own = asUser(host, process.getuid?.() ?? 0)
    expect(probeHome(own, paths, true)).toMatchObject({
      state: {
        kind: 'there',
        foreign: undefined,
        mode: 0o750,
        use: 'torch',
        planted: undefined,
        mayWrite: true,
      },
      isInUse: true,
      log: { path: '/home/torch/daemon.log', size: 5, mayWrite: true },
    })
  })

  test('a home with other files is not a torch home', () => {
    expect(stateOf(machineWith({ '/home/torch/photo.jpg': '' }))).toMatchObject({
      use: 'own-files',
    })
  })

  test('a home that is a file, or is below one, is not a directory', () => {
    expect(stateOf(machineWith({ '/home/torch': '' }))).toEqual({ kind: 'no-directory' })
    const below = { kind: 'absent', above: '/home', mayMake: false }
    expect(stateOf(machineWith({ '/home': '' }))).toEqual(below)
  })

  test('the probe names the owner of a home, or gives the uid', () => {
    const host = asUser(machineWith({ '/home/torch/torch.lock': '' }), 1234)
    const account = { name: 'alice', uid: 0, gid: 0, home: '/' }
    const named = { ...host, accounts: { ...host.accounts, user: () => account } }
    const nameless = { ...host, accounts: { ...host.accounts, user: () => undefined } }
    const uid = process.getuid?.()
    expect(stateOf(named)).toMatchObject({ foreign: `alice (uid ${uid})` })
    expect(stateOf(nameless)).toMatchObject({ foreign: `uid ${uid}` })
  })

  test('a home that stat may not see is denied', () => {
    const host = machineWith({})
    const denied = () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    }
    const files = { ...host.files, facts: denied }
    expect(stateOf({ ...host, files })).toEqual({ kind: 'denied' })
  })
})
