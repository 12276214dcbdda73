import { expect, test } from 'vitest'
import { type SystemFacts, systemFindings } from '../../src/doctor/judge-system.ts'
import { fine, said, type Said } from './support.ts'

const shipped = '/usr/lib/node_modules/torchd/systemd/torch.service'
const unit = { path: '/etc/systemd/system/torch.service', isEnabled: true, lacks: [] }
const facts: SystemFacts = {
  inContainer: false,
  hasProc: true,
  user: { uid: 0, name: 'root', mayChangeUser: true, users: [] },
  init: { names: ['systemd', 'init'], zombies: 0 },
  systemd: { booted: true, notify: '/usr/bin/systemd-notify', unit, shipped },
}
const user = (more: Partial<SystemFacts['user']>) => ({ user: { ...facts.user, ...more } })
const systemd = (more: Partial<SystemFacts['systemd']>) => ({
  systemd: { ...facts.systemd, ...more },
})
const initHint = 'docker run --init, or init: true in a compose file'
const background = 'torch start puts the daemon into the background'

test.each<[check: string, what: string, more: Partial<SystemFacts>, Said]>([
  ['user', 'root', {}, fine('root: a task may say its user')],
  [
    'user',
    'root of a container without capabilities',
    user({ mayChangeUser: false }),
    [
      'note',
      'root that may not become another: no task may say its user',
      null,
      'give it the capabilities SETUID and SETGID',
    ],
  ],
  [
    'user',
    'the same, and a task that asks for it',
    user({ mayChangeUser: false, users: ['dump'] }),
    [
      'warning',
      'root that may not become another: dump cannot start',
      null,
      'give it the capabilities SETUID and SETGID, or take user out of these tasks',
    ],
  ],
  [
    'user',
    'anybody',
    user({ uid: 1000, name: 'alice', mayChangeUser: false }),
    fine('alice (uid 1000), as all tasks; a task with another user needs root'),
  ],
  [
    'user',
    'a number',
    user({ uid: 12345, name: undefined, mayChangeUser: false }),
    [
      'note',
      'uid 12345, which has no name here',
      'USER and LOGNAME of runs are that number',
      'add a line to /etc/passwd where a program asks for the name',
    ],
  ],
  ['proc', 'there', {}, fine('/proc is there')],
  [
    'proc',
    'not there',
    { hasProc: false },
    [
      'problem',
      '/proc is not there: no run can be told from another process',
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
    'of a strange machine',
    { init: { names: ['finit'], zombies: 0 } },
    fine('process 1 is finit'),
  ],
  [
    'init',
    'of a strange container',
    { inContainer: true, init: { names: ['sleep'], zombies: 0 } },
    [
      'note',
      'process 1 is sleep; whether it reaps what runs leave behind is not known',
      null,
      initHint,
    ],
  ],
  [
    'init',
    'Node, which calls its thread so',
    { inContainer: true, init: { names: ['MainThread', 'node'], zombies: 0 } },
    ['warning', 'process 1 is node, which reaps nothing that runs leave behind', null, initHint],
  ],
  [
    'init',
    'one that can be seen not to reap',
    { init: { names: ['sh'], zombies: 3 } },
    ['warning', 'process 1 is sh, and leaves 3 zombies unreaped', null, initHint],
  ],
  ['systemd', 'with the unit', {}, fine('/etc/systemd/system/torch.service')],
  [
    'systemd',
    'none in a container',
    { ...systemd({ booted: false }), inContainer: true },
    fine('none, as in most containers'),
  ],
  [
    'systemd',
    'none',
    systemd({ booted: false }),
    ['note', 'none here', background, 'have it called at boot by what starts things here'],
  ],
  [
    'systemd',
    'without the unit',
    systemd({ unit: undefined }),
    [
      'note',
      'there is no torch.service',
      `${background}; nothing does it at boot`,
      `cp ${shipped} /etc/systemd/system/ && systemctl enable --now torch`,
    ],
  ],
  [
    'systemd',
    'without systemd-notify',
    systemd({ notify: undefined }),
    [
      'warning',
      'systemd-notify is not there: torch.service never becomes ready',
      null,
      'install the package that has it, most often systemd',
    ],
  ],
  [
    'systemd',
    'with the unit switched off',
    systemd({ unit: { ...unit, isEnabled: false } }),
    [
      'note',
      '/etc/systemd/system/torch.service is not enabled: a boot does not start it',
      null,
      'systemctl enable torch',
    ],
  ],
  [
    'systemd',
    'with a unit that ends the runs',
    systemd({ unit: { ...unit, lacks: [{ key: 'KillMode', is: undefined, should: 'process' }] } }),
    [
      'warning',
      '/etc/systemd/system/torch.service has no KillMode=process',
      null,
      `see why in ${shipped}`,
    ],
  ],
  [
    'systemd',
    'with a unit that lacks less',
    systemd({
      unit: { ...unit, lacks: [{ key: 'Restart', is: 'no', should: 'always' }] },
    }),
    [
      'note',
      '/etc/systemd/system/torch.service has Restart=no and not always',
      null,
      `see why in ${shipped}`,
    ],
  ],
])('%s: %s', (check, _, more, expected) => {
  expect(said(systemFindings({ ...facts, ...more }), check)).toEqual(expected)
})
