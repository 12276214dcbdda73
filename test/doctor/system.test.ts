import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { judgeSystem, probeSystem, type SystemFacts } from '../../src/doctor/system.ts'
import { closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said } from './support.ts'

afterEach(closeMachines)

const shipped = '/usr/lib/node_modules/torchd/systemd/torch.service'
const unit = { path: '/etc/systemd/system/torch.service', isEnabled: true, differences: [] }
const facts: SystemFacts = {
  inContainer: false,
  hasProc: true,
  user: { uid: 0, name: 'root', mayChangeUser: true, users: [] },
  init: { names: ['systemd', 'init'], zombies: 0 },
  systemd: { booted: true, canNotify: true, unit, lost: undefined, shipped },
}
const user = (more: Partial<SystemFacts['user']>) => ({ user: { ...facts.user, ...more } })
const systemd = (more: Partial<SystemFacts['systemd']>) => ({
  systemd: { ...facts.systemd, ...more },
})
const initHint = 'use docker run --init, or init: true in a compose file'
const background = 'torch start runs the daemon in the background'

test.each<[check: string, what: string, more: Partial<SystemFacts>, Said]>([
  ['user', 'root', {}, fine('root: tasks may set user and group')],
  [
    'user',
    'root without the capability to change user',
    user({ mayChangeUser: false }),
    [
      'note',
      'root cannot become another user here: no task may set user or group',
      null,
      'give torch the capabilities SETUID and SETGID',
    ],
  ],
  [
    'user',
    'root without that capability, and a task that needs it',
    user({ mayChangeUser: false, users: ['dump'] }),
    [
      'warning',
      'root cannot become another user here: dump cannot start',
      null,
      'give torch the capabilities SETUID and SETGID, or remove user and group from these tasks',
    ],
  ],
  [
    'user',
    'a user who is not root',
    user({ uid: 1000, name: 'alice', mayChangeUser: false }),
    fine('alice (uid 1000), for all tasks; only root can run tasks as another user'),
  ],
  [
    'user',
    'a uid without a name',
    user({ uid: 12345, name: undefined, mayChangeUser: false }),
    [
      'note',
      'uid 12345 has no name on this machine',
      'runs get the number as USER and LOGNAME',
      'add the user to /etc/passwd if a program needs the name',
    ],
  ],
  ['proc', 'mounted', {}, fine('/proc is mounted')],
  [
    'proc',
    'not mounted',
    { hasProc: false },
    [
      'problem',
      '/proc is not mounted, so torch cannot identify processes',
      null,
      'mount -t proc proc /proc',
    ],
  ],
  ['init', 'systemd', {}, fine('process 1 is systemd')],
  [
    'init',
    'tini',
    { inContainer: true, init: { names: ['tini'], zombies: 2 } },
    fine('process 1 is tini'),
  ],
  [
    'init',
    'an unknown program on a machine',
    { init: { names: ['finit'], zombies: 0 } },
    fine('process 1 is finit'),
  ],
  [
    'init',
    'an unknown program in a container',
    { inContainer: true, init: { names: ['sleep'], zombies: 0 } },
    [
      'note',
      'process 1 is sleep, and it may not reap processes that runs leave behind',
      null,
      initHint,
    ],
  ],
  [
    'init',
    'Node, whose thread is called MainThread',
    { inContainer: true, init: { names: ['MainThread', 'node'], zombies: 0 } },
    [
      'warning',
      'process 1 is node, which does not reap processes that runs leave behind',
      null,
      initHint,
    ],
  ],
  [
    'init',
    'a program that leaves zombies',
    { init: { names: ['sh'], zombies: 3 } },
    ['warning', 'process 1 is sh, and it left 3 zombies unreaped', null, initHint],
  ],
  ['systemd', 'with the unit', {}, fine('/etc/systemd/system/torch.service')],
  [
    'systemd',
    'no systemd in a container',
    { ...systemd({ booted: false }), inContainer: true },
    fine('not used, as in most containers'),
  ],
  [
    'systemd',
    'no systemd on a machine',
    systemd({ booted: false }),
    [
      'note',
      'this machine does not use systemd',
      background,
      'let your init system run torch start at boot',
    ],
  ],
  [
    'systemd',
    'without the unit',
    systemd({ unit: undefined }),
    [
      'note',
      'torch.service is not installed',
      `${background}; nothing starts it at boot`,
      `cp ${shipped} /etc/systemd/system/ && systemctl enable --now torch`,
    ],
  ],
  [
    'systemd',
    'without systemd-notify',
    systemd({ canNotify: false }),
    [
      'warning',
      'systemd-notify is missing: torch.service never becomes ready',
      null,
      'install the package that contains it, usually systemd',
    ],
  ],
  [
    'systemd',
    'with a unit that is not enabled',
    systemd({ unit: { ...unit, isEnabled: false } }),
    [
      'note',
      '/etc/systemd/system/torch.service is not enabled: it does not start at boot',
      null,
      'systemctl enable torch',
    ],
  ],
  [
    'systemd',
    'with a daemon that systemd has lost',
    systemd({ lost: { pid: 4711, service: 'torch.service' } }),
    [
      'warning',
      'systemd has lost the daemon (pid 4711): systemctl stop does not stop it',
      null,
      'systemctl restart torch.service gives it a daemon that takes over the runs',
    ],
  ],
  [
    'systemd',
    'with a unit that ends the runs',
    systemd({
      unit: { ...unit, differences: [{ key: 'KillMode', is: undefined, should: 'process' }] },
    }),
    [
      'warning',
      '/etc/systemd/system/torch.service has no KillMode=process',
      null,
      `${shipped} says why they matter`,
    ],
  ],
  [
    'systemd',
    'with a unit that differs in a setting that is not essential',
    systemd({
      unit: { ...unit, differences: [{ key: 'Restart', is: 'no', should: 'on-failure' }] },
    }),
    [
      'note',
      '/etc/systemd/system/torch.service has Restart=no instead of on-failure',
      null,
      `${shipped} says why they matter`,
    ],
  ],
])('the finding about %s is right: %s', (check, _, more, expected) => {
  expect(said(judgeSystem({ ...facts, ...more }), check)).toEqual(expected)
})

describe('the probe of the system', () => {
  const shippedText = fs.readFileSync('systemd/torch.service', 'utf8')
  const etc = '/etc/systemd/system'

  test('the probe recognises a container', () => {
    expect(probeSystem(machineWith({ '/run/.containerenv': '' }), undefined)).toMatchObject({
      inContainer: true,
    })
  })

  test('the probe finds the names of process 1 and counts its zombies', () => {
    const host = machineWith({
      '/proc/1/comm': 'MainThread\n',
      '/proc/1/cmdline': '/usr/bin/node\0server.js\0',
      '/proc/7/stat': '7 (a) b) Z 1 7 7',
      '/proc/8/stat': '8 (c) Z 2 8 8',
      '/proc/9/stat': '9 (d) S 1 9 9',
    })
    expect(probeSystem(host, undefined).init).toEqual({
      names: ['MainThread', 'node'],
      zombies: 1,
    })
  })

  test.each([
    ['0000000000000000', false],
    ['0000000000000080', false],
    ['00000000000000c0', true],
    ['000001ffffffffff', true],
  ])('root with the effective capabilities %s may change user: %s', (effective, may) => {
    const host = machineWith({ '/proc/self/status': `Name:\tnode\nCapEff:\t${effective}\n` })
    expect(probeSystem(host, undefined).user.mayChangeUser).toBe(may)
  })

  test('the probe compares the installed unit and its drop-ins with the shipped unit', () => {
    const host = machineWith({
      [path.resolve('systemd/torch.service')]: shippedText,
      '/run/systemd/system/x': '',
      [`${etc}/torch.service`]: shippedText,
      [`${etc}/torch.service.d/kill.conf`]: '[Service]\nKillMode=mixed\n',
      [`${etc}/torch.service.d/README`]: '[Service]\nRestart=no\n',
      [`${etc}/multi-user.target.wants/torch.service -> ${etc}/torch.service`]: '',
    })
    const found = probeSystem(host, undefined).systemd
    expect(found).toMatchObject({ booted: true, unit: { path: `${etc}/torch.service` } })
    expect(found.unit?.isEnabled).toBe(true)
    expect(found.unit?.differences).toEqual([{ key: 'KillMode', is: 'mixed', should: 'process' }])
  })
})
