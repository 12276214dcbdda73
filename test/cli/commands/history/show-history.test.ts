import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { HistoryRow } from '../../../../src/plan/history-row.ts'
import { newFolder, openTestHistory, runRow, skipRow } from '../../../support/history.ts'
import { handClock } from '../../../support/clock.ts'
import { torchHere } from '../../../support/here.ts'

const clock = handClock('2026-03-08T07:10:00Z')
let home = ''
beforeEach(() => {
  home = newFolder()
})

function written(...rows: HistoryRow[]): void {
  const { history } = openTestHistory(path.join(home, 'history.db'))
  for (const row of rows) history.add(row)
  history.close()
}

async function shown(words: string[], look: { columns?: number; colours?: boolean } = {}) {
  const tasks = path.join(home, 'tasks.yaml')
  fs.writeFileSync(
    tasks,
    'tasks: { dump: { schedule: "@daily", command: x, labels: { team: db } } }',
  )
  const named = ['history', ...words, '--home', home, '--tasks', tasks]
  return torchHere(named, { ...look, host: { clock } })
}

/** Writes the run directory of a row. */
function kept(row: HistoryRow, files: Record<string, unknown>): string {
  const directory = path.join(home, 'runs', row.task, row.run ?? '')
  fs.mkdirSync(directory, { recursive: true })
  for (const [name, content] of Object.entries(files))
    fs.writeFileSync(
      path.join(directory, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    )
  return directory
}

const runId = (n: number) => `20260308T07000${n}.005-0000a${n}`
const description = {
  run: runId(2),
  task: 'backup',
  attempts: 4,
  command: 'pg_dump app |\ngzip\u001b[2J',
  definition: '4b14914e9f610f7c',
  timeoutMs: 3_600_000,
  killAfterMs: 10_000,
}
const miss = {
  outcome: 'missed',
  endedAt: '2026-03-08T07:00:09Z',
  slot: '2026-03-08T02:00:00Z',
  lastSlot: '2026-03-08T04:45:00Z',
  count: 12,
  reason: 'down',
} as const

describe('The table of torch history', () => {
  test('torch history shows outcome, duration, lateness and attempt of each row', async () => {
    written(
      runRow(1, { run: runId(1), durationMs: 185_000 }),
      runRow(2, { run: runId(2), outcome: 'failed', exitCode: 3, lateMs: 4200 }),
      runRow(3, { run: runId(3), trigger: 'retry', attempt: 2 }),
      runRow(4, {
        run: runId(4),
        trigger: 'retry',
        attempt: 3,
        signal: 'SIGTERM',
        exitCode: null,
        outcome: 'timeout',
        reason: 'timeout',
      }),
      skipRow(5, { endedAt: '2026-03-08T07:00:05Z' }),
      skipRow(0, miss),
    )
    kept(runRow(3, { run: runId(3) }), { 'run.json': { attempts: 4 } })
    const { stdout, stderr } = await shown([])
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      'AT                         TASK    OUTCOME                                          TOOK   LATE       TRIGGER         RUN',
      `2026-03-08T07:00:01+00:00  backup  ok                                               3m5s              schedule        ${runId(1)}`,
      `2026-03-08T07:00:02+00:00  backup  failed 3                                         250ms  4.2s late  schedule        ${runId(2)}`,
      `2026-03-08T07:00:03+00:00  backup  ok                                               250ms             attempt 2 of 4  ${runId(3)}`,
      `2026-03-08T07:00:04+00:00  backup  timeout SIGTERM                                  250ms             attempt 3       ${runId(4)}`,
      '2026-03-08T07:00:05+00:00  backup  skipped: at its max                                                schedule',
      '2026-03-08T07:00:09+00:00  backup  missed 12 slots, 02:00 to 04:45: torch was down                    schedule',
      '',
    ])
  })

  test.each([
    [
      { slot: '2026-03-07T22:00:30Z' },
      'missed 12 slots, 2026-03-07 22:00:30 to 2026-03-08 04:45: torch was down',
    ],
    [
      { slot: '2026-03-07T22:00:00Z', lastSlot: '2026-03-07T23:00:00Z', count: 2 },
      'missed 2 slots, 2026-03-07 22:00 to 23:00: torch was down',
    ],
    [{ count: 1, lastSlot: miss.slot }, 'missed 1 slot, 02:00: torch was down'],
    [
      { reason: 'clock' },
      'missed 12 slots, 02:00 to 04:45: the machine slept, or its clock was set',
    ],
    [{ outcome: 'skipped', reason: 'draining', count: null }, 'skipped: the daemon was stopping'],
    [{ outcome: 'skipped', reason: 'new\u001b[2J', count: null }, 'skipped: new\ufffd[2J'],
  ] as const)('torch history shows the row %j as "%s"', async (changes, words) => {
    written(skipRow(0, { ...miss, ...changes }))
    expect((await shown([])).stdout).toContain(`  ${words}  `)
  })

  test.each([
    [
      93,
      '2026-03-08T07:00:03+00:00  backup  ok       250ms  attempt 2 of 4  20260308T070003.005-0000a3',
    ],
    [92, '2026-03-08T07:00:03+00:00  backup  ok       250ms  attempt 2 of 4  20260308T070003'],
    [81, '2026-03-08T07:00:03+00:00  backup  ok       250ms  2 of 4   20260308T070003'],
    [74, '2026-03-08T07:00:03  backup  ok       250ms  2 of 4   20260308T070003'],
  ])(
    'on a terminal of %d columns, torch history keeps the attempt and the beginning of the run id',
    async (columns, line) => {
      written(
        runRow(1, { run: runId(1) }),
        runRow(3, { run: runId(3), trigger: 'retry', attempt: 2 }),
      )
      kept(runRow(3, { run: runId(3) }), { 'run.json': { attempts: 4 } })
      const { stdout } = await shown([], { columns, colours: false })
      expect(stdout.split('\n')[2]).toBe(line)
    },
  )

  test('torch history shows as much of a run id as makes the ids different', async () => {
    const ids = ['20260308T070001.005-0000a1', '20260308T070001.006-0000a2']
    written(...ids.map((run, n) => runRow(n, { run })))
    const { stdout } = await shown([], { columns: 86 })
    const last = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ').at(-1))
    expect(last).toEqual(ids.map((id) => id.slice(0, 19)))
  })

  test('torch history fits a terminal of 80 columns', async () => {
    written(runRow(1, { run: runId(1), task: 'x'.repeat(60), lateMs: 9000 }), skipRow(0, miss))
    const { stdout } = await shown([], { columns: 80, colours: false })
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'AT (2026 +00:00)  TASK           OUTCOME         TOOK   TRIGGER  RUN',
      '03-08T07:00:01    xxxxxx…xxxxxx  ok              250ms  sched    20260308T070001',
      '03-08T07:00:09    backup         missed 12 slo…         sched',
    ])
  })

  test('on a terminal of 80 columns, the attempt has room beside a long task, outcome and duration', async () => {
    const task = 'x'.repeat(60)
    written(
      runRow(1, { run: runId(1), task, durationMs: 100 * 60_000 }),
      runRow(3, { run: runId(3), task, trigger: 'retry', attempt: 10, outcome: 'spawn-failed' }),
    )
    kept(runRow(3, { run: runId(3), task }), { 'run.json': { attempts: 12 } })
    const { stdout } = await shown([], { columns: 80, colours: false })
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'AT (2026 +00:00)  TASK           OUTCOME        TOOK   TRIGGER   RUN',
      '03-08T07:00:01    xxxxxx…xxxxxx  ok             1h40m  sched     20260308T070001',
      '03-08T07:00:03    xxxxxx…xxxxxx  spawn-failed…  250ms  10 of 12  20260308T070003',
    ])
  })

  test('a running row without a daemon and without a process is shown as ended', async () => {
    written(runRow(1, { outcome: 'running', endedAt: null, durationMs: null, exitCode: null }))
    expect((await shown([])).stdout).toContain('  ended, not recorded yet  ')
  })
})

describe('The rows that torch history selects', () => {
  beforeEach(() =>
    written(
      runRow(1),
      runRow(2, { task: 'dump', outcome: 'failed', exitCode: 1 }),
      runRow(3, { task: 'dump-www', outcome: 'timeout' }),
      skipRow(4, { task: 'rotate' }),
    ),
  )

  test.each([
    [['dump*'], ['dump', 'dump-www']],
    [
      ['dump', 'rotate'],
      ['dump', 'rotate'],
    ],
    [['*'], ['backup', 'dump', 'dump-www', 'rotate']],
    [['*', '-n', '1'], ['rotate']],
    [
      ['--outcome', 'failed,timeout'],
      ['dump', 'dump-www'],
    ],
    [
      ['--outcome', 'ok', '--outcome', 'skipped', '?????*'],
      ['backup', 'rotate'],
    ],
    [['--label', 'team=db'], ['dump']],
    [['--label', 'team=db', 'backup'], []],
    [
      ['--since', '2026-03-08T07:00:03Z'],
      ['dump-www', 'rotate'],
    ],
  ])('torch history %j selects rows of %j', async (words, tasks) => {
    const { stdout, stderr } = await shown([...words, '--json'])
    expect(stderr).toBe('')
    expect((JSON.parse(stdout) as HistoryRow[]).map((row) => row.task)).toEqual(tasks)
  })

  test.each([
    [['dmup'], 2, 'torch: there is no task "dmup"\nhint: did you mean "dump"?\n'],
    [['backup', 'dmup'], 2, 'torch: there is no task "dmup"\nhint: did you mean "dump"?\n'],
    [['x*'], 2, 'torch: no task matches "x*"\nhint: torch status lists the tasks\n'],
    [['backup', '--since', '2099-01-01'], 0, 'nothing recorded\n'],
    [
      ['--outcome', 'fail'],
      2,
      expect.stringMatching(/^torch: --outcome: expected one of running,/),
    ],
    [
      ['backup', '20260308T'],
      2,
      'torch: tasks and runs cannot be mixed\nhint: torch history TASK, or torch history RUN\n',
    ],
    [
      ['20270101T'],
      1,
      'torch: no recorded run begins with "20270101T"\nhint: torch history shows the runs\n',
    ],
  ])('torch history %j exits with %d and a message', async (words, status, stderr) => {
    expect(await shown(words)).toEqual({ status, stdout: '', stderr })
  })
})

describe('torch history RUN', () => {
  const row = runRow(2, {
    run: runId(2),
    outcome: 'failed',
    exitCode: 3,
    trigger: 'retry',
    attempt: 2,
  })
  test('torch history RUN shows everything about a run, named by the beginning of its id', async () => {
    written(runRow(1), row)
    const outcome = { run: runId(2), stragglers: 2 }
    const directory = kept(row, {
      'run.json': description,
      'outcome.json': outcome,
      output: 'oops\n',
    })
    const { stdout } = await shown([runId(2).slice(0, -3)])
    expect(stdout.split('\n')).toEqual([
      `run          ${runId(2)}`,
      'task         backup',
      'outcome      failed 3',
      'trigger      retry',
      'attempt      2 of 4',
      'slot         2026-03-08T07:00:02+00:00, started 5ms late',
      'started      2026-03-08T07:00:02.005+00:00',
      'ended        2026-03-08T07:00:02.255+00:00',
      'took         250ms',
      'host         web-1',
      'revision     abc1234-dirty',
      'definition   4b14914e9f610f7c',
      'command      pg_dump app |',
      '             gzip\ufffd[2J',
      'timeout      1h',
      'kill after   10s',
      'left behind  2 processes',
      `directory    ${directory}`,
      `output       5 bytes: torch logs backup --run ${runId(2)} --home ${home}`,
      '',
    ])
  })

  test('a run that somebody started from elsewhere says who, and one of the fleet has its token', async () => {
    const by = { trigger: 'manual', by: 'alice@db1\u001b[2J', token: 17 } as const
    written(runRow(1, { run: runId(1), ...by }))
    const { stdout } = await shown([runId(1)])
    expect(stdout).toMatch(/\ntrigger +manual by alice@db1\ufffd\[2J\n/)
    expect(stdout).toMatch(/\ntoken +17\n/)
    expect((await shown([])).stdout).toContain('manual by alice@db1\ufffd[2J')
  })

  test('torch history RUN says if the directory of the run was removed', async () => {
    written(row)
    const { stdout } = await shown([runId(2)])
    expect(stdout).toContain(
      `\ndirectory  ${home}/runs/backup/${runId(2)} (removed: the run is too old)\n`,
    )
  })

  test('torch history RUN --json prints a list with one row', async () => {
    written(row)
    expect(JSON.parse((await shown([runId(2), '--json'])).stdout)).toEqual([row])
  })
})

describe('torch history without history.db', () => {
  test('torch history of an empty home says that nothing is recorded', async () => {
    home = path.join(home, 'none')
    fs.mkdirSync(home)
    expect(await shown([])).toEqual({ status: 0, stdout: '', stderr: 'nothing recorded\n' })
  })

  test('torch history without history.db shows the runs that still have a directory, and says so', async () => {
    const base = {
      ...description,
      task: 'backup',
      startedMs: Date.UTC(2026, 2, 8, 7),
      dueMs: null,
      slot: null,
    }
    const rows = [runRow(1, { run: runId(1) }), runRow(2, { run: runId(2), task: 'other' })]
    for (const { run, task } of rows)
      kept(runRow(0, { run, task }), {
        'run.json': { ...base, run, task, trigger: 'manual', attempt: 1, host: 'web-1' },
        'outcome.json': { run, outcome: 'failed', exitCode: 3, endedMs: base.startedMs + 10 },
      })
    const { stdout, stderr } = await shown(['--outcome', 'failed'])
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(1, 3))).toEqual([
      ['TASK', 'OUTCOME'],
      ['backup', 'failed 3'],
      ['other', 'failed 3'],
      [],
    ])
    expect(stderr).toBe(
      `${home}/history.db does not exist: showing only the runs that still have a directory\n`,
    )
    expect((await shown(['oth*', '-n', '1'])).stdout).toContain(runId(2))
    // A full disk leaves an empty file.
    fs.writeFileSync(path.join(home, 'history.db'), '')
    expect(await shown(['--outcome', 'failed'])).toMatchObject({
      stdout,
      stderr: stderr.replace('does not exist', 'is empty'),
    })
    expect((await shown([runId(1)])).stdout).toContain('task        backup\n')
    expect((await shown(['20260308T'])).stderr).toMatch(/^.*\ntorch: several runs begin with/)
  })
})
