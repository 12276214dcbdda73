import { expect, test } from 'vitest'
import { type FileState, type TasksFacts, tasksFindings } from '../../src/doctor/judge-tasks.ts'
import { fine, said, type Said } from './support.ts'

const good = {
  kind: 'good',
  path: 'ops.yaml',
  total: 12,
  here: 9,
  warnings: 0,
  revision: '4f2a91c03b1e',
  open: undefined,
} as const satisfies FileState
const facts: TasksFacts = {
  daemon: { kind: 'runs', pid: 4711, version: '0.1.0', isStopping: false },
  start: 'torch start --home /var/lib/torch',
  version: '0.1.0',
  file: good,
  host: { name: 'web1.example.com', addresses: ['10.0.1.5', '2001:db8::5'] },
  git: 'git version 2.39.5\n',
}
const bad = {
  kind: 'bad',
  path: 'ops.yaml',
  errors: 1,
  first: 'ops.yaml:3:5: no',
  hint: undefined,
  hasLastGood: false,
} as const
const noRevision = 'runs are on record without a revision'

test.each<[check: string, what: string, more: Partial<TasksFacts>, Said]>([
  ['daemon', 'runs', {}, fine('pid 4711, torch 0.1.0')],
  [
    'daemon',
    'none',
    { daemon: { kind: 'none' } },
    ['note', 'none runs', null, 'torch start --home /var/lib/torch'],
  ],
  [
    'daemon',
    'of another version',
    { version: '0.2.0' },
    ['warning', 'pid 4711, torch 0.1.0, and this is torch 0.2.0', null, 'torch restart'],
  ],
  [
    'daemon',
    'on its way out',
    { daemon: { kind: 'runs', pid: 4711, version: '0.1.0', isStopping: true } },
    ['note', 'pid 4711, torch 0.1.0, is stopping', null, null],
  ],
  [
    'daemon',
    'that says nothing',
    { daemon: { kind: 'silent', words: 'it does not answer', hint: 'see its state with ps' } },
    ['warning', 'it does not answer', null, 'see its state with ps'],
  ],
  [
    'daemon',
    "another's",
    { daemon: { kind: 'denied' } },
    [
      'note',
      'that of another user, or none: its socket is not for this one',
      null,
      'run torch as that user, or as root',
    ],
  ],

  ['tasks', 'good', {}, fine('ops.yaml: 12 tasks, 9 here')],
  [
    'tasks',
    'none',
    { file: { kind: 'none' } },
    [
      'note',
      'none is named, and there is no ./tasks.yaml',
      null,
      'name it: --tasks F, or TORCH_TASKS',
    ],
  ],
  [
    'tasks',
    'bad, of the daemon that runs',
    { file: { ...bad, hasLastGood: true } },
    [
      'warning',
      'ops.yaml:3:5: no',
      'the daemon goes on with the last good file',
      'torch validate ops.yaml shows all of it',
    ],
  ],
  [
    'tasks',
    'bad, and of no daemon',
    { file: { ...bad, errors: 3 } },
    ['problem', 'ops.yaml:3:5: no (and 2 more)', null, 'torch validate ops.yaml shows all of it'],
  ],
  [
    'tasks',
    'that is not there',
    { file: { ...bad, first: 'ops.yaml: is not there', hint: 'bring it there' } },
    ['problem', 'ops.yaml: is not there', null, 'bring it there'],
  ],
  [
    'tasks',
    'open to others',
    { file: { ...good, open: '/srv/ops' } },
    [
      'warning',
      'others may write /srv/ops, and so say what runs here',
      null,
      'chmod go-w /srv/ops',
    ],
  ],
  [
    'tasks',
    'with a warning',
    { file: { ...good, warnings: 1 } },
    ['note', 'ops.yaml: 12 tasks, 9 here; 1 warning', null, 'torch validate ops.yaml'],
  ],

  ['host', 'as usual', {}, fine('web1.example.com 10.0.1.5 2001:db8::5')],
  [
    'host',
    'that no task names',
    { file: { ...good, here: 0 } },
    [
      'warning',
      'web1.example.com 10.0.1.5 2001:db8::5: no task of the file runs here',
      null,
      'see hosts in the file; --address gives this machine other addresses',
    ],
  ],
  [
    'host',
    'without an address',
    { host: { name: 'web1', addresses: [] }, file: { kind: 'none' } },
    [
      'note',
      'web1, without an address but loopback',
      null,
      '--address gives it those that hosts in the file asks for',
    ],
  ],
  [
    'host',
    'and an empty file',
    { file: { ...good, total: 0, here: 0 } },
    fine('web1.example.com 10.0.1.5 2001:db8::5'),
  ],

  ['git', 'clean', {}, fine('git 2.39.5, at revision 4f2a91c03b1e')],
  ['git', 'without a file', { file: { kind: 'none' } }, fine('git 2.39.5')],
  ['git', 'none', { git: undefined }, ['note', 'not there', noRevision, 'install git']],
  [
    'git',
    'no repository',
    { file: { ...good, revision: null } },
    [
      'note',
      'git 2.39.5; ops.yaml is not in a repository',
      noRevision,
      'with the file in git it is known what changed, when, and by whom',
    ],
  ],
  [
    'git',
    'changed',
    { file: { ...good, revision: '4f2a91c03b1e-dirty' } },
    [
      'note',
      'git 2.39.5; ops.yaml is not as in 4f2a91c03b1e',
      null,
      'commit it, or bring it back: git status',
    ],
  ],
])('%s: %s', (check, _, more, expected) => {
  expect(said(tasksFindings({ ...facts, ...more }), check)).toEqual(expected)
})
