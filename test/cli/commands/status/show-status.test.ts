import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { StatusReport } from '../../../../src/control/status-report.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import type { HistoryRow } from '../../../../src/plan/history-row.ts'
import { startOfRun } from '../../../../src/run/directory.ts'
import { newFolder, openTestHistory, runRow, skipRow } from '../../../support/history.ts'
import { handClock } from '../../../support/clock.ts'
import { torchHere } from '../../../support/here.ts'

const real = thisMachine()
const network = { name: () => 'web1', addresses: () => ['10.0.1.5'] }
const host = { clock: handClock('2026-03-08T07:10:00Z'), network }
const tasks = `
tasks:
  backup-db: { schedule: "30 2 * * *", command: x, labels: { team: data } }
  backup-www: { schedule: "0 * * * *", command: x, labels: { team: web }, description: Saves it }
  rotate: { schedule: "*/10 * * * * *", command: x }
  consumer: { type: daemon, command: x }
  away: { schedule: "@daily", command: x, hosts: [192.0.2.99] }
  off: { schedule: "@daily", command: x, enabled: false }
`
let home = ''
let file = ''
const notRunning = () => `torch is not running: torch start --home ${home} starts it\n`
beforeEach(() => {
  home = newFolder()
  file = path.join(home, 'tasks.yaml')
  fs.writeFileSync(file, tasks)
})

function written(...rows: HistoryRow[]): void {
  const { history } = openTestHistory(path.join(home, 'history.db'))
  for (const row of rows) history.add(row)
  history.close()
}

type Look = Parameters<typeof torchHere>[1]
function status(words: string[], look: Look = {}) {
  return torchHere(['status', ...words, '--home', home, '--tasks', file], { host, ...look })
}

/** The output without the lines about daemon, file and host. */
async function table(words: string[], look: Look = {}): Promise<string[]> {
  const { stdout, stderr } = await status(words, look)
  expect(stderr).toBe(notRunning())
  const lines = stdout.split('\n')
  return lines.slice(lines.indexOf('') + 1, -1)
}

async function names(...words: string[]): Promise<string[]> {
  const { stdout } = await status([...words, '--json'])
  return (JSON.parse(stdout) as StatusReport).tasks.map((task) => task.name)
}

/** A run that still runs: this test process stands in for its recorder and command. */
function runs(task: string, run: string, bootId = real.processes.bootId): void {
  const directory = path.join(home, 'runs', task, run)
  fs.mkdirSync(directory, { recursive: true })
  fs.mkdirSync(path.join(home, 'active'), { recursive: true })
  fs.writeFileSync(path.join(home, 'active', run), `${task}\n`)
  const description = { run, task, bootId, startedMs: startOfRun(run), dueMs: null, slot: null }
  fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify(description))
  fs.writeFileSync(path.join(directory, 'claim'), fs.readFileSync('/proc/self/stat'))
}

describe('The table of torch status', () => {
  test('torch status counts all tasks by condition and shows a line for each', async () => {
    written(
      runRow(1, { task: 'backup-db', outcome: 'failed', exitCode: 3 }),
      skipRow(2, { task: 'backup-www', outcome: 'missed', reason: 'down', count: 12 }),
      runRow(3, { task: 'rotate' }),
    )
    expect(await table([])).toEqual([
      '6 tasks: 1 failed, 1 missed, 1 ok, 1 never ran, 1 not enabled, 1 not on this host',
      // Without a daemon, nothing starts next.
      'TASK        TYPE    RUNNING  LAST',
      'backup-db   common           failed 3, 9m59s ago',
      'backup-www  common           missed 12 slots: torch was down, 9m58s ago',
      'rotate      common           ok, 9m57s ago',
      'consumer    daemon',
      'away        common           not on this host',
      'off         common           not enabled',
    ])
  })

  test('torch status shows the progress of a long run against its usual duration', async () => {
    const usual = Array.from({ length: 5 }, (_, n) =>
      runRow(n, { task: 'rotate', durationMs: 300_000 }),
    )
    written(...usual)
    runs('rotate', '20260308T070650.000-abcdef')
    runs('backup-db', '20260308T070650.000-abcde0')
    const lines = await table(['rotate', 'backup-db'], { isUnicode: false, colours: true })
    expect(lines[0]).toBe('2 of 6 tasks: <cyan>2 running</>')
    expect(lines[2]).toMatch(/ {2}<green>for 3m10s<\/>$/)
    expect(lines[3]).toMatch(/ {2}<green>\[#####---\] 3m10s of 5m<\/> {2}<green>ok, /)
    const late = { ...host, clock: handClock('2026-03-08T07:20:00Z') }
    expect((await table(['rotate'], { host: late, colours: true }))[2]).toMatch(
      / {2}<yellow>\[████████\] 13m10s of 5m<\/> /,
    )
  })

  test('torch status shows no usual duration for a run that reads its input', async () => {
    fs.writeFileSync(file, 'tasks: {rotate: {type: manual, command: cat, input: live}}')
    written(...Array.from({ length: 5 }, (_, n) => runRow(n, { task: 'rotate', durationMs: 1 })))
    runs('rotate', '20260308T070650.000-abcdef')
    expect((await table(['rotate']))[2]).toMatch(/^rotate +manual +for 3m10s +ok, /)
  })

  test('torch status does not show a run of an earlier boot as running', async () => {
    written()
    runs('rotate', '20260308T070650.000-abcdef', 'another boot')
    expect((await table(['rotate']))[0]).toBe('1 of 6 tasks: 1 never ran')
  })
})

describe('torch status with more tasks than the terminal has rows', () => {
  beforeEach(() => {
    const many = Array.from(
      { length: 200 },
      (_, n) => `  t${n}: { schedule: "@daily", command: x }\n`,
    )
    fs.writeFileSync(file, `tasks:\n${many.join('')}`)
    written(
      ...Array.from({ length: 200 }, (_, n) => runRow(n, { task: `t${n}`, run: `r${n}` })),
      runRow(500, { task: 't150', outcome: 'failed', exitCode: 1 }),
      runRow(501, { task: 't77', outcome: 'timeout' }),
    )
  })

  test('torch status shows the most urgent tasks if not all fit on the screen', async () => {
    const screen = { columns: 100, rows: 12 }
    const lines = await table([], screen)
    expect(lines[0]).toBe('200 tasks: 1 failed, 1 timeout, 198 ok')
    expect(lines.slice(2).map((line) => line.split(' ')[0])).toEqual([
      't77',
      't150',
      't0',
      't1',
      '...',
    ])
    expect(lines.at(-1)).toBe("... and 196 more: torch status '*'")
    const { stdout } = await status([], screen)
    // The prompt needs the last row.
    expect(stdout.split('\n')).toHaveLength(12)
  })

  test.each([[['*']], [['--all']], [['--outcome', 'ok,failed,timeout']]])(
    'torch status %j shows all tasks, even more than the screen has rows',
    async (words) => {
      expect(await table(words, { columns: 100, rows: 12 })).toHaveLength(202)
    },
  )

  test('torch status shows all tasks in a pipe', async () => {
    expect(await table([])).toHaveLength(202)
  })

  test('torch status does not leave out a single task, whose line would fit', async () => {
    const lines = await table([], { columns: 100, rows: 207 })
    expect(lines).toHaveLength(202)
    expect(lines.at(-1)).toMatch(/^t199 /)
    expect((await table([], { columns: 100, rows: 206 })).at(-1)).toMatch(/^\.\.\. and 2 more/)
  })
})

describe('The tasks that torch status selects', () => {
  beforeEach(() =>
    written(
      runRow(1, { task: 'backup-db', outcome: 'failed' }),
      runRow(2, { task: 'backup-www', outcome: 'timeout' }),
      runRow(3, { task: 'rotate' }),
    ),
  )

  test.each([
    [[], ['backup-db', 'backup-www', 'rotate', 'consumer', 'away', 'off']],
    [['backup-*'], ['backup-db', 'backup-www']],
    [
      ['rotate', 'backup-d?'],
      ['backup-db', 'rotate'],
    ],
    [
      ['--outcome', 'failed,timeout'],
      ['backup-db', 'backup-www'],
    ],
    [
      ['--outcome', 'failed', '--outcome', 'ok'],
      ['backup-db', 'rotate'],
    ],
    [['*', '--label', 'team=data', '--outcome', 'failed'], ['backup-db']],
    [['rotate', '--outcome', 'failed'], []],
  ])('torch status %j selects %j', async (words, found) => {
    expect(await names(...words)).toEqual(found)
  })

  test('torch status --outcome running selects running tasks, whatever their last outcome', async () => {
    runs('rotate', '20260308T070650.000-abcdef')
    expect(await names('--outcome', 'running')).toEqual(['rotate'])
    expect(await names('--outcome', 'ok')).toEqual(['rotate'])
  })

  test.each([
    [['rotat'], 2, 'torch: there is no task "rotat"\nhint: did you mean "rotate"?\n'],
    [['rotate', 'x*'], 2, 'torch: no task matches "x*"\nhint: torch status lists the tasks\n'],
    [['--outcome', 'unknown'], 3, 'no task has this outcome\n'],
    [['--label', 'team=none'], 3, 'no task has these labels\n'],
    [['--watch'], 2, 'torch: --watch needs a terminal\nhint: run torch status without --watch\n'],
    [
      ['--watch', '--json'],
      2,
      'torch: --json and --watch cannot be combined\nhint: run torch status --json as often as you need\n',
    ],
  ])('torch status %j exits with %d and a message', async (words, code, stderr) => {
    const also = code === 3 ? notRunning() : ''
    expect(await status(words)).toMatchObject({ status: code, stderr: stderr + also })
  })
})

test('torch status TASK shows after which tasks it starts', async () => {
  const yaml = '  load: { command: x, after: { tasks: [rotate], outcome: any } }\n'
  fs.writeFileSync(file, tasks + yaml)
  const { stdout } = await status(['load'])
  expect(stdout).toContain('  after    rotate (any end)\n')
  expect(stdout).not.toContain('schedule')
})

test('torch status TASK shows the pools of a task', async () => {
  const yaml = '  dump: { schedule: "@daily", command: dump, pool: [db, io] }\n'
  fs.writeFileSync(file, `pools: { db: 1, io: 4 }\n${tasks}${yaml}`)
  expect((await status(['dump'])).stdout).toContain(
    '  pool      db (at most 1 run), io (at most 4 runs)\n',
  )
})

test('torch status TASK shows the definition of one task, and its runs', async () => {
  const yaml =
    '  dump: { schedule: ["30 2 * * *", "@hourly"], command: "pg_dump app |\\n gzip", hosts: [web1.example.com, "!10.0.1.9", "10.0.1.5"], timeout: 90m, max: 2, timezone: America/New_York, labels: { team: db }, description: All of it }\n'
  fs.writeFileSync(file, tasks + yaml)
  runs('dump', '20260308T070650.000-abcdef')
  const { stdout } = await status(['dump'])
  expect(stdout.split('\n').slice(7)).toEqual([
    '  All of it',
    '  schedule  30 2 * * *',
    '            @hourly',
    '  timezone  America/New_York, where the next start is at 04:00-04:00',
    '  command   pg_dump app |',
    '             gzip',
    '  hosts     web1.example.com, !10.0.1.9, 10.0.1.5',
    '  max       2',
    '  timeout   1h30m',
    '  labels    team=db',
    expect.stringMatching(
      /^ {2}runs {6}20260308T070650\.000-abcdef, (no pid yet|pid \d+), since 2026-03-08T07:06:50\+00:00 \(3m10s\)$/,
    ),
    '',
  ])
  expect((await status(['dump', 'rotate'])).stdout).not.toContain('gzip')
})

describe('torch status without a daemon', () => {
  test('torch status --json exits with 3 and has what the files say', async () => {
    const { status: code, stdout, stderr } = await status(['--json'])
    expect([code, stderr, (JSON.parse(stdout) as StatusReport).daemon]).toEqual([3, '', null])
  })

  test('torch status says if the last daemon of the home used another tasks file', async () => {
    fs.writeFileSync(path.join(home, 'tasks-path'), '/srv/my tasks.yaml\n')
    vi.stubEnv('TORCH_TASKS', file)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { stderr } = await torchHere(['status', '--home', home], { host })
    expect(stderr).toContain(
      `showing ${file}; the last daemon of this home used /srv/my tasks.yaml\nhint: torch status --tasks '/srv/my tasks.yaml'\n`,
    )
  })

  test('torch status refuses a TORCH_ADDRESS that is not an address', async () => {
    vi.stubEnv('TORCH_ADDRESS', 'web1')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect((await status([])).stderr).toBe(
      'torch: TORCH_ADDRESS: expected an IPv4 or IPv6 address; got "web1"\nhint: such as TORCH_ADDRESS=10.0.1.5\n',
    )
  })

  test('torch status works without a home', async () => {
    home = path.join(home, 'none')
    expect((await table([]))[0]).toBe('6 tasks: 4 never ran, 1 not enabled, 1 not on this host')
  })

  test('torch status without history.db shows the runs that still have a directory', async () => {
    const run = '20260308T070000.005-0000a1'
    const directory = path.join(home, 'runs/rotate', run)
    const startedMs = Date.UTC(2026, 2, 8, 7)
    fs.mkdirSync(directory, { recursive: true })
    const description = { run, task: 'rotate', startedMs, dueMs: null, slot: null, host: 'web1' }
    fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify(description))
    fs.writeFileSync(
      path.join(directory, 'outcome.json'),
      JSON.stringify({ run, outcome: 'failed', exitCode: 3, endedMs: startedMs + 10 }),
    )
    const { stdout, stderr } = await status(['rotate'])
    expect(stdout).toMatch(/ failed 3, 10m ago\n/)
    expect(stderr).toBe(
      `${home}/history.db does not exist: showing only the runs that still have a directory\n${notRunning()}`,
    )
  })

  test('torch status shows the problems of a tasks file that is not valid, at most three on a terminal', async () => {
    fs.writeFileSync(
      file,
      `tasks: {${[1, 2, 3, 4, 5].map((n) => ` t${n}: { max: x }`).join(',')} }`,
    )
    const { stdout } = await status([], { columns: 100, rows: 40 })
    expect(stdout).toContain(`${file}, NOT VALID\n`)
    expect(stdout.match(/: tasks\.t\d/g)).toHaveLength(3)
    expect(stdout).toMatch(/\n\.\.\. and \d+ more problems: torch validate\n/)
    expect((await status([])).stdout).not.toContain('more problems')
    expect(await status(['t1'])).toMatchObject({ status: 2, stdout: '' })
  })
})
