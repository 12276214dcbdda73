import { expect, test } from 'vitest'
import { type BoundFacts, boundFindings } from '../../src/doctor/judge-limits.ts'
import { fine, said, type Said } from './support.ts'

const facts: BoundFacts = {
  memory: { availableBytes: 3.1e9, limitBytes: undefined },
  descriptors: 524_288,
  processes: { most: Infinity, by: 'ulimit -u', runs: 12 },
  watching: { instances: { most: 128, used: 7 }, watches: { most: 65_536, used: 310 } },
}
const polls = 'torch looks at its tasks file each second or two anyway'
const raise = 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536'

test.each<[check: string, more: Partial<BoundFacts>, Said]>([
  ['memory', {}, fine('3.1 GB available')],
  [
    'memory',
    { memory: { availableBytes: 3.1e8, limitBytes: 5.12e8 } },
    fine('310 MB available of a limit of 512 MB'),
  ],
  [
    'memory',
    { memory: { availableBytes: 2.5e8, limitBytes: undefined } },
    [
      'warning',
      '250 MB available',
      null,
      'the daemon takes some 130 MB, and what it runs comes on top',
    ],
  ],
  ['descriptors', {}, fine('524288 at most')],
  ['descriptors', { descriptors: Infinity }, fine('any number at most')],
  [
    'descriptors',
    { descriptors: 255 },
    [
      'warning',
      '255 at most, and a daemon under load wants 256',
      null,
      'raise it: ulimit -n 1024, or LimitNOFILE= in torch.service',
    ],
  ],
  ['processes', {}, fine('any number at most')],
  ['processes', { processes: { most: 86, by: 'ulimit -u', runs: 12 } }, fine('86 at most')],
  [
    'processes',
    { processes: { most: 85, by: 'pids.max', runs: 12 } },
    [
      'warning',
      '85 at most (pids.max), and 12 runs may be under way here',
      null,
      'have 86 at least: ulimit -u, TasksMax= in torch.service, docker --pids-limit',
    ],
  ],
  ['watching', {}, fine('7 of 128 instances, 310 of 65536 watches of this user')],
  ['watching', { watching: undefined }, ['note', 'no inotify here', polls, null]],
  [
    'watching',
    { watching: { instances: { most: 128, used: 126 }, watches: { most: 65_536, used: 310 } } },
    ['note', '126 of 128 instances, 310 of 65536 watches of this user', polls, raise],
  ],
  [
    'watching',
    { watching: { instances: { most: 128, used: 7 }, watches: { most: 8192, used: 8150 } } },
    ['note', '7 of 128 instances, 8150 of 8192 watches of this user', polls, raise],
  ],
  [
    'watching',
    {
      watching: {
        instances: { most: 128, used: undefined },
        watches: { most: 8192, used: undefined },
      },
    },
    fine('? of 128 instances, ? of 8192 watches of this user'),
  ],
])('%s: %j', (check, more, expected) => {
  expect(said(boundFindings({ ...facts, ...more }), check)).toEqual(expected)
})
