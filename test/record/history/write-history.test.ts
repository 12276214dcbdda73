import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  maxBatchRows,
  maxQueuedRows,
  newRowQueue,
} from '../../../src/record/history/write-history.ts'
import {
  newFolder,
  openTestHistory,
  otherConnection,
  rowsOf,
  runRow,
  skipRow,
  smallDisk,
} from '../../support/history.ts'
import { fillDisk, mayMount } from '../../support/disk.ts'

describe('writing', () => {
  test('every column is read as it was written', () => {
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

  test('rows wait for the timer, and are then written together', () => {
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

  test('many rows are written in batches, one for each timer', () => {
    const { file, history, timers } = openTestHistory()
    for (let n = 0; n < maxBatchRows * 2 + 1; n += 1) history.add(runRow(n))
    const sizes = [1, 2, 3].map(() => {
      timers.fire()
      return [rowsOf(file).length, ...timers.set()]
    })
    expect(sizes).toEqual([[maxBatchRows, 0], [maxBatchRows * 2, 0], [maxBatchRows * 2 + 1]])
  })

  test('the end of a run replaces its start, and every skip keeps its own row', () => {
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

  test('takeBack deletes the row of a run that never began, but not of one that ended', () => {
    const { file, history } = openTestHistory()
    history.add(runRow(1, { outcome: 'running' }))
    history.add(runRow(2))
    history.flush()
    for (const row of [runRow(1), runRow(2)]) history.takeBack(row.run ?? '')
    expect(rowsOf(file)).toHaveLength(2)
    history.flush()
    expect(rowsOf(file)).toEqual([runRow(2)])
  })

  test('close writes the waiting rows, sets no timer, and ignores later rows', () => {
    const { file, history, timers, troubles } = openTestHistory()
    history.add(runRow(1))
    history.close()
    history.add(runRow(2))
    history.close()
    expect(rowsOf(file)).toEqual([runRow(1)])
    expect([timers.set(), troubles]).toEqual([[], []])
  })

  test('a row that the table refuses does not block the others', () => {
    const { file, history, troubles, timers } = openTestHistory()
    const broken = JSON.parse(JSON.stringify({ ...runRow(2), task: null }))
    for (const row of [runRow(1), broken, runRow(3)]) history.add(row)
    timers.fire()
    expect(rowsOf(file)).toEqual([runRow(1), runRow(3)])
    expect(troubles).toEqual(['history lost 1 row: not valid'])
  })
})

describe('problems', () => {
  test('a locked file is reported once, tried again less and less often, and reported when it is over', () => {
    const { file, history, timers, troubles, written } = openTestHistory()
    const other = otherConnection(file)
    other.exec('BEGIN IMMEDIATE')
    history.add(runRow(1))
    const waits = Array.from({ length: 8 }, () => {
      timers.fire()
      return timers.set()[0]
    })
    expect(waits).toEqual([1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000])
    expect(troubles).toEqual(['the history cannot be written, its rows wait: database is locked'])
    expect(written).toEqual([])
    history.add(runRow(2))
    expect(timers.set()).toEqual([5000])
    other.exec('COMMIT')
    timers.fire()
    expect(troubles.slice(1)).toEqual(['the history is being written again'])
    expect(rowsOf(file)).toEqual([runRow(1), runRow(2)])
    expect(timers.set()).toEqual([])
  })

  test('a writer with a long lockWaitMs waits for the lock, and then writes', async () => {
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

  test('close reports how many rows could not be written', () => {
    const { file, history, troubles, timers } = openTestHistory()
    otherConnection(file).exec('BEGIN IMMEDIATE')
    history.add(runRow(1))
    history.close()
    expect(troubles.slice(1)).toEqual(['history lost 1 row: not written before the end'])
    expect(timers.set()).toEqual([])
  })

  test('rows wait until the directory exists', () => {
    const file = path.join(newFolder(), 'later', 'history.db')
    const { history, timers, troubles } = openTestHistory(file)
    history.add(runRow(1))
    expect(troubles).toEqual([
      `the history cannot be written, its rows wait: ENOENT: no such file or directory, open '${file}'`,
    ])
    fs.mkdirSync(path.dirname(file))
    timers.fire()
    expect(troubles.slice(1)).toEqual(['the history is being written again'])
    expect(rowsOf(file)).toEqual([runRow(1)])
  })

  test.skipIf(!mayMount())('rows wait until a full disk has room', () => {
    const disk = smallDisk('1m')
    const { file, history, timers, troubles } = openTestHistory(path.join(disk, 'history.db'))
    const makeRoom = fillDisk(disk)
    for (let n = 0; n < 1000; n += 1) history.add(runRow(n))
    history.flush()
    expect(troubles).toHaveLength(1)
    expect(troubles[0]).toMatch(
      /^the history cannot be written, its rows wait: (database or disk is full|disk I\/O error)/,
    )
    expect(rowsOf(file).length).toBeLessThan(1000)
    makeRoom()
    while (timers.set().length > 0) timers.fire()
    expect(troubles.slice(1)).toEqual(['the history is being written again'])
    expect(rowsOf(file)).toHaveLength(1000)
  })
})

describe('the queue', () => {
  test('a full queue drops the oldest skips', () => {
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

  test('a full queue without skips drops the oldest rows', () => {
    const queue = newRowQueue()
    for (let n = 0; n <= maxQueuedRows; n += 1) queue.add(runRow(n))
    expect(queue.takeDropped()).toBe(5000)
    expect(queue.first(1)).toEqual([runRow(5000)])
  })

  test('dropped rows are reported when writing works again', () => {
    const { file, history, timers, troubles } = openTestHistory()
    const other = otherConnection(file)
    other.exec('BEGIN IMMEDIATE')
    for (let n = 0; n <= maxQueuedRows; n += 1) history.add(skipRow(n))
    timers.fire()
    other.exec('COMMIT')
    timers.fire()
    expect(troubles.slice(1)).toEqual([
      'the history is being written again',
      'history lost 5000 rows: too many were waiting',
    ])
  })
})
