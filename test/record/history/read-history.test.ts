import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import type { HistoryRow, Outcome } from '../../../src/plan/history-row.ts'
import {
  historyFromRuns,
  type HistoryFilter,
  type HistoryReader,
  lastDurations,
  lastOkOfTasks,
  lastOfEachTask,
  lastOfGivenTasks,
  skipsOfTasks,
  readHistory,
  rowsQuery,
} from '../../../src/record/history/read-history.ts'
import { maxFailuresCounted } from '../../../src/record/history/task-habits.ts'
import {
  newFolder,
  openTestHistory,
  otherConnection,
  runRow,
  skipRow,
  smallDisk,
} from '../../support/history.ts'
import { mayMount } from '../../support/disk.ts'

function read(file: string) {
  const reader = readHistory(file)
  onTestFinished(() => reader.close())
  return reader
}

function written(...rows: HistoryRow[]) {
  const opened = openTestHistory()
  for (const row of rows) opened.history.add(row)
  opened.history.flush()
  return { ...opened, reader: read(opened.file) }
}

describe('rows', () => {
  const rows = [
    runRow(1),
    runRow(2, { task: 'dump', outcome: 'failed', exitCode: 1 }),
    skipRow(3),
    runRow(4, { outcome: 'failed', exitCode: 1 }),
    runRow(5, { task: 'dump' }),
  ]

  test.each<[string, HistoryFilter, number[]]>([
    ['all rows', { limit: 10 }, [0, 1, 2, 3, 4]],
    ['the newest rows', { limit: 2 }, [3, 4]],
    ['no rows for a limit of 0', { limit: 0 }, []],
    ['the rows of a task', { tasks: ['dump'], limit: 10 }, [1, 4]],
    ['the rows with an outcome', { outcomes: ['failed'], limit: 10 }, [1, 3]],
    [
      'the rows of a task with an outcome',
      { tasks: ['dump'], outcomes: ['failed'], limit: 10 },
      [1],
    ],
    ['the rows since a time', { since: rows[3]!.startedAt!, limit: 10 }, [3, 4]],
    [
      'the rows of a task since a time',
      { since: rows[1]!.startedAt!, tasks: ['backup'], limit: 10 },
      [2, 3],
    ],
    [
      'the rows of a task with an outcome since a time',
      { since: rows[1]!.startedAt!, tasks: ['backup'], outcomes: ['failed'], limit: 1 },
      [3],
    ],
    ['the rows of several tasks', { tasks: ['dump', 'none', 'backup'], limit: 3 }, [2, 3, 4]],
    ['the rows with several outcomes', { outcomes: ['failed', 'skipped'], limit: 9 }, [1, 2, 3]],
    [
      'the rows of several tasks with several outcomes',
      { tasks: ['dump', 'x'], outcomes: ['failed', 'ok'], since: rows[1]!.startedAt!, limit: 9 },
      [1, 4],
    ],
    ['all rows for empty lists', { tasks: [], outcomes: [], limit: 1 }, [4]],
    [
      'nothing for SQL in the name of a task',
      { tasks: [`'; DROP TABLE history; --`], limit: 10 },
      [],
    ],
  ])('the reader finds %s', (_, filter, expected) => {
    const { reader } = written(...rows)
    expect(reader.rows(filter)).toEqual(expected.map((index) => rows[index]))
  })

  test('rows are sorted by time, not by the order or the form in which they were written', () => {
    const slotOnly = skipRow(2, { startedAt: null, slot: '2026-03-08T07:00:02Z' })
    const { reader } = written(runRow(3), slotOnly, runRow(2), runRow(1))
    // The skip has the time of its slot; the run of the same second began 5 ms later.
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), slotOnly, runRow(2), runRow(3)])
  })

  test('a miss is sorted by the time when torch found it, not when the gap began', () => {
    const miss = skipRow(0, { outcome: 'missed', endedAt: runRow(5).startedAt })
    const { reader } = written(miss, runRow(1), runRow(9))
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), miss, runRow(9)])
  })
})

describe('the last of each task', () => {
  test('the last row of a task is its last finished run or, without one, its last skip or miss', () => {
    const running = runRow(8, { outcome: 'running', endedAt: null })
    const { reader } = written(
      runRow(1),
      runRow(2, { outcome: 'timeout' }),
      skipRow(3),
      running,
      skipRow(4, { task: 'skips' }),
      skipRow(5, { task: 'skips', outcome: 'missed' }),
      runRow(6, { task: 'Ärger', outcome: 'unknown', exitCode: null }),
    )
    expect(reader.lastOfEach()).toEqual(
      new Map([
        ['backup', runRow(2, { outcome: 'timeout' })],
        ['skips', skipRow(5, { task: 'skips', outcome: 'missed' })],
        ['Ärger', runRow(6, { task: 'Ärger', outcome: 'unknown', exitCode: null })],
      ]),
    )
  })

  test('the last of two runs at the same time is the one written later', () => {
    const { reader } = written(runRow(1), runRow(1, { run: 'second' }))
    expect(reader.lastOfEach().get('backup')?.run).toBe('second')
  })
})

describe('after a clock that was ahead was set back', () => {
  test('rows are in the order in which they happened, and --since still goes by their times', () => {
    const { file, history } = openTestHistory()
    const future = { startedAt: '2030-01-01T00:00:00.000Z', endedAt: '2030-01-01T00:00:01.000Z' }
    const place = Date.parse(future.startedAt)
    history.add(runRow(1))
    history.add(runRow(2, future))
    history.add(runRow(3), place + 1)
    history.add(skipRow(4), place + 2)
    history.add(runRow(3, { exitCode: 0 }), place + 1)
    history.flush()
    const reader = read(file)
    const rows = [runRow(1), runRow(2, future), runRow(3), skipRow(4)]
    expect(reader.rows({ limit: 9 })).toEqual(rows)
    expect(reader.rows({ limit: 2 })).toEqual(rows.slice(2))
    expect(reader.rows({ since: runRow(3).startedAt ?? '', limit: 9 })).toEqual(rows.slice(1))
    expect(reader.rows({ since: '2029-01-01T00:00:00+01:00', limit: 9 })).toEqual([rows[1]])
    expect(reader.lastOfEach().get('backup')?.run).toBe(runRow(3).run)
    expect(reader.lastMs()).toBe(place + 2)
  })
})

describe('recent failures and skips of each task', () => {
  const countsOf = ({ reader }: ReturnType<typeof written>) =>
    Object.fromEntries(reader.counts(reader.lastOfEach()))

  test('failures in a row and skips since the last start are counted for each task', () => {
    const killed = { outcome: 'killed', reason: 'stop' } as const
    const found = written(
      runRow(1, { outcome: 'failed' }),
      runRow(2),
      runRow(3, { outcome: 'failed' }),
      skipRow(4),
      runRow(5, killed),
      runRow(6, { outcome: 'timeout' }),
      skipRow(7),
      skipRow(8, { outcome: 'missed', reason: 'down' }),
      skipRow(9),
      runRow(10, { task: 'good' }),
      skipRow(11, { task: 'skips' }),
      skipRow(12, { task: 'skips' }),
    )
    expect(countsOf(found)).toEqual({
      backup: { failures: 2, skips: 2 },
      good: { failures: 0, skips: 0 },
      skips: { failures: 0, skips: 2 },
    })
  })

  test('the attempts of a run are one failure', () => {
    const retry = { outcome: 'failed', trigger: 'retry' } as const
    const found = written(
      runRow(1, { outcome: 'failed' }),
      runRow(2, { ...retry, attempt: 2 }),
      runRow(3, { ...retry, attempt: 3 }),
      runRow(4, { outcome: 'failed' }),
      runRow(5, { ...retry, attempt: 2 }),
      runRow(6, { task: 'other' }),
      runRow(7, { ...retry, task: 'other', attempt: 2 }),
    )
    expect(countsOf(found)).toMatchObject({ backup: { failures: 2 }, other: { failures: 1 } })
  })

  test('a reader looks back a bounded number of failures', () => {
    const rows = Array.from({ length: maxFailuresCounted + 5 }, (_, n) =>
      runRow(n, { outcome: 'failed' }),
    )
    expect(countsOf(written(...rows))).toMatchObject({ backup: { failures: maxFailuresCounted } })
  })
})

describe('a run', () => {
  const runs = [
    '20260308T070000-a1',
    '20260308T070000-a1b',
    '20260308T070001-c3',
    '20260308T070002-d4',
  ]
  const prepared = () => written(...runs.map((run, n) => runRow(n, { run }))).reader

  test.each([
    ['20260308T070001-c3', runs[2]],
    ['20260308T070002', runs[3]],
    ['20260308T070000-a1', runs[0]],
    ['20260308T070000-a1b', runs[1]],
    ['2026030', 'ambiguous'],
    ['20260309', undefined],
    ['', undefined],
    ['%', undefined],
    ['20260308T070002-d4x', undefined],
  ])('a run is found by the beginning %j of its id', (asked, found) => {
    const reader = prepared()
    if (found !== 'ambiguous') expect(reader.run(asked)?.run).toBe(found)
    else {
      expect(() => reader.run(asked)).toThrow(
        expect.objectContaining({
          code: 'ambiguous-run',
          exit: 2,
          message: `several runs begin with "2026030": ${runs.slice(0, 3).join(', ')}, ...`,
          hint: 'give more of the run id',
        }),
      )
    }
  })
})

describe('how long a task usually takes', () => {
  test('the usual duration is the median of the last ok runs', () => {
    const { reader } = written(
      runRow(1, { durationMs: 30 }),
      runRow(2, { durationMs: 1, outcome: 'failed' }),
      skipRow(3),
      runRow(4, { durationMs: null, outcome: 'running' }),
      runRow(5, { durationMs: 50 }),
      runRow(6, { durationMs: 10 }),
      runRow(7, { durationMs: 60, task: 'other' }),
      runRow(8, { durationMs: 70, task: 'fails', outcome: 'timeout' }),
    )
    expect(reader.usual(['backup', 'other', 'fails', 'none'])).toEqual(
      new Map([
        ['backup', 30],
        ['other', 60],
      ]),
    )
    expect(reader.usual([])).toEqual(new Map())
  })

  test('the usual duration follows the last 20 runs', () => {
    const old = Array.from({ length: 30 }, (_, n) => runRow(n, { durationMs: 1000 }))
    const young = Array.from({ length: 20 }, (_, n) => runRow(100 + n, { durationMs: 10 + n }))
    expect(
      written(...old, ...young)
        .reader.usual(['backup'])
        .get('backup'),
    ).toBe(20)
  })
})

test('tasks() gives the sorted names of all tasks with a row', () => {
  const { reader } = written(runRow(1), skipRow(2, { task: 'a' }), runRow(3), runRow(4))
  expect(reader.tasks()).toEqual(['a', 'backup'])
})

describe('the file', () => {
  test.each([
    ['a missing file', () => path.join(newFolder(), 'history.db')],
    ['a file in a missing directory', () => path.join(newFolder(), 'no/history.db')],
    ['an empty file', () => emptyFile()],
    ['a new file', () => openTestHistory().file],
  ])('%s is an empty history', (_, prepare) => {
    const reader = read(prepare())
    expect(reader.rows({ limit: 9 })).toEqual([])
    expect(reader.lastOfEach()).toEqual(new Map())
    expect(reader.run('2026')).toBeUndefined()
    expect(reader.usual(['backup'])).toEqual(new Map())
    expect(reader.tasks()).toEqual([])
  })

  function emptyFile(): string {
    const file = path.join(newFolder(), 'history.db')
    fs.writeFileSync(file, '')
    return file
  }

  test('a missing file is not created', () => {
    const folder = newFolder()
    read(path.join(folder, 'history.db')).close()
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test('a history can be read while a daemon writes it and while it is locked', () => {
    const { file, history, reader } = written(runRow(1))
    history.add(runRow(2))
    history.flush()
    otherConnection(file).exec('BEGIN IMMEDIATE')
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), runRow(2)])
  })

  test('the path of a history may contain characters that are special in a URI', () => {
    const file = path.join(newFolder(), 'a?mode=rwc#%20 b.db')
    const { history } = openTestHistory(file)
    history.add(runRow(1))
    history.close()
    expect(read(file).rows({ limit: 9 })).toEqual([runRow(1)])
  })

  test('history.db is complete without other files after the daemon ended in good order', () => {
    const { file, history } = written(runRow(1))
    history.close()
    const copy = path.join(newFolder(), 'copy.db')
    fs.copyFileSync(file, copy)
    expect(read(copy).rows({ limit: 9 })).toEqual([runRow(1)])
  })

  test('a history that a kill -9 left is read with all its rows', () => {
    const { file } = written(runRow(1), runRow(2))
    const folder = newFolder()
    // As a kill leaves it: the rows are still in the -wal file.
    for (const suffix of ['', '-wal'])
      fs.copyFileSync(file + suffix, path.join(folder, `h.db${suffix}`))
    expect(read(path.join(folder, 'h.db')).rows({ limit: 9 })).toEqual([runRow(1), runRow(2)])
  })

  test('half a write at the end of the -wal file is ignored', () => {
    const { file, history } = written(runRow(1))
    const whole = fs.statSync(`${file}-wal`).size
    history.add(runRow(2))
    history.flush()
    const folder = newFolder()
    for (const suffix of ['', '-wal'])
      fs.copyFileSync(file + suffix, path.join(folder, `h.db${suffix}`))
    const copy = path.join(folder, 'h.db')
    fs.truncateSync(`${copy}-wal`, whole + 5000)
    expect(read(copy).rows({ limit: 9 })).toEqual([runRow(1)])
    const { history: again } = openTestHistory(copy)
    again.add(runRow(3))
    again.flush()
    expect(read(copy).rows({ limit: 9 })).toEqual([runRow(1), runRow(3)])
  })

  test.each([
    [
      'a file that is not a database',
      (file: string) => fs.writeFileSync(file, 'no database\n'.repeat(999)),
      'file is not a database',
    ],
    [
      'the history of a newer torch',
      (file: string) => otherConnection(file).exec('CREATE TABLE t (x); PRAGMA user_version = 2'),
      'it is from a newer torch',
    ],
  ])('%s is an error that says so', (_, prepare, words) => {
    const file = path.join(newFolder(), 'history.db')
    prepare(file)
    expect(() => readHistory(file)).toThrow(
      expect.objectContaining({
        code: 'history-unreadable',
        exit: 1,
        message: `cannot read ${file}: ${words}`,
      }),
    )
  })

  // A directory that even root cannot write is a read-only mount, and only root can mount.
  test.skipIf(!mayMount())('a history in a read-only directory is read', () => {
    const { file, history } = written(runRow(1))
    history.close()
    const mount = smallDisk('4m')
    fs.copyFileSync(file, path.join(mount, 'history.db'))
    execFileSync('mount', ['-o', 'remount,ro', mount])
    expect(read(path.join(mount, 'history.db')).rows({ limit: 9 })).toEqual([runRow(1)])
  })
})

describe('with 100,000 rows', () => {
  function large(): string {
    const { file, history } = openTestHistory()
    history.close()
    const database = otherConnection(file)
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
      INSERT INTO history (at, run, task, outcome, duration_ms, host)
      SELECT i, 'run-' || i, 'task-' || (i % 100), iif(i % 1000 = 7, 'failed', 'ok'), i, 'web-1' FROM n`)
    database.close()
    return file
  }

  const since = '1970-01-01T00:01:00Z'

  test.each<[HistoryFilter, RegExp]>([
    [{ limit: 20 }, /INDEX history_by_time/],
    [{ since, limit: 20 }, /INDEX history_by_time/],
    [{ tasks: ['task-7'], limit: 20 }, /INDEX history_by_task/],
    [{ tasks: ['task-7'], since, limit: 20 }, /INDEX history_by_task/],
    [{ outcomes: ['failed'], limit: 20 }, /INDEX history_by_outcome/],
    [{ outcomes: ['failed'], since, limit: 20 }, /INDEX history_by_outcome/],
    [
      { tasks: ['task-7'], outcomes: ['failed'], since, limit: 20 },
      /INDEX history_by_(task|outcome)/,
    ],
  ])('the query for %j uses an index, and sorts nothing', (filter, index) => {
    const { sql, values } = rowsQuery(filter)
    const plan = planOf(sql, values)
    expect(plan).toMatch(index)
    expect(plan).not.toContain('TEMP B-TREE')
  })

  test('the query for usual durations makes one seek for each task', () => {
    const plan = planOf(lastDurations, ['[]'])
    expect(plan).toContain('SEARCH history USING INDEX history_finished (task=?)')
    expect(plan).toContain('SEARCH history USING INTEGER PRIMARY KEY (rowid=?)')
    expect(plan).not.toContain('SCAN history')
  })

  test('the query for the last row of each task makes one seek for each task', () => {
    const plan = planOf(lastOfEachTask, [])
    expect(plan).toContain('SEARCH history USING INDEX history_finished (task=?)')
    expect(plan).toContain('SEARCH history USING COVERING INDEX history_by_task (task>?)')
    expect(plan).not.toContain('SCAN history')
    expect(planOf(lastOfGivenTasks, ['[]'])).not.toContain('SCAN history')
    expect(planOf(skipsOfTasks, ['[]'])).not.toContain('SCAN history')
    const lastOk = planOf(lastOkOfTasks, ['[]'])
    expect(lastOk).toContain('SEARCH history USING INDEX history_finished (task=?)')
    expect(lastOk).not.toMatch(/SCAN history|TEMP B-TREE/)
  })

  function planOf(sql: string, values: (string | number)[]): string {
    const database = otherConnection(openTestHistory().file)
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
    return (steps as { detail: string }[]).map((step) => step.detail).join('; ')
  }

  test('every query gives the right rows', () => {
    const reader = read(large())
    expect(reader.rows({ tasks: ['task-7'], limit: 20 })).toHaveLength(20)
    expect(reader.rows({ outcomes: ['failed'], limit: 20 })).toHaveLength(20)
    expect(reader.lastOfEach().size).toBe(100)
    expect(reader.run('run-77777')?.task).toBe('task-77')
    expect(reader.usual(['task-99', 'none'])).toEqual(new Map([['task-99', 99_099]]))
    expect(reader.tasks()).toHaveLength(100)
    const tasks = reader.tasks()
    expect(reader.rows({ tasks, outcomes: ['ok', 'failed'], limit: 20 })).toHaveLength(20)
  })
})

describe('lastOk', () => {
  test('the last run that was ok is found behind failures, and there is none for a task that never was', () => {
    const { reader } = written(
      runRow(1),
      runRow(2),
      runRow(3, { outcome: 'failed' }),
      skipRow(4),
      runRow(5, { task: 'dump' }),
      runRow(6, { task: 'bad', outcome: 'timeout' }),
    )
    expect(reader.lastOk(reader.lastOfEach())).toEqual(
      new Map([
        ['backup', runRow(2).endedAt],
        ['dump', runRow(5).endedAt],
      ]),
    )
  })
})

describe('the history from the directories of runs', () => {
  const run = (second: number) => `20260308T07000${second}.000-00000${second}`
  const start = Date.UTC(2026, 2, 8, 7)

  /** Directories of runs: task, second of the start, outcome and duration. */
  function runs(...all: [task: string, second: number, outcome?: Outcome, ms?: number][]) {
    const folder = newFolder()
    for (const [task, second, outcome, ms = 0] of all) {
      const directory = path.join(folder, task, run(second))
      fs.mkdirSync(directory, { recursive: true })
      const startedMs = start + second * 1000
      const description = {
        run: run(second),
        task,
        startedMs,
        slot: null,
        dueMs: null,
        host: 'web1',
      }
      fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify(description))
      if (outcome === undefined) continue
      const conclusion = { run: run(second), outcome, exitCode: 0, endedMs: startedMs + ms }
      fs.writeFileSync(path.join(directory, 'outcome.json'), JSON.stringify(conclusion))
    }
    return historyFromRuns(thisMachine(), folder)
  }

  const seconds = (reader: HistoryReader, filter: Parameters<HistoryReader['rows']>[0]) =>
    reader.rows(filter).map((row) => Number(row.run?.at(-1)))

  test('it has the rows of all runs by time, with the same filters as history.db', () => {
    const reader = runs(['b', 1, 'ok'], ['a', 2, 'failed'], ['b', 3], ['a', 4, 'ok'])
    expect(seconds(reader, { limit: 9 })).toEqual([1, 2, 3, 4])
    expect(seconds(reader, { limit: 2 })).toEqual([3, 4])
    expect(seconds(reader, { limit: 0 })).toEqual([])
    expect(seconds(reader, { tasks: ['a'], limit: 9 })).toEqual([2, 4])
    expect(seconds(reader, { outcomes: ['ok', 'running'], limit: 9 })).toEqual([1, 3, 4])
    expect(seconds(reader, { since: '2026-03-08T07:00:03Z', limit: 9 })).toEqual([3, 4])
    expect(reader.tasks()).toEqual(['a', 'b'])
  })

  test('its last row of each task is the last run that has ended', () => {
    const reader = runs(['a', 1, 'ok'], ['a', 2, 'failed'], ['a', 3], ['b', 4])
    expect([...reader.lastOfEach()].map(([task, row]) => [task, row.outcome])).toEqual([
      ['a', 'failed'],
    ])
  })

  test('it finds a run by the beginning of its id', () => {
    const reader = runs(['a', 1, 'ok'], ['b', 2, 'ok'])
    expect(reader.run(run(2))?.task).toBe('b')
    expect(reader.run(run(1).slice(0, -1))?.task).toBe('a')
    expect(reader.run('2027')).toBeUndefined()
    expect(reader.run('')).toBeUndefined()
    expect(() => reader.run('2026')).toThrow(`several runs begin with "2026": ${run(1)}, ${run(2)}`)
  })

  test('its usual duration is the median of the ok runs', () => {
    const reader = runs(
      ['a', 1, 'ok', 10],
      ['a', 2, 'ok', 30],
      ['a', 3, 'ok', 20],
      ['a', 4, 'failed', 99],
      ['b', 5],
    )
    expect(reader.usual(['a', 'b', 'c'])).toEqual(new Map([['a', 20]]))
  })

  test('it leaves out runs that cannot be read, and directories that are not runs', () => {
    const folder = newFolder()
    fs.mkdirSync(path.join(folder, 'a', run(1)), { recursive: true })
    fs.mkdirSync(path.join(folder, 'a', 'notes'))
    expect(historyFromRuns(thisMachine(), folder).rows({ limit: 9 })).toEqual([])
    expect(historyFromRuns(thisMachine(), path.join(folder, 'none')).tasks()).toEqual([])
  })
})
