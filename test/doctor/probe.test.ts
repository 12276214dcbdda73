import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { lookAtBounds } from '../../src/doctor/probe-limits.ts'
import { lookAtHome } from '../../src/doctor/probe-home.ts'
import { lookAtPrograms } from '../../src/doctor/probe-programs.ts'
import { lookAtSystem } from '../../src/doctor/probe-system.ts'
import { lookAtTime } from '../../src/doctor/probe-time.ts'
import { homePaths } from '../../src/daemon/settings.ts'
import type { Host } from '../../src/host/host.ts'
import type { Task } from '../../src/tasks/task.ts'
import { good } from '../tasks/read.ts'
import { closeMachines, machineWith } from './machine.ts'

afterEach(closeMachines)

function asUser(host: Host, uid: number): Host {
  return { ...host, processes: { ...host.processes, uid } }
}

function tasksOf(text: string): readonly Task[] {
  return good(text, { mayChangeUser: true }).tasks
}

test('a machine with nothing on it is looked at without a throw', async () => {
  const host = machineWith({})
  expect(lookAtHome(host, homePaths('/a/b'), false)).toMatchObject({
    state: { kind: 'absent', above: '/', mayMake: true },
    log: undefined,
  })
  expect(lookAtPrograms(host, undefined)).toMatchObject({
    sh: undefined,
    flock: undefined,
    missingShells: [],
    wrappers: { nice: { path: undefined, users: undefined, without: [] } },
  })
  expect(lookAtSystem(host, undefined)).toMatchObject({
    hasProc: false,
    init: { names: [], zombies: 0 },
    systemd: { booted: false, notify: undefined, unit: undefined },
  })
  expect(lookAtBounds(host, undefined, undefined)).toMatchObject({
    descriptors: Infinity,
    processes: { most: Infinity, runs: 0 },
    watching: undefined,
  })
  expect(await lookAtTime(host, undefined, false)).toMatchObject({
    clock: {},
    zone: { localtime: undefined },
    data: { system: undefined, without: [] },
  })
})

describe('programs', () => {
  const tasks = tasksOf(`
tasks:
  plain: { schedule: "@daily", command: "true" }
  slow: { schedule: "@daily", command: "true", nice: 5, shell: /bin/zsh }
  narrow: { schedule: "@daily", command: "true", limits: { nofile: 10 }, env: { PATH: /opt/bin } }
  other: { schedule: "@daily", command: ["true"], user: nobody, group: "0", shell: /bin/fish }
`)

  test('are found where the runs find them, and for which tasks', () => {
    const host = machineWith({
      '/bin/sh -> busybox': '',
      '/bin/busybox': '',
      '/bin/nice': '',
      '/usr/bin/prlimit': '',
      '/sbin/setpriv -> /bin/busybox': '',
    })
    expect(lookAtPrograms(host, tasks)).toMatchObject({
      version: process.versions.node,
      node: process.execPath,
      sh: '/bin/busybox',
      // A list of words needs no shell.
      missingShells: [{ shell: '/bin/zsh', tasks: ['slow'] }],
      wrappers: {
        nice: { path: '/bin/nice', isBusybox: false, users: ['slow'], without: [] },
        prlimit: { path: '/usr/bin/prlimit', users: ['narrow'], without: ['narrow'] },
        setpriv: { path: '/sbin/setpriv', isBusybox: true, users: ['other'], without: [] },
      },
    })
  })

  test('that cannot be executed are none', () => {
    const host = machineWith({ '/bin/nice': '', '/bin/sh/file': '' })
    fs.chmodSync(`${host.root}/bin/nice`, 0o644)
    const { sh, wrappers } = lookAtPrograms(host, tasks)
    expect([sh, wrappers.nice.path]).toEqual([undefined, undefined])
  })
})

describe('a home', () => {
  const paths = homePaths('/home/torch')
  const stateOf = (host: Host) => lookAtHome(host, paths, false).state

  test('that is there, with its log', () => {
    const host = machineWith({ '/home/torch/torch.lock': '', '/home/torch/daemon.log': 'hello' })
    fs.chmodSync(`${host.root}/home/torch`, 0o750)
    const own = asUser(host, process.getuid?.() ?? 0)
    expect(lookAtHome(own, paths, true)).toMatchObject({
      state: { kind: 'there', foreign: undefined, mode: 0o750, isTorch: true, mayWrite: true },
      isInUse: true,
      log: { path: '/home/torch/daemon.log', size: 5, mayWrite: true },
    })
  })

  test('that has other things in it', () => {
    expect(stateOf(machineWith({ '/home/torch/photo.jpg': '' }))).toMatchObject({ isTorch: false })
  })

  test('that is a file, or below one', () => {
    expect(stateOf(machineWith({ '/home/torch': '' }))).toEqual({ kind: 'no-directory' })
    const below = { kind: 'absent', above: '/home', mayMake: false }
    expect(stateOf(machineWith({ '/home': '' }))).toEqual(below)
  })

  test('of another user, who may have a name', () => {
    const host = asUser(machineWith({ '/home/torch/torch.lock': '' }), 1234)
    const account = { name: 'alice', uid: 0, gid: 0, home: '/' }
    const named = { ...host, accounts: { ...host.accounts, user: () => account } }
    const nameless = { ...host, accounts: { ...host.accounts, user: () => undefined } }
    const uid = process.getuid?.()
    expect(stateOf(named)).toMatchObject({ foreign: `alice (uid ${uid})` })
    expect(stateOf(nameless)).toMatchObject({ foreign: `uid ${uid}` })
  })

  test('that may not be looked at', () => {
    const host = machineWith({})
    const facts = () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    }
    const files = { ...host.files, facts }
    expect(stateOf({ ...host, files })).toEqual({ kind: 'denied' })
  })
})

describe('bounds', () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  200                  processes
Max open files            1024                 4096                 files
`
  const proc = {
    '/proc/self/limits': limits,
    '/proc/self/cgroup': '9:name=systemd:/\n0::/system.slice/torch.service\n',
    '/proc/meminfo': 'MemTotal: 8000 kB\nMemFree:  10 kB\nMemAvailable:    4000 kB\n',
  }

  test('are those of the user, and for root not', () => {
    const host = machineWith(proc)
    const most = (uid: number) => lookAtBounds(asUser(host, uid), undefined, undefined)
    expect(most(1000)).toMatchObject({
      descriptors: 4096,
      processes: { most: 200, by: 'ulimit -u' },
      memory: { availableBytes: 4_096_000, limitBytes: undefined },
    })
    expect(most(0).processes.most).toBe(Infinity)
  })

  test('are the narrowest of the control groups', () => {
    const group = '/sys/fs/cgroup/system.slice'
    const host = machineWith({
      ...proc,
      [`${group}/torch.service/pids.max`]: 'max\n',
      [`${group}/pids.max`]: '50\n',
      '/sys/fs/cgroup/pids.max': '90\n',
      [`${group}/torch.service/memory.max`]: '3000000\n',
      [`${group}/torch.service/memory.current`]: '2000000\n',
      [`${group}/memory.max`]: '9000000\n',
    })
    expect(lookAtBounds(host, undefined, undefined)).toMatchObject({
      processes: { most: 50, by: 'pids.max' },
      memory: { availableBytes: 1_000_000, limitBytes: 3_000_000 },
    })
  })

  test('are those of the daemon, where one runs', () => {
    const host = machineWith({ ...proc, '/proc/77/limits': limits.replaceAll('4096', '512') })
    expect(lookAtBounds(host, undefined, 77).descriptors).toBe(512)
  })

  test('are against the runs that there may be', () => {
    const here = tasksOf(`
tasks:
  a: { schedule: "@daily", command: "true", max: 3 }
  b: { schedule: "@daily", command: "true", max: unlimited }
  c: { type: daemon, command: "true", max: 40 }
`)
    expect(lookAtBounds(machineWith(proc), here, undefined).processes.runs).toBe(44)
  })

  test('of inotify: what this user has in use', () => {
    const host = machineWith({
      '/proc/sys/fs/inotify/max_user_instances': '128\n',
      '/proc/sys/fs/inotify/max_user_watches': '8192\n',
      '/proc/5/fd/3 -> anon_inode:inotify': '',
      '/proc/5/fd/4 -> socket:[1]': '',
      '/proc/5/fdinfo/3': 'pos: 0\ninotify wd:1 ino:1\ninotify wd:2 ino:2\n',
      '/proc/irq/fd/3 -> anon_inode:inotify': '',
    })
    const uid = process.getuid?.() ?? 0
    expect(lookAtBounds(asUser(host, uid), undefined, undefined).watching).toEqual({
      instances: { most: 128, used: 1 },
      watches: { most: 8192, used: 2 },
    })
    expect(lookAtBounds(asUser(host, uid + 1), undefined, undefined).watching).toEqual({
      instances: { most: 128, used: 0 },
      watches: { most: 8192, used: 0 },
    })
  })
})

describe('time', () => {
  const tasks = tasksOf(`
tasks:
  a: { schedule: "@daily", command: "true", timezone: Europe/Berlin }
  b: { schedule: "@daily", command: "true", timezone: Asia/Tokyo }
  c: { schedule: "@daily", command: "true" }
`)

  test('is asked of whoever knows', async () => {
    const host = machineWith(
      { '/run/systemd/timesync/synchronized': '' },
      {
        'timedatectl show -p NTPSynchronized': 'NTPSynchronized=yes\n',
        'chronyc -c tracking': 'x,Normal\n',
        'ntpq -c rv': 'sync_ntp',
      },
    )
    expect((await lookAtTime(host, undefined, true)).clock).toEqual({
      timedatectl: 'NTPSynchronized=yes\n',
      timesyncd: 'synchronized',
      chronyc: 'x,Normal\n',
      ntpq: 'sync_ntp',
    })
  })

  test.each([
    [{ '/usr/share/zoneinfo/tzdata.zi': '# version 2025b\n# more\n' }, '2025b'],
    [{ '/usr/share/zoneinfo/+VERSION': '2024a\n' }, '2024a'],
    [{ '/usr/share/zoneinfo/tzdata.zi': '# redo: vanguard\n' }, undefined],
  ])('its data: %j', async (texts, system) => {
    expect((await lookAtTime(machineWith(texts), undefined, false)).data.system).toBe(system)
  })

  test('zones of tasks that the system does not know', async () => {
    const host = machineWith({ '/usr/share/zoneinfo/Europe/Berlin': 'TZif' })
    expect((await lookAtTime(host, tasks, false)).data.without).toEqual(['b'])
  })
})

describe('the system', () => {
  const shippedText = fs.readFileSync('systemd/torch.service', 'utf8')
  const etc = '/etc/systemd/system'

  test('in a container', () => {
    expect(lookAtSystem(machineWith({ '/run/.containerenv': '' }), undefined)).toMatchObject({
      inContainer: true,
    })
  })

  test('process 1, and what it leaves', () => {
    const host = machineWith({
      '/proc/1/comm': 'MainThread\n',
      '/proc/1/cmdline': '/usr/bin/node\0server.js\0',
      '/proc/7/stat': '7 (a) b) Z 1 7 7',
      '/proc/8/stat': '8 (c) Z 2 8 8',
      '/proc/9/stat': '9 (d) S 1 9 9',
    })
    expect(lookAtSystem(host, undefined).init).toEqual({
      names: ['MainThread', 'node'],
      zombies: 1,
    })
  })

  test.each([
    ['0000000000000000', false],
    ['0000000000000080', false],
    ['00000000000000c0', true],
    ['000001ffffffffff', true],
  ])('with the capabilities %s', (effective, may) => {
    const host = machineWith({ '/proc/self/status': `Name:\tnode\nCapEff:\t${effective}\n` })
    expect(lookAtSystem(host, undefined).user.mayChangeUser).toBe(may)
  })

  test('with a unit and its drop-ins', () => {
    const host = machineWith({
      [path.resolve('systemd/torch.service')]: shippedText,
      '/run/systemd/system/x': '',
      [`${etc}/torch.service`]: shippedText,
      [`${etc}/torch.service.d/kill.conf`]: '[Service]\nKillMode=mixed\n',
      [`${etc}/torch.service.d/README`]: '[Service]\nRestart=no\n',
      [`${etc}/multi-user.target.wants/torch.service -> ${etc}/torch.service`]: '',
    })
    const { systemd } = lookAtSystem(host, undefined)
    expect(systemd).toMatchObject({ booted: true, unit: { path: `${etc}/torch.service` } })
    expect(systemd.unit?.isEnabled).toBe(true)
    expect(systemd.unit?.lacks).toEqual([{ key: 'KillMode', is: 'mixed', should: 'process' }])
  })
})
