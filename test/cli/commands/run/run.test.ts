import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite, type Site } from '../../../support/torch.ts'
import { until } from '../../../support/until.ts'

const rare = 'schedule: "0 0 1 1 *"'
const trapping = "echo begin; trap 'echo got INT; exit 7' INT; while :; do sleep 0.1; done"
const trappingAll =
  "trap 'exit 71' INT; trap 'exit 72' TERM; trap 'exit 73' HUP; trap 'exit 74' QUIT; echo begin; while :; do sleep 0.1; done"
const sleeping = 'echo begin; exec sleep 600'
const tasks = `
pools: { shared: 1 }
tasks:
  good: { ${rare}, command: "echo out; echo err >&2" }
  bad: { ${rare}, command: "exit 42" }
  lenient: { ${rare}, command: "exit 5", success_codes: [5] }
  dies: { ${rare}, command: "kill -KILL $$" }
  slow: { ${rare}, command: "${sleeping}", timeout: 700ms }
  absent: { ${rare}, command: [/no/such/program] }
  away: { ${rare}, command: "echo here", hosts: [192.0.2.99] }
  off: { ${rare}, command: "echo off", enabled: false }
  forgets: { ${rare}, command: "exit 9", output: { keep_runs: 0 } }
  byhand: { type: manual, command: "echo by hand; exit 3", retry: { attempts: 2 }, input: queue }
  never: { type: manual, command: "echo never" }
  noisy: { ${rare}, command: "echo begin; until [ -e go ]; do sleep 0.1; done; yes torch | head -c 200000", output: { max_size: 1kB } }
${['asked', 'unread'].map((name) => `  ${name}: { ${rare}, command: "${trapping}" }`).join('\n')}
${['INT', 'TERM', 'HUP', 'QUIT'].map((name) => `  gets-${name}: { ${rare}, command: "${trappingAll}" }`).join('\n')}
${['told', 'left'].map((name) => `  ${name}: { ${rare}, command: "${sleeping}" }`).join('\n')}
  full: { ${rare}, command: "${sleeping}", pool: shared }
  mate: { ${rare}, command: "echo mate", pool: shared }
`
let served: Site
let alone: Site
beforeAll(async () => {
  served = newSite(tasks)
  alone = newSite(tasks)
  await served.torch('start')
})
afterAll(closeSites)
// Tests run concurrently; each has its own tasks.
vi.setConfig({ testTimeout: 120_000 })

interface Row {
  task: string
  run: string
  outcome: string
  exitCode: number | null
  signal: string | null
  trigger: string
  reason: string | null
}

async function lastRow(site: Site, task: string): Promise<Row | undefined> {
  const { stdout } = await site.torch('history', task, '--json', '-n', '1')
  return (JSON.parse(stdout) as Row[])[0]
}

describe.concurrent.each([
  ['with a daemon', () => served],
  ['without a daemon', () => alone],
])('torch run, %s', (_what, where) => {
  test('torch run shows the output and records the run', async () => {
    expect(await where().torch('run', 'good')).toEqual({
      status: 0,
      signal: null,
      stdout: 'out\nerr\n',
      stderr: '',
    })
    expect(await lastRow(where(), 'good')).toMatchObject({
      outcome: 'ok',
      exitCode: 0,
      trigger: 'manual',
    })
  })

  test('torch run starts a manual task once, and nothing else starts it', async () => {
    const before = await where().torch('history', 'never')
    expect(before).toMatchObject({
      status: 0,
      stderr: 'nothing recorded: torch run never starts it\n',
    })
    expect(await where().torch('run', 'byhand')).toMatchObject({ status: 3, stdout: 'by hand\n' })
    const { stdout } = await where().torch('history', 'byhand', '--json')
    expect(JSON.parse(stdout)).toMatchObject([{ trigger: 'manual', attempt: 1, exitCode: 3 }])
    const status = await where().torch('status', 'byhand')
    expect(status.stdout).toMatch(/schedule +by hand\n/)
  })

  test.each([
    ['bad', 42, 'failed 42', { outcome: 'failed', exitCode: 42 }],
    ['dies', 137, 'killed SIGKILL (not by torch)', { outcome: 'killed', signal: 'SIGKILL' }],
    ['slow', 124, 'timeout SIGTERM', { outcome: 'timeout' }],
    ['absent', 127, 'spawn-failed (/no/such/program does not exist)', { outcome: 'spawn-failed' }],
  ])('torch run of the task %s exits with %d', async (task, status, words, row) => {
    const found = await where().torch('run', task)
    const last = await lastRow(where(), task)
    expect(found).toMatchObject({
      status,
      stderr: expect.stringContaining(`torch: ${task} ended: ${words}, run ${last?.run}\n`),
    })
    expect(last).toMatchObject(row)
  })

  test('torch run passes on an exit code of success_codes', async () => {
    expect(await where().torch('run', 'lenient')).toMatchObject({ status: 5, stderr: '' })
  })

  test('torch run exits with the status of a task that keeps no runs', async () => {
    expect((await where().torch('run', 'forgets')).status).toBe(9)
    expect(await lastRow(where(), 'forgets')).toMatchObject({ outcome: 'failed', exitCode: 9 })
  })

  test('torch run shows the whole output, even if less is kept', async () => {
    const run = where().spawn(['run', 'noisy'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    where().write('go', '')
    expect((await run.ended).stdout).toHaveLength(200_006)
    await until(
      async () => (await where().torch('logs', 'noisy')).stdout.length < 1200,
      'the shorter output',
    )
  })

  test('torch run starts a task of another host with a warning, and a task that is not enabled', async () => {
    expect(await where().torch('run', 'away')).toMatchObject({
      status: 0,
      stdout: 'here\n',
      stderr: 'warning: the hosts of away do not match this host; it runs anyway\n',
    })
    expect(await where().torch('run', 'off')).toMatchObject({ status: 0, stdout: 'off\n' })
  })

  test('torch run passes Ctrl-C to the task, which decides how to end', async () => {
    const run = where().spawn(['run', 'asked'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    run.child.kill('SIGINT')
    expect(await run.ended).toMatchObject({ status: 7, signal: null, stdout: 'begin\ngot INT\n' })
  })

  test.each([
    ['SIGINT', 71],
    ['SIGTERM', 72],
    ['SIGHUP', 73],
    ['SIGQUIT', 74],
  ] as const)(
    'torch run passes %s to the task and exits with its status, %d',
    async (signal, status) => {
      const run = where().spawn(['run', `gets-${signal.slice(3)}`])
      await until(() => run.stdout() === 'begin\n', 'its beginning')
      run.child.kill(signal)
      expect(await run.ended).toMatchObject({ status, signal: null })
    },
  )

  test('torch run exits with 143 if TERM kills the task', async () => {
    const run = where().spawn(['run', 'told'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    run.child.kill('SIGTERM')
    expect((await run.ended).status).toBe(143)
    expect(await lastRow(where(), 'told')).toMatchObject({ outcome: 'killed', signal: 'SIGTERM' })
  })

  test('torch run of a task at its max, or in a full pool, is refused, unless --force is given', async () => {
    const first = where().spawn(['run', 'full'])
    await until(() => first.stdout() === 'begin\n', 'its beginning')
    const [id] = fs.readdirSync(path.join(where().home, 'runs/full')).toSorted().slice(-1)
    expect(await where().torch('run', 'full')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `torch: full is at its max: ${id} is running\nhint: wait until it ends, or add --force\n`,
    })
    expect(await where().torch('run', 'mate')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `torch: mate is not started: the pool shared is full: full (${id}) is running\nhint: wait until one of them ends, or add --force\n`,
    })
    expect(await where().torch('run', 'mate', '--force')).toMatchObject({ stdout: 'mate\n' })
    const second = where().spawn(['run', 'full', '--force'])
    await until(() => second.stdout() === 'begin\n', 'the beginning of the second')
    for (const run of [first, second]) run.child.kill('SIGTERM')
    expect((await Promise.all([first.ended, second.ended])).map((each) => each.status)).toEqual([
      143, 143,
    ])
  })

  test('torch run continues when nobody reads its output any more', async () => {
    const run = where().spawn(['run', 'unread'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    run.child.stdout?.destroy()
    run.child.kill('SIGINT')
    expect((await run.ended).status).toBe(7)
    expect((await where().torch('logs', 'unread')).stdout).toBe('begin\ngot INT\n')
  })
})

describe.concurrent('torch run --detach', () => {
  test('torch run --detach returns at once', async () => {
    const { status, stdout } = await served.torch('run', 'left', '--detach')
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^started left \d{8}T\d{6}\.\d{3}-[0-9a-f]{6}\n$/),
    ])
    expect((await served.torch('kill', 'left')).status).toBe(0)
  })

  test('torch run --detach without a daemon exits with 3', async () => {
    expect((await alone.torch('run', 'left', '--detach')).status).toBe(3)
  })
})

test.concurrent('torch run --json without --detach is refused', async () => {
  expect(await served.torch('run', 'good', '--json')).toMatchObject({
    status: 2,
    stderr: 'torch: --json needs --detach\nhint: torch run good --detach --json\n',
  })
})

test.concurrent('torch run ignores TORCH_JSON', async () => {
  expect(await alone.torchWith({ env: { TORCH_JSON: '1' } }, 'run', 'good')).toMatchObject({
    status: 0,
    stdout: 'out\nerr\n',
  })
})

test.concurrent('torch run --tasks with another file than the daemon uses is refused', async () => {
  const other = served.write('other.yaml', tasks)
  expect(await served.torch('run', 'good', '--tasks', other)).toMatchObject({
    status: 2,
    stderr: `torch: the daemon of this home runs ${served.tasks}, not ${other}\nhint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start\n`,
  })
})

test.concurrent(
  'a run continues when the daemon is killed, and torch run shows its end',
  async () => {
    const site = newSite(
      `tasks: {long: {${rare}, command: "echo begin; until [ -e go ]; do sleep 0.1; done; exit 4"}}`,
    )
    await site.torch('start')
    const run = site.spawn(['run', 'long'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    process.kill(site.pid() ?? 0, 'SIGKILL')
    site.write('go', '')
    expect(await run.ended).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('not recorded: the daemon is gone'),
    })
    await site.torch('start')
    expect(await lastRow(site, 'long')).toMatchObject({ outcome: 'failed', exitCode: 4 })
  },
)
