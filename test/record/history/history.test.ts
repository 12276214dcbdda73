import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { maxBatchRows } from '../../../src/record/history/history.ts'
import { maxPrunedRows } from '../../../src/record/history/prune.ts'
import { readHistory } from '../../../src/record/history/read-history.ts'
import { maxQueuedRows, newRowQueue } from '../../../src/record/history/row-queue.ts'
import {
  newFolder,
  openTestHistory,
  otherConnection,
  runRow,
  skipRow,
  smallDisk,
} from '../support.ts'
import { fillDisk, mayMount } from '../../support/disk.ts'

function rowsOf(file: string, limit = 1_000_000) {
  const reader = readHistory(file)
  const rows = reader.rows({ limit })
  reader.close()
  return rows
}

describe('writing', () => {
  test('every column comes back as it was', () => {
    const { file, history } = openTestHistory()
    const rows = [
      runRow(1),
      runRow(2, {
        outcome: 'killed',
        exitCode: null,
        signal: 'SIGTERM',
        reason: 'kill',
        attempt: 3,
      }),
      skipRow(3),
      skipRow(4, {
        outcome: 'missed',
        reason: 'down',
        lastSlot: '2026-03-08T08:00:00Z',
        count: 3600,
      }),
      runRow(7300, {
        slot: null,
        trigger: 'manual',
        lateMs: null,
        revision: null,
        task: `it's "ö"`,
      }),
    ]
    for (const row of rows) history.add(row)
    history.flush()
    expect(rowsOf(file)).toEqual([rows[0], rows[1], rows[2], rows[3], rows[4]])
  })

  test('waits for the timer, and is one write for all that came meanwhile', () => {
    const { file, history, timers, written } = openTestHistory()
    history.add(runRow(1))
    history.add(skipRow(2))
    expect(timers.set()).toEqual([200])
    expect(rowsOf(file)).toEqual([])
    timers.fire()
    expect(rowsOf(file)).toEqual([runRow(1), skipRow(2)])
    expect(written).toEqual([runRow(1), skipRow(2)])
    expect(timers.set()).toEqual([])
  })

  test('a lot goes in parts, with room for others between', () => {
    const { file, history, timers } = openTestHistory()
    for (let n = 0; n < maxBatchRows * 2 + 1; n += 1) history.add(runRow(n))
    const sizes = [1, 2, 3].map(() => {
      timers.fire()
      return [rowsOf(file).length, ...timers.set()]
    })
    expect(sizes).toEqual([[maxBatchRows, 0], [maxBatchRows * 2, 0], [maxBatchRows * 2 + 1]])
  })

  test('the end of a run replaces its start, skips stay each for itself', () => {
    const { file, history } = openTestHistory()
    const started = { outcome: 'running', endedAt: null, durationMs: null, exitCode: null } as const
    history.add(runRow(1, started))
    history.flush()
    expect(rowsOf(file)).toEqual([runRow(1, started)])
    history.add(skipRow(2))
    history.add(skipRow(2))
    history.add(runRow(1, { outcome: 'failed', exitCode: 3 }))
    history.flush()
    expect(rowsOf(file)).toEqual([
      runRow(1, { outcome: 'failed', exitCode: 3 }),
      skipRow(2),
      skipRow(2),
    ])
  })

  test('the row of a run that never began is taken back, that of one that ended is not', () => {
    const { file, history } = openTestHistory()
    history.add(runRow(1, { outcome: 'running' }))
    history.add(runRow(2))
    history.flush()
    for (const row of [runRow(1), runRow(2)]) history.takeBack(row.run ?? '')
    expect(rowsOf(file)).toHaveLength(2)
    history.flush()
    expect(rowsOf(file)).toEqual([runRow(2)])
  })

  test('the file is for its owner only', () => {
    const { file } = openTestHistory()
    const folder = path.dirname(file)
    const names = fs.readdirSync(folder)
    expect(names).toEqual(['history.db', 'history.db-shm', 'history.db-wal'])
    const modes = names.map((name) => fs.statSync(path.join(folder, name)).mode & 0o777)
    expect(modes).toEqual([0o600, 0o600, 0o600])
  })

  test('close writes what waits, sets no timer, and takes no more', () => {
    const { file, history, timers, troubles } = openTestHistory()
    history.add(runRow(1))
    history.close()
    history.add(runRow(2))
    history.close()
    expect(rowsOf(file)).toEqual([runRow(1)])
    expect([timers.set(), troubles]).toEqual([[], []])
  })

  test('a row that the table refuses does not hold up the others', () => {
    const { file, history, troubles, timers } = openTestHistory()
    const broken = JSON.parse(JSON.stringify({ ...runRow(2), task: null }))
    for (const row of [runRow(1), broken, runRow(3)]) history.add(row)
    timers.fire()
    expect(rowsOf(file)).toEqual([runRow(1), runRow(3)])
    expect(troubles).toEqual(['history left out 1 rows that are not as they should be'])
  })
})

describe('trouble', () => {
  test('locked by another: told once, tried again ever more seldom, told when it is over', () => {
    const { file, history, timers, troubles, written } = openTestHistory()
    const other = otherConnection(file)
    other.exec('BEGIN IMMEDIATE')
    history.add(runRow(1))
    const waits = Array.from({ length: 8 }, () => {
      timers.fire()
      return timers.set()[0]
    })
    expect(waits).toEqual([1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000])
    expect(troubles).toEqual(['history cannot be written, and waits: database is locked'])
    expect(written).toEqual([])
    history.add(runRow(2))
    expect(timers.set()).toEqual([5000])
    other.exec('COMMIT')
    timers.fire()
    expect(troubles.slice(1)).toEqual(['history is written again'])
    expect(rowsOf(file)).toEqual([runRow(1), runRow(2)])
    expect(timers.set()).toEqual([])
  })

  test('who has nothing else to do waits for a lock, and then writes', async () => {
    const { file, history, troubles } = openTestHistory(undefined, { lockWaitMs: 20_000 })
    const holder = `
      import Database from 'libsql'
      const database = new Database(${JSON.stringify(file)})
      database.exec('BEGIN IMMEDIATE')
      console.log('held')
      setTimeout(() => database.exec('COMMIT'), 300)
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    history.add(runRow(1))
    history.close()
    expect(troubles).toEqual([])
    expect(rowsOf(file)).toEqual([runRow(1)])
  })

  test('a lock does not stop the daemon for long', () => {
    const { file, history } = openTestHistory()
    otherConnection(file).exec('BEGIN IMMEDIATE')
    for (let n = 0; n < maxBatchRows * 4; n += 1) history.add(runRow(n))
    const before = performance.now()
    history.flush()
    expect(performance.now() - before).toBeLessThan(400)
  })

  test('ends at close: what could not be written is counted', () => {
    const { file, history, troubles, timers } = openTestHistory()
    otherConnection(file).exec('BEGIN IMMEDIATE')
    history.add(runRow(1))
    history.close()
    expect(troubles.slice(1)).toEqual(['history ends without 1 rows'])
    expect(timers.set()).toEqual([])
  })

  test('no folder yet: all waits until there is one', () => {
    const file = path.join(newFolder(), 'later', 'history.db')
    const { history, timers, troubles } = openTestHistory(file)
    history.add(runRow(1))
    expect(troubles).toEqual([
      `history cannot be written, and waits: ENOENT: no such file or directory, open '${file}'`,
    ])
    fs.mkdirSync(path.dirname(file))
    timers.fire()
    expect(troubles.slice(1)).toEqual(['history is written again'])
    expect(rowsOf(file)).toEqual([runRow(1)])
  })

  test.skipIf(!mayMount())('a full disk: all waits until there is room', () => {
    const disk = smallDisk('1m')
    const { file, history, timers, troubles } = openTestHistory(path.join(disk, 'history.db'))
    const makeRoom = fillDisk(disk)
    for (let n = 0; n < 1000; n += 1) history.add(runRow(n))
    history.flush()
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(
      /^history cannot be written, and waits: (database or disk is full|disk I\/O error)/,
    )
    expect(rowsOf(file).length).toBeLessThan(1000)
    makeRoom()
    while (timers.set().length > 0) timers.fire()
    expect(troubles.slice(1)).toEqual(['history is written again'])
    expect(rowsOf(file)).toHaveLength(1000)
  })

  test('the file removed under it: goes on in a new one', () => {
    const { file, history } = openTestHistory()
    history.add(runRow(1))
    history.flush()
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(file + suffix)
    history.add(runRow(2))
    history.flush()
    expect(rowsOf(file)).toEqual([runRow(2)])
  })
})

test('a new one is told of until somebody could take note of it', () => {
  let tries = 0
  const onNew = (): void => {
    tries += 1
    if (tries < 3) throw new Error('no room to take note of it')
  }
  const { file, history, timers, troubles } = openTestHistory(undefined, { onNew })
  history.add(runRow(1))
  timers.fire()
  timers.fire()
  expect(tries).toBe(3)
  expect(troubles).toEqual([
    'history cannot be written, and waits: no room to take note of it',
    'history is written again',
  ])
  expect(rowsOf(file)).toEqual([runRow(1)])
})

describe('a file that is no history', () => {
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

  test('junk is set aside', () => {
    const { troubles, aside, file } = openOver((name) =>
      fs.writeFileSync(name, 'no database\n'.repeat(999)),
    )
    expect(troubles).toEqual([
      'history.db is damaged (file is not a database): set aside as history.db.damaged-20260308T070000Z, a new one is begun',
    ])
    expect(aside).toEqual(['history.db.damaged-20260308T070000Z'])
    expect(fs.readFileSync(path.join(path.dirname(file), aside[0]!), 'utf8')).toMatch(
      /^no database\n/,
    )
  })

  test('one of a newer torch is set aside, whole', () => {
    const { troubles, aside } = openOver((file) => {
      const newer = otherConnection(file)
      newer.exec('PRAGMA journal_mode = WAL; CREATE TABLE history (x); PRAGMA user_version = 2')
      newer.close()
    })
    expect(troubles).toEqual([
      'history.db was made by a newer torch: set aside as history.db.newer-20260308T070000Z, a new one is begun',
    ])
    const whole = ['', '-shm', '-wal'].map((suffix) => `history.db.newer-20260308T070000Z${suffix}`)
    expect(aside).toEqual(whole)
  })

  test('one of another program is set aside', () => {
    const { troubles } = openOver((file) => otherConnection(file).exec('CREATE TABLE cookies (x)'))
    expect(troubles).toEqual([
      'history.db is not a history of torch: set aside as history.db.foreign-20260308T070000Z, a new one is begun',
    ])
  })

  test('an empty file is no trouble', () => {
    const { troubles, aside } = openOver((file) => fs.writeFileSync(file, ''))
    expect([troubles, aside]).toEqual([[], []])
  })

  test('one that was set aside before is not overwritten', () => {
    const { aside } = openOver((file) => {
      fs.writeFileSync(file, 'no database\n'.repeat(999))
      fs.writeFileSync(`${file}.damaged-20260308T070000Z`, 'older')
    })
    expect(aside).toEqual([
      'history.db.damaged-20260308T070000Z',
      'history.db.damaged-20260308T070000Z-2',
    ])
  })

  /** A history of 2000 rows, closed in order. */
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
  ])('one that was %s is noticed when it is written, and nothing new is lost', (_, damage) => {
    const file = fullHistory()
    damage(file, fs.statSync(file).size)
    const { history, troubles } = openTestHistory(file)
    for (let n = 3000; n < 3500; n += 1) history.add(runRow(n))
    history.flush()
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(
      /^history\.db is damaged \(.*\): set aside as history\.db\.damaged-/,
    )
    expect(rowsOf(file)).toHaveLength(500)
  })

  test('damaged while it is in use', () => {
    const file = fullHistory()
    const { history, troubles } = openTestHistory(file)
    garble(file, 4096, fs.statSync(file).size)
    history.add(runRow(5000))
    history.flush()
    expect(troubles[0]).toMatch(/^history\.db is damaged/)
    expect(rowsOf(file)).toEqual([runRow(5000)])
  })
})

/** Leaves no byte free on the disk that the file is on. */
function garble(file: string, from: number, to: number): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, Buffer.alloc(to - from, 0xa5), 0, to - from, from)
  fs.closeSync(descriptor)
}

describe('the queue', () => {
  test('is bounded: the oldest skips go first', () => {
    const queue = newRowQueue()
    for (let n = 0; n < maxQueuedRows; n += 1) queue.add(n % 5 === 0 ? skipRow(n) : runRow(n))
    expect([queue.size(), queue.takeDropped()]).toEqual([maxQueuedRows, 0])
    queue.add(runRow(maxQueuedRows))
    const dropped = queue.takeDropped()
    expect(dropped).toBe(5000)
    expect(queue.size()).toBe(maxQueuedRows - dropped + 1)
    const rows = queue.first(maxQueuedRows)
    expect(rows.filter((row) => row.outcome === 'ok')).toHaveLength(maxQueuedRows * 0.8 + 1)
    expect(rows.find((row) => row.outcome === 'skipped')).toEqual(skipRow(25_000))
    expect(rows.at(-1)).toEqual(runRow(maxQueuedRows))
    expect(queue.takeDropped()).toBe(0)
  })

  test('without skips the oldest rows go', () => {
    const queue = newRowQueue()
    for (let n = 0; n <= maxQueuedRows; n += 1) queue.add(runRow(n))
    expect(queue.takeDropped()).toBe(5000)
    expect(queue.first(1)).toEqual([runRow(5000)])
  })

  test('what was dropped is told when writing works again', () => {
    const { file, history, timers, troubles } = openTestHistory()
    const other = otherConnection(file)
    other.exec('BEGIN IMMEDIATE')
    for (let n = 0; n <= maxQueuedRows; n += 1) history.add(skipRow(n))
    timers.fire()
    other.exec('COMMIT')
    timers.fire()
    expect(troubles.slice(1)).toEqual([
      'history is written again',
      'history dropped 5000 rows that could not be written in time',
    ])
  })
})

describe('pruning', () => {
  const since = (n: number) => runRow(n).startedAt!
  const never = Number.MAX_SAFE_INTEGER

  function filled(...rows: ReturnType<typeof runRow>[]) {
    const opened = openTestHistory()
    for (const row of rows) opened.history.add(row)
    opened.history.flush()
    return { ...opened, left: () => rowsOf(opened.file).map((row) => row.run ?? row.outcome) }
  }

  test('forgets what was before that time', () => {
    const { history, left } = filled(runRow(1), skipRow(1), runRow(2), runRow(3), skipRow(9))
    expect(history.prune(since(3), never)).toBe(3)
    expect(left()).toEqual([runRow(3).run, 'skipped'])
    expect(history.prune(since(3), never)).toBe(0)
  })

  test('forgets the oldest over the number of rows', () => {
    const { history, left } = filled(runRow(1), runRow(2), runRow(3), runRow(4))
    expect(history.prune(since(0), 3)).toBe(1)
    expect(left()).toEqual([runRow(2).run, runRow(3).run, runRow(4).run])
  })

  test('keeps what runs, and the last finished run of each task', () => {
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

  test('what was kept is forgotten within a day, once its task has run again', () => {
    const { history, left } = filled(runRow(1, { task: 'yearly' }), runRow(2), runRow(3))
    expect(history.prune(since(3), never)).toBe(1)
    history.add(runRow(4, { task: 'yearly' }))
    history.flush()
    const minutes = Array.from({ length: 24 * 60 + 1 }, () => history.prune(since(3), never))
    expect(minutes.filter((gone) => gone > 0)).toEqual([1])
    expect(left()).toEqual([runRow(3).run, runRow(4).run])
  })

  test('what is kept is not looked at each time', () => {
    const { history, timers } = filled()
    for (let n = 0; n < maxPrunedRows + 5; n += 1) history.add(runRow(n, { task: `yearly-${n}` }))
    history.flush()
    timers.fire()
    expect(history.prune(since(100_000), never)).toBe(0)
    // The rest of a first look; then there is none.
    expect(timers.set()).toEqual([100])
    timers.fire()
    expect(timers.set()).toEqual([])
    history.prune(since(100_000), never)
    expect(timers.set()).toEqual([])
  })

  test('a lot goes in parts, until it is done', () => {
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
