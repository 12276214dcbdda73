import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite } from '../../../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const tasks = `
timezone: America/New_York
hosts:
  web: [10.0.1.0/24]
tasks:
  early: { schedule: "30 2 * * *", command: x, user: nobody, labels: { team: data } }
  web: { schedule: "H * * * *", command: x, env_file: not-here.env, hosts: [web, "!10.0.1.9"] }
  kept: { type: daemon, command: x, hosts: [web] }
  off: { schedule: "@daily", command: x, enabled: false }
`

const from = ['--from', '2026-03-07T12:00:00Z']

async function json(...words: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await newSite(tasks).torch('plan', '--json', ...from, ...words)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

const ofCommon = { type: 'common', scope: 'host', script: null, listen: [], notify: null }
const early = {
  ...ofCommon,
  task: 'early',
  next: '2026-03-08T07:00:00Z',
  starts24h: 1,
  part: false,
  varies: false,
}
const kept = {
  ...ofCommon,
  type: 'daemon',
  task: 'kept',
  next: null,
  starts24h: 0,
  part: false,
  varies: false,
}
const hourly = {
  ...ofCommon,
  task: 'web',
  next: expect.stringMatching(/^2026-03-07T12:\d\d:00Z$/) as string,
  starts24h: 24,
  part: false,
  varies: true,
}

describe.concurrent('torch plan', () => {
  test('torch plan shows which host runs which tasks, from the file alone', async () => {
    expect(await json()).toMatchObject([
      {
        host: 'everywhere',
        tasks: [early],
        busiest: { at: '2026-03-08T07:00:00Z', starts: 1 },
        warnings: [{ kind: 'fleet' }, { kind: 'gap' }],
      },
      { host: 'web', tasks: [early, { ...hourly, part: true }, kept], warnings: [] },
      { host: '10.0.1.0/24', tasks: [early, { ...hourly, part: true }, kept] },
      { host: '10.0.1.9', tasks: [early, kept] },
    ])
  })

  test('torch plan shows which machines share a task', async () => {
    const text = `timezone: UTC
hosts: { web: [web1, web2, web3] }
tasks: { dump: { schedule: "H H * * *", command: x, hosts: [web], scope: fleet } }`
    const site = newSite(text)
    expect((await site.torch('plan')).stdout).toContain('\nfleet: one of web1 web2 web3: dump\n')
    const nextOn = async (host: string) =>
      (await site.torch('next', '--host', host, '--json', ...from)).stdout
    expect(JSON.parse(await nextOn('web1'))).toEqual(JSON.parse(await nextOn('web2')))
  })

  test('torch plan --host ADDRESS shows one machine', async () => {
    expect(await json('--host', '10.0.1.9')).toEqual([
      {
        host: '10.0.1.9',
        tasks: [early, kept],
        busiest: { at: '2026-03-08T07:00:00Z', starts: 1 },
        warnings: [expect.objectContaining({ kind: 'gap', tasks: ['early'] })],
        not: [
          { task: 'web', reason: 'hosts' },
          { task: 'off', reason: 'enabled' },
        ],
      },
    ])
  })

  test('torch plan --host NAME --address A shows the same start times as torch next', async () => {
    const site = newSite(tasks)
    const host = ['--host', 'web-1.example.com', '--address', '10.0.1.7']
    const planned = await site.torch('plan', '--json', ...from, ...host)
    expect(JSON.parse(planned.stdout)).toMatchObject([
      { tasks: [early, { ...hourly, varies: false }, kept], not: [{ task: 'off' }] },
    ])
    const next = await site.torch('next', '--json', 'web', '--count', '1', ...from, ...host)
    const [{ at }] = JSON.parse(next.stdout) as [{ at: string }]
    expect(JSON.parse(planned.stdout)).toMatchObject([{ tasks: [{}, { next: at }, {}] }])
  })

  test('torch plan --host of another machine ignores TORCH_ADDRESS', async () => {
    const { stdout } = await newSite(tasks).torchWith(
      { env: { TORCH_ADDRESS: '10.0.1.7' } },
      ...['plan', '--json', '--host', 'web-1.example.com'],
    )
    expect(JSON.parse(stdout)).toMatchObject([{ not: [{ task: 'web' }, { task: 'kept' }, {}] }])
  })

  test('torch plan is as wide as COLUMNS, with bars in a UTF-8 locale and digits elsewhere', async () => {
    const site = newSite(tasks)
    const env = { COLUMNS: '120', LC_ALL: 'C.UTF-8' }
    const wide = await site.torchWith({ env }, 'plan', ...from)
    const plain = await site.torchWith({ env: { LC_ALL: 'C' } }, 'plan', ...from)
    const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length))
    expect([widest(wide.stdout) <= 120, widest(wide.stdout) > 110]).toEqual([true, true])
    expect([widest(plain.stdout) <= 100, widest(plain.stdout) > 90]).toEqual([true, true])
    expect(wide.stdout).toMatch(/total +25 {2}.*█/)
    expect(plain.stdout).toMatch(/total +25 {2}[.1-9]+\n/)
    expect(plain.stdout).not.toMatch(/[^\n -~]/)
  })

  test('torch plan FILE --label shows only the tasks with the label', async () => {
    const site = newSite()
    site.write('ops/new.yaml', tasks)
    const { stdout, status } = await site.torch(
      'plan',
      'ops/new.yaml',
      '--label',
      'team=data',
      '--json',
    )
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([
      { host: 'everywhere', tasks: [{ task: 'early' }] },
      { host: 'web', tasks: [{ task: 'early' }] },
      { host: '10.0.1.0/24' },
    ])
    const none = await site.torch('plan', 'ops/new.yaml', '--label', 'team=x')
    expect([none.status, none.stderr]).toEqual([0, 'no task has these labels\n'])
  })
})

describe.concurrent('torch plan without a usable file or host', () => {
  test('torch plan shows the problems of a file that is not valid', async () => {
    const { status, stdout, stderr } = await newSite('tasks: { a: { comand: x } }').torch('plan')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('tasks.yaml:1:15: tasks.a.comand: unknown key "comand"')
    expect(stderr).toContain('torch: the tasks file tasks.yaml is not valid (2 problems)\n')
  })

  test('torch plan of a missing file names the file', async () => {
    const { status, stdout, stderr } = await newSite().torch('plan', 'gone.yaml')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('gone.yaml')
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3)
  })

  test.each([
    [['--host', '10.0.1.0/24'], '--host: expected a host name or an address; got "10.0.1.0/24"'],
    [['--host', 'web-*'], '--host: expected a host name or an address; got "web-*"'],
    [['--host', '10.0.0.256'], '--host: expected a host name or an address; got "10.0.0.256"'],
    [['--host', 'a b'], '--host: expected a host name or an address; got "a b"'],
    [
      ['--host', 'a', '--address', '10.0.0.0/8'],
      '--address: expected an IPv4 or IPv6 address; got "10.0.0.0/8"',
    ],
    [['--address', '10.0.0.1'], '--address needs --host'],
  ])('torch plan %j is refused', async (words, message) => {
    const { status, stdout, stderr } = await newSite(tasks).torch('plan', ...words)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^torch: .*\nhint: .*\n$/)
    expect(stderr).toContain(`torch: ${message}\n`)
  })

  test('torch plan --host with the name of a host group says that --host means a machine', async () => {
    const { status, stdout, stderr } = await newSite(tasks).torch('plan', '--host', 'web')
    expect([status, stderr]).toEqual([
      0,
      'web is a host group in this file; --host plans one machine, here a machine named web\n',
    ])
    expect(stdout).toContain('\nweb       runs on web\n')
  })
})
