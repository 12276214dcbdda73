import { expect, test } from 'vitest'
import { type FileFacts, type TasksFacts, judgeTasks } from '../../src/doctor/daemon-and-tasks.ts'
import { fine, said, type Said } from './support.ts'

const good = {
  kind: 'good',
  path: 'ops.yaml',
  total: 12,
  here: 9,
  warnings: 0,
  revision: '4f2a91c03b1e',
  open: undefined,
} as const satisfies FileFacts
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
const noRevision = 'runs are recorded without a revision'

test.each<[check: string, what: string, more: Partial<TasksFacts>, Said]>([
  ['daemon', 'a daemon that runs', {}, fine('pid 4711, torch 0.1.0')],
  [
    'daemon',
    'no daemon',
    { daemon: { kind: 'none' } },
    ['note', 'not running', null, 'torch start --home /var/lib/torch'],
  ],
  [
    'daemon',
    'a daemon of another version',
    { version: '0.2.0' },
    ['warning', 'pid 4711, torch 0.1.0, but this is torch 0.2.0', null, 'torch restart'],
  ],
  [
    'daemon',
    'a daemon that is stopping',
    { daemon: { kind: 'runs', pid: 4711, version: '0.1.0', isStopping: true } },
    ['note', 'pid 4711, torch 0.1.0, stopping', null, null],
  ],
  [
    'daemon',
    'a daemon that does not answer',
    { daemon: { kind: 'silent', message: 'it does not answer', hint: 'see its state with ps' } },
    ['warning', 'it does not answer', null, 'see its state with ps'],
  ],
  [
    'daemon',
    'a daemon of another user',
    { daemon: { kind: 'denied' } },
    [
      'note',
      'unknown, because this user may not use its socket',
      null,
      'run torch as the owner of the home, or as root',
    ],
  ],

  ['tasks', 'a good file', {}, fine('ops.yaml: 12 tasks, 9 here')],
  [
    'tasks',
    'no file',
    { file: { kind: 'none' } },
    [
      'note',
      'no tasks file is named, and ./tasks.yaml does not exist',
      null,
      'name it with --tasks F or TORCH_TASKS',
    ],
  ],
  [
    'tasks',
    'a bad file of the running daemon',
    { file: { ...bad, hasLastGood: true } },
    [
      'warning',
      'ops.yaml:3:5: no',
      'the daemon keeps the last good file',
      'see all problems with: torch validate ops.yaml',
    ],
  ],
  [
    'tasks',
    'a bad file without a daemon',
    { file: { ...bad, errors: 3 } },
    [
      'problem',
      'ops.yaml:3:5: no (and 2 more)',
      null,
      'see all problems with: torch validate ops.yaml',
    ],
  ],
  [
    'tasks',
    'a file that does not exist',
    { file: { ...bad, first: 'ops.yaml: does not exist', hint: 'create it' } },
    ['problem', 'ops.yaml: does not exist', null, 'create it'],
  ],
  [
    'tasks',
    'a file that others can write',
    { file: { ...good, open: { message: 'other users can write it', hint: 'chmod go-w it' } } },
    ['warning', 'ops.yaml: other users can write it', null, 'chmod go-w it'],
  ],
  [
    'tasks',
    'a file with a warning',
    { file: { ...good, warnings: 1 } },
    ['note', 'ops.yaml: 12 tasks, 9 here; 1 warning', null, 'torch validate ops.yaml'],
  ],

  ['host', 'a host that runs tasks', {}, fine('web1.example.com 10.0.1.5 2001:db8::5')],
  [
    'host',
    'a host that runs no task of the file',
    { file: { ...good, here: 0 } },
    [
      'warning',
      'web1.example.com 10.0.1.5 2001:db8::5: no task of the file runs here',
      null,
      'check hosts in the file; --address gives this machine other addresses',
    ],
  ],
  [
    'host',
    'a host without an address',
    { host: { name: 'web1', addresses: [] }, file: { kind: 'none' } },
    [
      'note',
      'web1 has no address except loopback',
      null,
      'use --address to give it the addresses that hosts in the file expects',
    ],
  ],
  [
    'host',
    'a host and a file without tasks',
    { file: { ...good, total: 0, here: 0 } },
    fine('web1.example.com 10.0.1.5 2001:db8::5'),
  ],

  ['git', 'a committed file', {}, fine('git 2.39.5, at revision 4f2a91c03b1e')],
  ['git', 'git without a tasks file', { file: { kind: 'none' } }, fine('git 2.39.5')],
  ['git', 'no git', { git: undefined }, ['note', 'missing', noRevision, 'install git']],
  [
    'git',
    'a file outside a repository',
    { file: { ...good, revision: null } },
    [
      'note',
      'git 2.39.5; ops.yaml is not in a repository',
      noRevision,
      'keep the file in git, to know who changed what and when',
    ],
  ],
  [
    'git',
    'a file with uncommitted changes',
    { file: { ...good, revision: '4f2a91c03b1e-dirty' } },
    [
      'note',
      'git 2.39.5; ops.yaml differs from 4f2a91c03b1e',
      null,
      'commit the change, or undo it; see: git status',
    ],
  ],
])('the finding about %s is right: %s', (check, _, more, expected) => {
  expect(said(judgeTasks({ ...facts, ...more }), check)).toEqual(expected)
})
