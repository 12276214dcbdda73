import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { maxPrunedRows } from '../../../src/record/history/database.ts'
import {
  newFolder,
  openTestHistory,
  otherConnection,
  rowsOf,
  runRow,
  skipRow,
} from '../../support/history.ts'

test('history.db is for its owner only', () => {
  const { file } = openTestHistory()
  const folder = path.dirname(file)
  const names = fs.readdirSync(folder)
  expect(names).toEqual(['history.db', 'history.db-shm', 'history.db-wal'])
  const modes = names.map((name) => fs.statSync(path.join(folder, name)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600, 0o600])
})

test('a history whose file is removed continues in a new file', () => {
  const { file, history } = openTestHistory()
  history.add(runRow(1))
  history.flush()
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix)
  history.add(runRow(2))
  history.flush()
  expect(rowsOf(file)).toEqual([runRow(2)])
})

test('onNew is called again until it does not throw', () => {
  let tries = 0
  const onNew = (): void => {
    tries += 1
    if (tries < 3) throw new Error('not now')
  }
  const { file, history, timers, troubles } = openTestHistory(undefined, { onNew })
  history.add(runRow(1))
  timers.fire()
  timers.fire()
  expect(tries).toBe(3)
  expect(troubles).toEqual([
    'the history cannot be written, its rows wait: not now',
    'the history is being written again',
  ])
  expect(rowsOf(file)).toEqual([runRow(1)])
})

describe('a file that cannot be used', () => {
  const made = new Date('2026-03-08T07:00:00.250Z')

  function openOver(prepare: (file: string) => void) {
    const file = path.join(newFolder(), 'history.db')
    prepare(file)
    fs.utimesSync(file, made, made)
    const opened = openTestHistory(file)
    opened.history.add(runRow(1))
    opened.history.flush()
    expect(rowsOf(file)).toEqual([runRow(1)])
    const names = fs.readdirSync(path.dirname(file))
    return { ...opened, aside: names.filter((name) => !/^history\.db(-wal|-shm)?$/.test(name)) }
  }

  test('a file that is not a database is renamed', () => {
    const { troubles, aside, file } = openOver((name) =>
      fs.writeFileSync(name, 'no database\n'.repeat(999)),
    )
    expect(troubles).toEqual([
      'history.db is damaged (file is not a database): renamed to history.db.damaged-20260308T070000Z, a new one is started',
    ])
    expect(aside).toEqual(['history.db.damaged-20260308T070000Z'])
    expect(fs.readFileSync(path.join(path.dirname(file), aside[0]!), 'utf8')).toMatch(
      /^no database\n/,
    )
  })

  test('a file of a newer torch is renamed with its -wal and -shm', () => {
    const { troubles, aside } = openOver((file) => {
      const newer = otherConnection(file)
      newer.exec('PRAGMA journal_mode = WAL; CREATE TABLE history (x); PRAGMA user_version = 2')
      newer.close()
    })
    expect(troubles).toEqual([
      'history.db is from a newer torch: renamed to history.db.newer-20260308T070000Z, a new one is started',
    ])
    const whole = ['', '-shm', '-wal'].map((suffix) => `history.db.newer-20260308T070000Z${suffix}`)
    expect(aside).toEqual(whole)
  })

  test('a file of another program is renamed', () => {
    const { troubles } = openOver((file) => otherConnection(file).exec('CREATE TABLE cookies (x)'))
    expect(troubles).toEqual([
      'history.db belongs to another program: renamed to history.db.foreign-20260308T070000Z, a new one is started',
    ])
  })

  test('a file of an earlier version keeps its rows, and gets a place for what is new', () => {
    const { file, history } = openTestHistory()
    history.add(runRow(1))
    history.flush()
    history.close()
    // As the first version made it.
    const first = otherConnection(file)
    for (const column of ['script', 'started_by', 'token'])
      first.exec(`ALTER TABLE history DROP COLUMN ${column}`)
    first.close()
    expect(rowsOf(file)).toEqual([runRow(1)])
    const again = openTestHistory(file)
    const script = { url: 'https://example.com/x', sha256: 'ab'.repeat(32), stale: 'gone' }
    again.history.add(runRow(2, { script, by: 'alice@db1', token: 17 }))
    again.history.flush()
    const second = runRow(2, { script, by: 'alice@db1', token: 17 })
    expect(rowsOf(file)).toEqual([runRow(1), second])
    // The version before had scripts, and no more.
    again.history.close()
    const middle = otherConnection(file)
    for (const column of ['started_by', 'token'])
      middle.exec(`ALTER TABLE history DROP COLUMN ${column}`)
    middle.close()
    expect(rowsOf(file)).toEqual([runRow(1), runRow(2, { script })])
    openTestHistory(file)
    // The first version names its columns, and can go on with this file.
    const older = otherConnection(file)
    older.exec(`INSERT INTO history (at, run, task, outcome, host) VALUES (1, 'x', 'a', 'ok', 'h')`)
    older.close()
    expect(rowsOf(file)).toHaveLength(3)
  })

  test('an empty file is a new history', () => {
    const { troubles, aside } = openOver((file) => fs.writeFileSync(file, ''))
    expect([troubles, aside]).toEqual([[], []])
  })

  test('a file that was renamed before is not overwritten', () => {
    const { aside } = openOver((file) => {
      fs.writeFileSync(file, 'no database\n'.repeat(999))
      fs.writeFileSync(`${file}.damaged-20260308T070000Z`, 'older')
    })
    expect(aside).toEqual([
      'history.db.damaged-20260308T070000Z',
      'history.db.damaged-20260308T070000Z-2',
    ])
  })

  /** A history of 2000 rows that was closed in good order. */
  function fullHistory(): string {
    const { file, history } = openTestHistory()
    for (let n = 0; n < 2000; n += 1) history.add(runRow(n))
    history.close()
    return file
  }

  test.each([
    [
      'cut off',
      (file: string, size: number) => fs.truncateSync(file, Math.floor(size / 8192) * 4096),
    ],
    ['overwritten in the middle', (file: string, size: number) => garble(file, 4096, size)],
    ['without its first page', (file: string) => garble(file, 0, 4096)],
  ])('a file that was %s is replaced at the next write, and no new row is lost', (_, damage) => {
    const file = fullHistory()
    damage(file, fs.statSync(file).size)
    const { history, troubles } = openTestHistory(file)
    for (let n = 3000; n < 3500; n += 1) history.add(runRow(n))
    history.flush()
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(/^history\.db is damaged \(.*\): renamed to history\.db\.damaged-/)
    expect(rowsOf(file)).toHaveLength(500)
  })

  test('a file that is damaged while it is open is replaced at the next write', () => {
    const file = fullHistory()
    const { history, troubles } = openTestHistory(file)
    garble(file, 4096, fs.statSync(file).size)
    history.add(runRow(5000))
    history.flush()
    expect(troubles[0]).toMatch(/^history\.db is damaged/)
    expect(rowsOf(file)).toEqual([runRow(5000)])
  })
})

/** Overwrites a part of the file. */
function garble(file: string, from: number, to: number): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, Buffer.alloc(to - from, 0xa5), 0, to - from, from)
  fs.closeSync(descriptor)
}

describe('pruning', () => {
  const since = (n: number) => runRow(n).startedAt!
  const never = Number.MAX_SAFE_INTEGER

  function filled(...rows: ReturnType<typeof runRow>[]) {
    const opened = openTestHistory()
    for (const row of rows) opened.history.add(row)
    opened.history.flush()
    return { ...opened, left: () => rowsOf(opened.file).map((row) => row.run ?? row.outcome) }
  }

  test('pruning deletes the rows from before a time', () => {
    const { history, left } = filled(runRow(1), skipRow(1), runRow(2), runRow(3), skipRow(9))
    expect(history.prune(since(3), never)).toBe(3)
    expect(left()).toEqual([runRow(3).run, 'skipped'])
    expect(history.prune(since(3), never)).toBe(0)
  })

  test('pruning deletes the oldest rows over a number of rows', () => {
    const { history, left } = filled(runRow(1), runRow(2), runRow(3), runRow(4))
    expect(history.prune(since(0), 3)).toBe(1)
    expect(left()).toEqual([runRow(2).run, runRow(3).run, runRow(4).run])
  })

  test('pruning keeps running runs, and the last finished run of each task', () => {
    const { history, left } = filled(
      runRow(1, { outcome: 'running' }),
      runRow(2, { task: 'yearly' }),
      runRow(3, { task: 'yearly' }),
      skipRow(4, { task: 'yearly' }),
      skipRow(5, { task: 'never-ran' }),
      runRow(6),
    )
    expect(history.prune(since(1000), 0)).toBe(3)
    expect(left()).toEqual([runRow(1).run, runRow(3).run, runRow(6).run])
  })

  test('a row that was kept is deleted within a day after its task has run again', () => {
    const { history, left } = filled(runRow(1, { task: 'yearly' }), runRow(2), runRow(3))
    expect(history.prune(since(3), never)).toBe(1)
    history.add(runRow(4, { task: 'yearly' }))
    history.flush()
    const minutes = Array.from({ length: 24 * 60 + 1 }, () => history.prune(since(3), never))
    expect(minutes.filter((gone) => gone > 0)).toEqual([1])
    expect(left()).toEqual([runRow(3).run, runRow(4).run])
  })

  test('rows that are kept are not checked at each call', () => {
    const { history, timers } = filled()
    for (let n = 0; n < maxPrunedRows + 5; n += 1) history.add(runRow(n, { task: `yearly-${n}` }))
    history.flush()
    timers.fire()
    expect(history.prune(since(100_000), never)).toBe(0)
    // The rest of the first check; later calls have nothing left to check.
    expect(timers.set()).toEqual([100])
    timers.fire()
    expect(timers.set()).toEqual([])
    history.prune(since(100_000), never)
    expect(timers.set()).toEqual([])
  })

  test('many old rows are deleted in parts', () => {
    const { file, history, timers } = filled()
    const total = maxPrunedRows * 2 + 10
    for (let n = 0; n < total; n += 1) history.add(skipRow(n))
    history.flush()
    timers.fire()
    expect(history.prune(since(100_000), never)).toBe(maxPrunedRows)
    const steps = [1, 2].map(() => {
      const wait = timers.set()
      timers.fire()
      return [...wait, rowsOf(file).length]
    })
    expect(steps).toEqual([
      [100, 10],
      [100, 0],
    ])
    expect(timers.set()).toEqual([])
  })
})
