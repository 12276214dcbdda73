import { afterAll, describe, expect, test, vi } from 'vitest'
import { jitterOf } from '../../../../src/text/hash.ts'
import { closeSites, newSite } from '../../../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const tasks = `
timezone: America/New_York
tasks:
  early: { schedule: "30 2 * * *", command: "true" }
  hourly: { schedule: "0 * * * *", command: "true", timezone: UTC, labels: { team: data, tier: 1 } }
  spread: { schedule: "0 12 * * *", command: "true", jitter: 10m, labels: { team: data } }
  web: { schedule: "H H * * *", command: "true", hosts: [web-*] }
  off: { schedule: "@daily", command: "true", enabled: false }
  boot: { schedule: "@reboot", command: "true" }
  always: { type: daemon, command: "true" }
  byhand: { type: manual, command: "true" }
`

async function rows(...words: string[]) {
  const { status, stdout } = await newSite(tasks).torch('next', '--json', ...words)
  expect(status).toBe(0)
  return JSON.parse(stdout) as {
    task: string | null
    at: string
    local: string
    jitterMs: number
  }[]
}

describe.concurrent('torch next', () => {
  test('torch next TASK shows five start times, across a change to daylight saving', async () => {
    expect(await rows('early', '--from', '2026-03-07T00:00:00-05:00')).toEqual(
      [
        ['2026-03-07T07:30:00Z', '2026-03-07T02:30:00-05:00'],
        ['2026-03-08T07:00:00Z', '2026-03-08T03:00:00-04:00'],
        ['2026-03-09T06:30:00Z', '2026-03-09T02:30:00-04:00'],
        ['2026-03-10T06:30:00Z', '2026-03-10T02:30:00-04:00'],
        ['2026-03-11T06:30:00Z', '2026-03-11T02:30:00-04:00'],
      ].map(([at, local]) => ({ task: 'early', at, local, jitterMs: 0 })),
    )
  })

  test('torch next shows one start time of each task that runs on the host, sorted by time', async () => {
    const found = await rows('--from', '2026-03-10T00:30:00Z', '--host', 'db-1')
    expect(found.map(({ task, at }) => `${task} ${at}`)).toEqual([
      'hourly 2026-03-10T01:00:00Z',
      'early 2026-03-10T06:30:00Z',
      'spread 2026-03-10T16:00:00Z',
    ])
    expect(found.map((row) => row.jitterMs)).toEqual([0, 0, jitterOf('spread', 'db-1', 600_000)])
  })

  test('torch next --count N --from TIME shows N start times of each task after TIME', async () => {
    const found = await rows('hourly', 'early', '--count', '2', '--from', '2026-03-10T06:00:00Z')
    expect(found.map(({ task, at }) => `${task} ${at}`)).toEqual([
      'early 2026-03-10T06:30:00Z',
      'hourly 2026-03-10T07:00:00Z',
      'hourly 2026-03-10T08:00:00Z',
      'early 2026-03-11T06:30:00Z',
    ])
  })

  test('torch next --host decides which tasks run and what H means', async () => {
    const at = async (host: string) =>
      (await rows('web', '--host', host, '--from', '2026-03-10'))[0]?.at
    expect(await at('web-1')).not.toBe(await at('web-2'))
    expect((await rows('--host', 'web-1.example.org')).map((row) => row.task)).toContain('web')
  })

  test('torch next --label shows tasks that have all labels', async () => {
    const names = async (...words: string[]) =>
      (await rows('--host', 'db-1', '--count', '1', ...words))
        .map((row) => row.task ?? '')
        .toSorted()
    expect(await names('--label', 'team=data')).toEqual(['hourly', 'spread'])
    expect(await names('--label', 'team=data', '--label', 'tier=1')).toEqual(['hourly'])
    expect(await names('early', 'spread', '--label', 'team=data')).toEqual(['spread'])
    expect(await names('--label', 'toString=x')).toEqual([])
  })

  test('torch next PATTERN shows all matching tasks except daemon tasks', async () => {
    const names = async (...words: string[]) =>
      (await rows('--from', '2026-03-10', '--count', '1', ...words)).map((row) => row.task ?? '')
    expect((await names('*ly')).toSorted()).toEqual(['early', 'hourly'])
    expect((await names('h*', '*r*', '--label', 'team=data')).toSorted()).toEqual([
      'hourly',
      'spread',
    ])
    expect(await names('al*')).toEqual([])
  })

  test('torch next checks TORCH_TIMEZONE only with --schedule', async () => {
    const zone = { env: { TORCH_TIMEZONE: 'Nowhere' } }
    expect((await newSite(tasks).torchWith(zone, 'next')).status).toBe(0)
    expect((await newSite().torchWith(zone, 'next', '--schedule', '@daily')).status).toBe(2)
  })

  test('torch next ignores TORCH_HOST, which torch sets in runs', async () => {
    const site = newSite(tasks)
    const from = ['--json', '--from', '2026-03-10T00:00:00Z', 'spread']
    const plain = await site.torch('next', ...from)
    expect(await site.torchWith({ env: { TORCH_HOST: 'other' } }, 'next', ...from)).toEqual(plain)
  })

  test('torch next --schedule needs no tasks file', async () => {
    const words = [
      '--schedule',
      '0 0 29 2 *',
      '--timezone',
      'Asia/Tokyo',
      '--from',
      '2026-01-01',
      '--count',
      '2',
    ]
    const { status, stdout } = await newSite().torch('next', '--json', ...words)
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      [
        { task: null, at: '2028-02-28T15:00:00Z', local: '2028-02-29T00:00:00+09:00', jitterMs: 0 },
        { task: null, at: '2032-02-28T15:00:00Z', local: '2032-02-29T00:00:00+09:00', jitterMs: 0 },
      ],
    ])
  })

  test('torch next prints a table and notes what is not shown', async () => {
    const { stdout, stderr } = await newSite(tasks).torch(
      'next',
      '--from',
      '2026-03-10T00:30:00Z',
      '--host',
      'db-1',
    )
    const jitter = jitterOf('spread', 'db-1', 600_000)
    const at = new Date(Date.parse('2026-03-10T16:00:00Z') + jitter).toISOString().slice(0, 19)
    expect(stdout.split('\n').map((line) => line.replace(/(?<=:00 {2}).+? {2,}/, ''))).toEqual([
      'file  tasks.yaml',
      expect.stringMatching(/^NEXT +TASK$/),
      '2026-03-10T01:00:00+00:00  hourly',
      '2026-03-10T06:30:00+00:00  early   02:30-04:00 America/New_York',
      expect.stringMatching(
        new RegExp(`^${at}[+]00:00 .*spread  12:.* America/New_York, jitter \\w+$`),
      ),
      '',
    ])
    expect(stderr).toBe(
      'not shown: 1 not for db-1 (web); 1 not enabled (off); 1 always running (always); 1 started by hand (byhand)\nboot: starts at boot, at no fixed time\n',
    )
  })

  test('a task that starts after another comes last, and says so in place of a time', async () => {
    const site = newSite(
      'tasks:\n  a: { after: b, command: x }\n  b: { schedule: "@daily", command: x }\n',
    )
    const { stdout } = await site.torch('next', '--json')
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ task: 'b' }),
      { task: 'a', at: null, local: null, jitterMs: 0, after: { tasks: ['b'], outcome: 'ok' } },
    ])
    expect((await site.torch('next', 'a')).stdout.split('\n').slice(1)).toEqual([
      'NEXT     TASK',
      'after b  a',
      '',
    ])
  })

  test.each([
    [['--schedule', '0 0 30 2 *'], 0, 'this schedule: never due\n'],
    [['web', '--host', 'db-1'], 0, 'web does not run on db-1\n'],
    [['off'], 0, 'off is not enabled\n'],
    [['boot'], 0, 'boot: starts at boot, at no fixed time\n'],
    [['al*'], 0, 'none of these tasks has a schedule\n'],
    [['xyz-*'], 2, 'torch: no task matches "xyz-*"\nhint: torch plan lists the tasks\n'],
    [['*e*', '--host', 'nobody'], 0, /^web does not run on nobody\n/],
    [['ealry'], 2, 'torch: there is no task "ealry"\nhint: did you mean "early"?\n'],
    [
      ['always'],
      2,
      'torch: always is a daemon task: it always runs and has no start times\nhint: torch status always shows whether it runs\n',
    ],
    [
      ['--schedule', '61 * * * *'],
      2,
      'torch: --schedule: minute: 61 is out of range; minutes are 0-59\n',
    ],
    [
      ['--schedule', '@daily', '--timezone', 'Europe/Belin'],
      2,
      'torch: --timezone: unknown time zone "Europe/Belin"\nhint: did you mean "Europe/Berlin"?\n',
    ],
    [
      ['--schedule', '@daily', '--timezone', 'X'],
      2,
      'torch: --timezone: unknown time zone "X"\nhint: write an IANA name, such as Europe/Berlin\n',
    ],
    [
      ['--schedule', '*/61 * * * *'],
      2,
      'torch: --schedule: minute: step 61 is out of range; steps are 1-60\nhint: for every 61 minutes, the whole schedule is "@every 61m"\n',
    ],
    [
      ['--label', 'team=data', '--schedule', '@daily'],
      2,
      'torch: --label and --schedule cannot be combined\nhint: leave out one of them\n',
    ],
    [
      ['--label', 'data'],
      2,
      'torch: --label: expected a label such as team=data; got "data"\nhint: torch next --help\n',
    ],
    [['--label', 'team=none'], 0, 'no task has these labels\n'],
    [
      ['--timezone', 'UTC'],
      2,
      'torch: --timezone needs --schedule\nhint: tasks have their time zone in the tasks file\n',
    ],
    [
      ['early', '--schedule', '@daily'],
      2,
      'torch: tasks and --schedule cannot be combined\nhint: torch next --schedule "30 2 * * *"\n',
    ],
  ])('torch next %j exits with %d and a message', async (words, status, message) => {
    const found = await newSite(tasks).torch('next', ...words)
    expect(found.status).toBe(status)
    if (typeof message === 'string') expect(found.stderr).toBe(message)
    else expect(found.stderr).toMatch(message)
  })

  test('torch next of a bad file exits with 2', async () => {
    const { status, stdout, stderr } = await newSite('tasks: 5').torch('next', '--json')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain(
      'torch: the tasks file tasks.yaml is not valid (1 problem)\nhint: fix the file, or name another one with --tasks\n',
    )
  })
})
