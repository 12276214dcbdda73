import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { StatusReport } from '../../src/control/status-report.ts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite, script, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

const tasks = `
timezone: UTC
tasks:
  good:
    schedule: "0 0 1 1 *"
    command: "printf 'one\\\\ntwo\\\\nthree\\\\n'"
    description: "Says three words\\nand \\e[31mno more"
    labels: { team: data, tier: 1 }
  bad: { schedule: "0 0 1 1 *", command: "echo oops; exit 3", labels: { team: data } }
  raw: { schedule: "0 0 1 1 *", command: "printf '\\\\377\\\\000x'" }
  keep: { type: daemon, command: "echo up; exec sleep 600", max: 2 }
  away: { schedule: "@daily", command: "true", hosts: [192.0.2.99] }
  off: { schedule: "@daily", command: "true", enabled: false }
`
let site: Site
/** The same home and tasks file, without a daemon. */
let copy: Site

beforeAll(async () => {
  site = newSite(tasks)
  await site.torch('start')
  for (const task of ['good', 'good', 'bad', 'raw']) await site.torch('run', task)
  await until(() => runsOf('keep').length === 2, 'both runs of the daemon task')
  await site.torch('history')
  copy = newSite(tasks)
  fs.cpSync(site.home, copy.home, { recursive: true, filter: (file) => !file.endsWith('.sock') })
})
afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

function runsOf(task: string): string[] {
  const folder = path.join(site.home, 'runs', task)
  return fs.existsSync(folder) ? fs.readdirSync(folder).toSorted() : []
}

async function json(from: Site, ...words: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await from.torch(...words, '--json')
  // torch status ends with 3 if no daemon runs; the other commands that read do not need one.
  const report: unknown = JSON.parse(stdout)
  const isWithout = words[0] === 'status' && (report as StatusReport).daemon === null
  expect([status, stderr]).toEqual([isWithout ? 3 : 0, ''])
  return report
}

/** For tests that run with a daemon and without. */
const both = [
  ['with a daemon', () => site],
  ['without a daemon', () => copy],
] as const

const keys =
  'run task slot startedAt endedAt durationMs outcome exitCode signal reason trigger attempt lateMs host revision'

describe.concurrent('torch status', () => {
  const taskKeys =
    'name type description labels here reason next jitterMs running last counts nextRestart input definition'.split(
      ' ',
    )
  test('torch status --json has all facts of the daemon, the file and the tasks', async () => {
    const report = (await json(site, 'status')) as Record<string, unknown>
    expect(report).toMatchObject({
      daemon: {
        pid: site.pid(),
        version: expect.any(String),
        startedAt: expect.stringMatching(/Z$/),
      },
      host: { name: expect.any(String), addresses: expect.any(Array) },
      file: { path: site.tasks, revision: null, ok: true, problems: [] },
      tasks: [
        {
          name: 'good',
          type: 'common',
          description: 'Says three words\nand \u001b[31mno more',
          labels: { team: 'data', tier: '1' },
          here: true,
          reason: null,
          running: [],
        },
        { name: 'bad', last: { outcome: 'failed', exitCode: 3 } },
        { name: 'raw', description: null, labels: {} },
        { name: 'keep', type: 'daemon', next: null, running: runsOf('keep'), last: null },
        { name: 'away', here: false, reason: 'hosts', next: null },
        { name: 'off', here: false, reason: 'enabled', next: null },
      ],
    })
    const [task] = report['tasks'] as { last: object; next: string }[]
    expect(Object.keys(task ?? {})).toEqual(taskKeys)
    expect(
      Object.keys(task?.last ?? {})
        .slice(0, 15)
        .join(' '),
    ).toBe(keys)
    expect(task?.next).toBe(`${new Date().getUTCFullYear() + 1}-01-01T00:00:00Z`)
  })

  test('torch status --json without a daemon has the same shape', async () => {
    expect(await json(copy, 'status')).toMatchObject({
      daemon: null,
      file: { path: 'tasks.yaml', loadedAt: null, ok: true },
      tasks: [
        { name: 'good', next: expect.stringMatching(/T00:00:00Z$/), last: { outcome: 'ok' } },
        { name: 'bad', last: { outcome: 'failed', exitCode: 3 } },
        { name: 'raw' },
        { name: 'keep', running: runsOf('keep') },
        { name: 'away' },
        { name: 'off' },
      ],
    })
  })

  test('torch status TASK --json has only that task', async () => {
    expect(await json(site, 'status', 'bad')).toMatchObject({ tasks: [{ name: 'bad' }] })
  })

  test.each(both)(
    'torch status --label shows the tasks with all labels, %s',
    async (_what, where) => {
      const names = async (...words: string[]) =>
        ((await json(where(), 'status', ...words)) as StatusReport).tasks.map((task) => task.name)
      expect(await names('--label', 'team=data')).toEqual(['good', 'bad'])
      expect(await names('--label', 'team=data', '--label', 'tier=1')).toEqual(['good'])
      expect(await where().torch('status', '--label', 'team=none')).toMatchObject({
        stdout: expect.not.stringContaining('good'),
        stderr: expect.stringContaining('no task has these labels\n'),
      })
    },
  )

  test.each(both)(
    'torch status TASK shows the description and the labels of the task, %s',
    async (_what, where) => {
      const { stdout } = await where().torch('status', 'good')
      expect(stdout).toContain('\n  Says three words\n  and \ufffd[31mno more\n')
      expect(stdout).toMatch(/ {2}labels {4}team=data, tier=1\n$/)
    },
  )

  test('torch status prints an aligned table, without colours unless on a terminal', async () => {
    const { status, stdout } = await site.torch('status')
    expect(status).toBe(0)
    const blurred = stdout.replace(/T\d\d:\d\d:\d\d/g, 'T00:00:00').replace(/in \w+/g, 'in 9d')
    const lines = blurred.replace(/[\w.]+ ago/g, '1s ago').split('\n')
    const year = new Date().getUTCFullYear() + 1
    expect(lines[0]).toMatch(/^daemon {2}running, pid \d+, since .*, torch \d+\.\d+\.\d+$/)
    expect(lines[1]).toMatch(/^file {4}\/.*tasks.yaml, loaded 20\d\d-/)
    expect(lines.slice(4)).toEqual(
      [
        '6 tasks: 1 running, 1 failed, 2 ok, 1 not enabled, 1 not on this host',
        'TASK  TYPE    NEXT                              RUNNING  LAST',
        `good  common  in 9d  ${year}-01-01T00:00:00+00:00           ok, 1s ago`,
        `bad   common  in 9d  ${year}-01-01T00:00:00+00:00           failed 3, 1s ago`,
        `raw   common  in 9d  ${year}-01-01T00:00:00+00:00           ok, 1s ago`,
        'keep  daemon                                    2',
        'away  common                                             not on this host',
        'off   common                                             not enabled',
        '',
      ].map((line) => expect.toSatisfy((found: string) => squeeze(found) === squeeze(line), line)),
    )
  })

  test('torch status works without a tasks file and says so', async () => {
    const { status, stdout } = await newSite().torch('status')
    expect(status).toBe(3)
    expect(stdout).toContain('daemon  NOT RUNNING\nfile    tasks.yaml, NOT VALID\n')
  })

  test('torch status without a daemon finds the tasks file of the last daemon', async () => {
    const own = newSite()
    const file = own.write('ops/jobs.yaml', 'tasks: {a: {schedule: "@daily", command: "true"}}')
    const start = await own.torch('start', '--tasks', file)
    expect(start.stdout).toContain(`: 1 of 1 task of ${file}\n`)
    await own.torch('stop')
    expect(fs.readFileSync(path.join(own.home, 'tasks-path'), 'utf8')).toBe(`${file}\n`)
    const found = (...words: string[]) => json(own, 'status', ...words)
    expect(await found()).toMatchObject({ file: { path: file }, tasks: [{ name: 'a' }] })
    expect(await json(own, 'history', 'a')).toEqual([])
    const named = own.write('named.yaml', 'tasks: {}')
    expect(await found('--tasks', named)).toMatchObject({ file: { path: named }, tasks: [] })
    own.write('tasks.yaml', 'tasks: {}')
    expect(await found()).toMatchObject({ file: { path: 'tasks.yaml' }, tasks: [] })
  })

  test('torch status shows runs of a removed task until they end', async () => {
    const own = newSite('tasks: {old: {schedule: "@yearly", command: [sleep, "600"]}}')
    await own.torch('start')
    await own.torch('run', 'old', '--detach')
    own.write('tasks.yaml', 'tasks: {}')
    await own.torch('reload')
    const { tasks: rows } = (await json(own, 'status')) as StatusReport
    expect(rows).toMatchObject([
      { name: 'old', type: 'common', here: true, next: null, running: [expect.any(String)] },
    ])
    expect(Object.keys(rows[0] ?? {})).toEqual(taskKeys)
    expect((await own.torch('kill', 'old')).status).toBe(0)
    await until(
      async () => ((await json(own, 'status')) as StatusReport).tasks.length === 0,
      'the end of the run',
    )
  })

  test('torch status shows what is running even if the tasks file is missing', async () => {
    const own = newSite('tasks: {keep: {type: daemon, command: [sleep, "600"]}}')
    await own.torch('start')
    await until(() => fs.existsSync(path.join(own.home, 'runs/keep')), 'the run of the daemon task')
    await own.torch('stop', '--leave')
    fs.rmSync(own.tasks)
    const running = [expect.stringMatching(/^\d{8}T/)]
    const { file, tasks: rows } = (await json(own, 'status')) as StatusReport
    expect(file).toEqual({
      path: own.tasks,
      revision: null,
      loadedAt: null,
      ok: false,
      lastGoodAt: expect.any(String) as string,
      problems: [
        {
          severity: 'error',
          file: own.tasks,
          line: null,
          column: null,
          path: '',
          message: 'is not there',
          hint: 'create it, or name another file with --tasks',
        },
      ],
    })
    expect(rows).toMatchObject([
      { name: 'keep', type: 'daemon', here: true, reason: null, next: null, running },
    ])
    expect((await own.torch('status')).stdout).toMatch(/\nkeep {2}daemon +1\n$/)
  })
})

/** The width of a column depends on how long ago things were. */
function squeeze(line: string): string {
  return line.replace(/ +/g, ' ')
}

describe.concurrent('torch history', () => {
  test.each(both)(
    'torch history --json has all keys in a fixed order, %s',
    async (_what, where) => {
      const rows = (await json(where(), 'history')) as Record<string, unknown>[]
      for (const row of rows)
        expect(Object.keys(row).join(' ')).toBe(`${keys} lastSlot count script`)
      const ended = rows.filter((row) => row['task'] !== 'keep')
      expect(
        ended.map((row) => [row['task'], row['outcome'], row['exitCode'], row['trigger']]),
      ).toEqual([
        ['good', 'ok', 0, 'manual'],
        ['good', 'ok', 0, 'manual'],
        ['bad', 'failed', 3, 'manual'],
        ['raw', 'ok', 0, 'manual'],
      ])
      expect(ended.map((row) => row['run'])).toEqual([
        ...runsOf('good'),
        ...runsOf('bad'),
        ...runsOf('raw'),
      ])
    },
  )

  test.each([
    [['good'], 2],
    [['good', '-n', '1'], 1],
    [['--outcome', 'failed'], 1],
    [['--since', '1h'], 6],
    [['--since', '2099-01-01'], 0],
    [['off'], 0],
  ])('torch history %j shows %i rows', async (words, count) => {
    expect(await json(copy, 'history', ...words)).toHaveLength(count)
  })

  test('torch history prints a table', async () => {
    const { stdout } = await site.torch('history', 'bad')
    const [run] = runsOf('bad')
    expect(
      stdout
        .replace(/20\d\d-\S+\+00:00/, 'TIME')
        .replace(/\d+ms/, '1ms')
        .split('\n')
        .map(squeeze),
    ).toEqual(['AT TASK OUTCOME TOOK TRIGGER RUN', `TIME bad failed 3 1ms manual ${run}`, ''])
    expect(await site.torch('history', 'off')).toMatchObject({
      stdout: '',
      stderr: 'nothing recorded: off is not enabled; torch run off starts it all the same\n',
    })
  })
})

describe.concurrent('torch logs', () => {
  test.each(both)('torch logs TASK shows the output of the last run, %s', async (_what, where) => {
    expect(await where().torch('logs', 'good')).toMatchObject({
      status: 0,
      stdout: 'one\ntwo\nthree\n',
    })
  })

  test.each([
    ['0', ''],
    ['1', 'three\n'],
    ['2', 'two\nthree\n'],
    ['99', 'one\ntwo\nthree\n'],
  ])('torch logs -n %s shows as many lines at most', async (count, stdout) => {
    expect(await copy.torch('logs', 'good', '-n', count)).toMatchObject({ status: 0, stdout })
  })

  test('torch logs does not change bytes that are not text', async () => {
    const child = copy.spawn(['logs', 'raw'])
    const chunks: Buffer[] = []
    child.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    await child.ended
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0xff, 0x00, 0x78]))
  })

  test('torch logs --run takes a run id or the beginning of one', async () => {
    const [first = ''] = runsOf('bad')
    expect((await copy.torch('logs', 'bad', '--run', first)).stdout).toBe('oops\n')
    expect((await copy.torch('logs', 'bad', '--run', first.slice(0, -1))).stdout).toBe('oops\n')
    expect(await copy.torch('logs', 'bad', '--run', '1999')).toMatchObject({
      status: 1,
      stderr:
        'torch: no kept run of bad begins with "1999"\nhint: torch history bad shows the runs\n',
    })
    const [one, two] = runsOf('good')
    expect(await copy.torch('logs', 'good', '--run', '2')).toMatchObject({
      status: 2,
      stderr: `torch: several runs of good begin with "2": ${one}, ${two}\nhint: give more of the run id\n`,
    })
  })

  test('torch logs --json has the output of the last run, or of the run of --run', async () => {
    const [first, second] = runsOf('good')
    const output = 'one\ntwo\nthree\n'
    expect(await json(copy, 'logs', 'good')).toEqual({ task: 'good', run: second, output })
    expect(await json(copy, 'logs', 'good', '--run', first ?? '', '-n', '1')).toEqual({
      task: 'good',
      run: first,
      output: 'three\n',
    })
    const [raw] = runsOf('raw')
    expect(await json(copy, 'logs', 'raw')).toEqual({
      task: 'raw',
      run: raw,
      output: '\ufffd\0x',
    })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'torch logs says that it may not enter the home of another user',
    async () => {
      const { home } = copy
      const words = ['--reuid=65534', '--clear-groups', process.execPath, script, 'logs', 'good']
      const { status, stderr } = spawnSync('setpriv', [...words, '--home', home], {
        cwd: '/',
        env: { HOME: '/', PATH: process.env['PATH'] },
      })
      expect([status, stderr.toString()]).toEqual([
        1,
        `torch: the home ${home} cannot be entered by this user
hint: run torch as its owner, or as root
`,
      ])
    },
  )

  test('torch logs says that no runs of a task are kept', async () => {
    expect(await copy.torch('logs', 'off')).toMatchObject({
      status: 1,
      stderr: `torch: no runs of off are kept
hint: torch history off shows its recorded runs; torch run off starts it
`,
    })
  })

  test('torch logs -f continues with the next run', async () => {
    const own = newSite(tasks)
    await own.torch('run', 'bad')
    const follower = own.spawn(['logs', 'bad', '-f'])
    await until(() => follower.stdout() === 'oops\n', 'the output of the last run')
    await own.torch('run', 'bad')
    await own.torch('run', 'bad')
    await until(() => follower.stdout() === 'oops\noops\noops\n', 'the output of both')
    follower.child.kill('SIGINT')
    expect((await follower.ended).signal).toBe('SIGINT')
  })

  test('torch logs -f --run RUN ends with the run', async () => {
    const [run = ''] = runsOf('bad')
    expect(await copy.torch('logs', 'bad', '-f', '--run', run)).toMatchObject({
      status: 0,
      stdout: 'oops\n',
    })
  })

  test('torch logs -f --json prints an object for each line and for the end of each run', async () => {
    const own = newSite(tasks)
    const follower = own.spawn(['logs', 'ba*', '-f', '--json'])
    const objects = () => follower.stdout().split('\n').slice(0, -1)
    await own.torch('run', 'bad')
    await own.torch('run', 'bad')
    await until(() => objects().length === 4, 'the output and the end of both')
    follower.child.kill('SIGINT')
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const rows = await json(own, 'history', 'bad')
    const [first, second] = rows as { run: string }[]
    expect(objects().map((line) => JSON.parse(line) as unknown)).toEqual(
      [first, second].flatMap((row) => [
        { task: 'bad', run: row?.run, line: 'oops', at },
        { task: 'bad', run: row?.run, end: row },
      ]),
    )
    const { status, stdout } = await own.torch('logs', second?.run ?? '', '-f', '--json')
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${objects().slice(2).join('\n')}\n`,
    })
  })
})

describe.concurrent('an unknown task', () => {
  const commands = ['status', 'history', 'logs', 'run', 'kill']
  test.each(commands)(
    'torch %s with a daemon refuses an unknown task and suggests one',
    async (command) => {
      expect(await site.torch(command, 'godo')).toMatchObject({
        status: 2,
        stdout: '',
        stderr: 'torch: there is no task "godo"\nhint: did you mean "good"?\n',
      })
    },
  )
  test.each(commands.slice(0, 4))(
    'torch %s without a daemon refuses an unknown task',
    async (command) => {
      expect(await copy.torch(command, 'zzzzz')).toMatchObject({
        status: 2,
        stdout: '',
        stderr: 'torch: there is no task "zzzzz"\nhint: torch status lists the tasks\n',
      })
    },
  )
  test('torch logs refuses a task name that leaves the folder of runs', async () => {
    expect((await copy.torch('logs', '../runs/good')).status).toBe(2)
  })
})

describe.concurrent('output that nobody reads to its end', () => {
  test('torch logs does not fail if its output is not read to the end', async () => {
    const big = newSite('tasks: {big: {schedule: "@yearly", command: "yes | head -c 3000000"}}')
    expect((await big.torch('run', 'big')).stdout).toHaveLength(3_000_000)
    const reader = big.spawn(['logs', 'big'])
    await until(() => reader.stdout() !== '', 'the first output of torch logs')
    reader.child.stdout?.destroy()
    expect(await reader.ended).toMatchObject({ status: 0, stderr: '' })
    await big.close()
  })
})
