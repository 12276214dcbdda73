import { afterEach, describe, expect, test } from 'vitest'
import { judgeLimits, type LimitFacts, probeLimits } from '../../src/doctor/resource-limits.ts'
import { asUser, closeMachines, machineWith } from './machine.ts'
import { fine, said, type Said, tasksOf } from './support.ts'

afterEach(closeMachines)

const facts: LimitFacts = {
  memory: { availableBytes: 3.1e9, limitBytes: undefined },
  descriptors: 524_288,
  processes: { most: Infinity, by: 'ulimit -u', runs: 12 },
  limits: undefined,
  watching: { instances: { most: 128, used: 7 }, watches: { most: 65_536, used: 310 } },
}
const polls = 'torch checks its tasks file every second or two'
const raise = 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536'

test.each<[check: string, more: Partial<LimitFacts>, Said]>([
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
      'the daemon needs about 130 MB, and its runs need memory too',
    ],
  ],
  ['descriptors', {}, fine('at most 524288')],
  ['descriptors', { descriptors: Infinity }, fine('no limit')],
  [
    'descriptors',
    { descriptors: 255 },
    [
      'warning',
      'at most 255; a busy daemon needs 256',
      null,
      'raise the limit: ulimit -n 1024, or LimitNOFILE= in torch.service',
    ],
  ],
  ['processes', {}, fine('no limit')],
  ['processes', { processes: { most: 86, by: 'ulimit -u', runs: 12 } }, fine('at most 86')],
  [
    'processes',
    { processes: { most: 85, by: 'pids.max', runs: 12 } },
    [
      'warning',
      'at most 85 (pids.max): too few for 12 concurrent runs',
      null,
      'allow at least 86: ulimit -u, TasksMax= in torch.service, docker --pids-limit',
    ],
  ],
  ['limits', { limits: { tasks: 2, over: [] } }, fine('this machine allows those of 2 tasks')],
  [
    'limits',
    {
      limits: {
        tasks: 3,
        over: [
          {
            task: 'a',
            problem: 'limits.nofile cannot be set to 9: this machine allows at most 8 (x)',
          },
          {
            task: 'b',
            problem: 'limits.core cannot be set to 7: this machine allows at most 6 (y)',
          },
        ],
      },
    },
    [
      'warning',
      'a, b: limits.nofile cannot be set to 9: this machine allows at most 8 (x)',
      null,
      'lower the limit in the tasks file, or raise what the machine allows; until then the runs cannot start',
    ],
  ],
  ['watching', {}, fine('this user has 7 of 128 instances and 310 of 65536 watches')],
  ['watching', { watching: undefined }, ['note', 'this system has no inotify', polls, null]],
  [
    'watching',
    { watching: { instances: { most: 128, used: 126 }, watches: { most: 65_536, used: 310 } } },
    ['note', 'this user has 126 of 128 instances and 310 of 65536 watches', polls, raise],
  ],
  [
    'watching',
    { watching: { instances: { most: 128, used: 7 }, watches: { most: 8192, used: 8150 } } },
    ['note', 'this user has 7 of 128 instances and 8150 of 8192 watches', polls, raise],
  ],
  [
    'watching',
    {
      watching: {
        instances: { most: 128, used: undefined },
        watches: { most: 8192, used: undefined },
      },
    },
    fine('this user has ? of 128 instances and ? of 8192 watches'),
  ],
])('the finding about %s of a machine with %j is right', (check, more, expected) => {
  expect(said(judgeLimits({ ...facts, ...more }), check)).toEqual(expected)
})

describe('the probe of limits', () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  200                  processes
Max open files            1024                 4096                 files
`
  const proc = {
    '/proc/self/limits': limits,
    '/proc/self/cgroup': '9:name=systemd:/\n0::/system.slice/torch.service\n',
    '/proc/meminfo': 'MemTotal: 8000 kB\nMemFree:  10 kB\nMemAvailable:    4000 kB\n',
  }

  test('the limit of processes of a user does not apply to root', () => {
    const host = machineWith(proc)
    const most = (uid: number) => probeLimits(asUser(host, uid), undefined, undefined)
    expect(most(1000)).toMatchObject({
      descriptors: 4096,
      processes: { most: 200, by: 'ulimit -u' },
      memory: { availableBytes: 4_096_000, limitBytes: undefined },
    })
    expect(most(0).processes.most).toBe(Infinity)
  })

  test('the lowest limit of the control groups applies', () => {
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
    expect(probeLimits(host, undefined, undefined)).toMatchObject({
      processes: { most: 50, by: 'pids.max' },
      memory: { availableBytes: 1_000_000, limitBytes: 3_000_000 },
    })
  })

  test('the limits are those of the daemon if it runs', () => {
    const host = machineWith({ ...proc, '/proc/77/limits': limits.replaceAll('4096', '512') })
    expect(probeLimits(host, undefined, 77).descriptors).toBe(512)
  })

  test('the probe counts the runs that may run at the same time', () => {
    const here = tasksOf(`
tasks:
  a: { schedule: "@daily", command: "true", max: 3 }
  b: { schedule: "@daily", command: "true", max: unlimited }
  c: { type: daemon, command: "true", max: 40 }
`)
    expect(probeLimits(machineWith(proc), here, undefined).processes.runs).toBe(44)
  })

  test('the probe finds the limits of tasks that the daemon cannot set', () => {
    const here = tasksOf(`
tasks:
  a: { schedule: "@daily", command: "true", limits: { nofile: 4096 } }
  b: { schedule: "@daily", command: "true", limits: { nofile: 4097 } }
  c: { schedule: "@daily", command: "true" }
`)
    const over = [
      {
        task: 'b',
        problem:
          'limits.nofile cannot be set to 4097: this machine allows at most 4096 (ulimit -H, LimitNOFILE=)',
      },
    ]
    const host = machineWith({ ...proc, '/proc/77/limits': limits.replaceAll('4096', '8192') })
    expect(probeLimits(host, here, undefined).limits).toEqual({ tasks: 2, over })
    expect(probeLimits(host, here, 77).limits).toEqual({ tasks: 2, over: [] })
    expect(probeLimits(host, here.slice(2), 77).limits).toBeUndefined()
  })

  test('the probe counts the inotify instances and watches of this user', () => {
    const host = machineWith({
      '/proc/sys/fs/inotify/max_user_instances': '128\n',
      '/proc/sys/fs/inotify/max_user_watches': '8192\n',
      '/proc/5/fd/3 -> anon_inode:inotify': '',
      '/proc/5/fd/4 -> socket:[1]': '',
      '/proc/5/fdinfo/3': 'pos: 0\ninotify wd:1 ino:1\ninotify wd:2 ino:2\n',
      '/proc/irq/fd/3 -> anon_inode:inotify': '',
    })
    const uid = process.getuid?.() ?? 0
    expect(probeLimits(asUser(host, uid), undefined, undefined).watching).toEqual({
      instances: { most: 128, used: 1 },
      watches: { most: 8192, used: 2 },
    })
    expect(probeLimits(asUser(host, uid + 1), undefined, undefined).watching).toEqual({
      instances: { most: 128, used: 0 },
      watches: { most: 8192, used: 0 },
    })
  })
})
