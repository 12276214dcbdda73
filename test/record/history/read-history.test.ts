import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import {
  type HistoryFilter,
  lastDurations,
  lastOfEachTask,
  readHistory,
  rowsQuery,
} from '../../../src/record/history/read-history.ts'
import {
  newFolder,
  openTestHistory,
  otherConnection,
  runRow,
  skipRow,
  smallDisk,
} from '../support.ts'
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
    ['all', { limit: 10 }, [0, 1, 2, 3, 4]],
    ['the newest', { limit: 2 }, [3, 4]],
    ['none', { limit: 0 }, []],
    ['of a task', { tasks: ['dump'], limit: 10 }, [1, 4]],
    ['of an outcome', { outcomes: ['failed'], limit: 10 }, [1, 3]],
    ['of both', { tasks: ['dump'], outcomes: ['failed'], limit: 10 }, [1]],
    ['since a time', { since: rows[3]!.startedAt!, limit: 10 }, [3, 4]],
    [
      'since a time, of a task',
      { since: rows[1]!.startedAt!, tasks: ['backup'], limit: 10 },
      [2, 3],
    ],
    [
      'of all three',
      { since: rows[1]!.startedAt!, tasks: ['backup'], outcomes: ['failed'], limit: 1 },
      [3],
    ],
    ['of several tasks', { tasks: ['dump', 'none', 'backup'], limit: 3 }, [2, 3, 4]],
    ['of several outcomes', { outcomes: ['failed', 'skipped'], limit: 9 }, [1, 2, 3]],
    [
      'of several of both',
      { tasks: ['dump', 'x'], outcomes: ['failed', 'ok'], since: rows[1]!.startedAt!, limit: 9 },
      [1, 4],
    ],
    ['of no tasks at all: of all', { tasks: [], outcomes: [], limit: 1 }, [4]],
    ['of no such task', { tasks: [`'; DROP TABLE history; --`], limit: 10 }, []],
  ])('%s', (_, filter, expected) => {
    const { reader } = written(...rows)
    expect(reader.rows(filter)).toEqual(expected.map((index) => rows[index]))
  })

  test('are sorted by time, whatever order they came in and however it is written', () => {
    const slotOnly = skipRow(2, { startedAt: null, slot: '2026-03-08T07:00:02Z' })
    const { reader } = written(runRow(3), slotOnly, runRow(2), runRow(1))
    // The slot is the whole second, the run began 5 ms after it.
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), slotOnly, runRow(2), runRow(3)])
  })

  test('a miss is where it was found out, not where the gap began', () => {
    const miss = skipRow(0, { outcome: 'missed', endedAt: runRow(5).startedAt })
    const { reader } = written(miss, runRow(1), runRow(9))
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), miss, runRow(9)])
  })
})

describe('the last of each task', () => {
  test('is its last finished run; without one its last row of any kind', () => {
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

  test('of two at the same time it is the later written', () => {
    const { reader } = written(runRow(1), runRow(1, { run: 'second' }))
    expect(reader.lastOfEach().get('backup')?.run).toBe('second')
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
  ])('%j', (asked, found) => {
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
  test('is the median of its last runs that were ok', () => {
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

  test('follows the last twenty', () => {
    const old = Array.from({ length: 30 }, (_, n) => runRow(n, { durationMs: 1000 }))
    const young = Array.from({ length: 20 }, (_, n) => runRow(100 + n, { durationMs: 10 + n }))
    expect(
      written(...old, ...young)
        .reader.usual(['backup'])
        .get('backup'),
    ).toBe(20)
  })
})

test('the names of all tasks that have a row', () => {
  const { reader } = written(runRow(1), skipRow(2, { task: 'a' }), runRow(3), runRow(4))
  expect(reader.tasks()).toEqual(['a', 'backup'])
})

describe('the file', () => {
  test.each([
    ['a missing one', () => path.join(newFolder(), 'history.db')],
    ['one in a missing folder', () => path.join(newFolder(), 'no/history.db')],
    ['an empty one', () => emptyFile()],
    ['a new one', () => openTestHistory().file],
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

  test('a missing one is not made', () => {
    const folder = newFolder()
    read(path.join(folder, 'history.db')).close()
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test('is read while it is written, and while somebody holds it locked', () => {
    const { file, history, reader } = written(runRow(1))
    history.add(runRow(2))
    history.flush()
    otherConnection(file).exec('BEGIN IMMEDIATE')
    expect(reader.rows({ limit: 9 })).toEqual([runRow(1), runRow(2)])
  })

  test('is the same one beside a name that is a URI in part', () => {
    const file = path.join(newFolder(), 'a?mode=rwc#%20 b.db')
    const { history } = openTestHistory(file)
    history.add(runRow(1))
    history.close()
    expect(read(file).rows({ limit: 9 })).toEqual([runRow(1)])
  })

  test('is complete by itself after the daemon ended in order', () => {
    const { file, history } = written(runRow(1))
    history.close()
    const copy = path.join(newFolder(), 'copy.db')
    fs.copyFileSync(file, copy)
    expect(read(copy).rows({ limit: 9 })).toEqual([runRow(1)])
  })

  test('left by a kill -9 is read with all that was written', () => {
    const { file } = written(runRow(1), runRow(2))
    const folder = newFolder()
    // As a kill leaves it: the rows are in the -wal, nobody cleaned up.
    for (const suffix of ['', '-wal'])
      fs.copyFileSync(file + suffix, path.join(folder, `h.db${suffix}`))
    expect(read(path.join(folder, 'h.db')).rows({ limit: 9 })).toEqual([runRow(1), runRow(2)])
  })

  test('half a write at the end of the -wal is as if it was never begun', () => {
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
      'junk',
      (file: string) => fs.writeFileSync(file, 'no database\n'.repeat(999)),
      'file is not a database',
    ],
    [
      'a newer one',
      (file: string) => otherConnection(file).exec('CREATE TABLE t (x); PRAGMA user_version = 2'),
      'it was made by a newer torch',
    ],
  ])('%s is an error for a person', (_, prepare, words) => {
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

  // A folder that nobody can write is a mount; only root may make one.
  test.skipIf(!mayMount())('in a home that cannot be written', () => {
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
  ])('%j uses an index, and sorts nothing', (filter, index) => {
    const { sql, values } = rowsQuery(filter)
    const plan = planOf(sql, values)
    expect(plan).toMatch(index)
    expect(plan).not.toContain('TEMP B-TREE')
  })

  test('how long tasks take is one seek for each', () => {
    const plan = planOf(lastDurations, ['[]'])
    expect(plan).toContain('SEARCH history USING INDEX history_finished (task=?)')
    expect(plan).toContain('SEARCH history USING INTEGER PRIMARY KEY (rowid=?)')
    expect(plan).not.toContain('SCAN history')
  })

  test('the last of each task is one seek for each', () => {
    const plan = planOf(lastOfEachTask, [])
    expect(plan).toContain('SEARCH history USING INDEX history_finished (task=?)')
    expect(plan).toContain('SEARCH history USING COVERING INDEX history_by_task (task>?)')
    expect(plan).not.toContain('SCAN history')
  })

  function planOf(sql: string, values: (string | number)[]): string {
    const database = otherConnection(openTestHistory().file)
    const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
    return (steps as { detail: string }[]).map((step) => step.detail).join('; ')
  }

  test('nobody waits', () => {
    const reader = read(large())
    const before = performance.now()
    expect(reader.rows({ tasks: ['task-7'], limit: 20 })).toHaveLength(20)
    expect(reader.rows({ outcomes: ['failed'], limit: 20 })).toHaveLength(20)
    expect(reader.lastOfEach().size).toBe(100)
    expect(reader.run('run-77777')?.task).toBe('task-77')
    expect(reader.usual(['task-99', 'none'])).toEqual(new Map([['task-99', 99_099]]))
    expect(reader.tasks()).toHaveLength(100)
    const tasks = reader.tasks()
    expect(reader.rows({ tasks, outcomes: ['ok', 'failed'], limit: 20 })).toHaveLength(20)
    // Measured: 3 ms. A scan of the table for each would take some hundred.
    expect(performance.now() - before).toBeLessThan(100)
  })
})
