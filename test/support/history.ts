import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import Database from 'libsql'
import { onTestFinished } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { mountDisk } from './disk.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import {
  type History,
  type HistoryOptions,
  openHistory,
} from '../../src/record/history/write-history.ts'

/** A new directory, removed after the test. */
export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-record-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A directory that is a disk of that size, removed after the test. */
export function smallDisk(size: string): string {
  const folder = newFolder()
  onTestFinished(mountDisk(folder, `size=${size}`))
  return folder
}

const start = Date.UTC(2026, 2, 8, 7, 0, 0)

/** The n-th run: one each second, 5 ms late, 250 ms long. */
export function runRow(n: number, changes: Partial<HistoryRow> = {}): HistoryRow {
  const at = start + n * 1000
  return {
    run: `20260308T${String(n).padStart(8, '0')}-a1`,
    task: 'backup',
    slot: isoSecond(at),
    startedAt: new Date(at + 5).toISOString(),
    endedAt: new Date(at + 255).toISOString(),
    durationMs: 250,
    outcome: 'ok',
    exitCode: 0,
    signal: null,
    reason: null,
    trigger: 'schedule',
    attempt: 1,
    lateMs: 5,
    host: 'web-1',
    revision: 'abc1234-dirty',
    lastSlot: null,
    count: null,
    script: null,
    ...changes,
  }
}

/** A skip of the n-th second. */
export function skipRow(n: number, changes: Partial<HistoryRow> = {}): HistoryRow {
  const none = { run: null, startedAt: null, endedAt: null, durationMs: null, exitCode: null }
  return runRow(n, { ...none, outcome: 'skipped', reason: 'max', lateMs: null, ...changes })
}

function isoSecond(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '')
}

/** Timers that fire when the test says so. */
function handTimers() {
  let waiting: { ms: number; callback: () => void }[] = []
  return {
    after(ms: number, callback: () => void): () => void {
      const timer = { ms, callback }
      waiting.push(timer)
      return () => (waiting = waiting.filter((other) => other !== timer))
    },
    /** The waiting time of each timer that is set. */
    set: () => waiting.map((timer) => timer.ms),
    /** Fires all timers that are set now. */
    fire(): void {
      const now = waiting
      waiting = []
      for (const timer of now) timer.callback()
    },
  }
}

export interface Opened {
  readonly file: string
  readonly history: History
  readonly timers: ReturnType<typeof handTimers>
  readonly troubles: string[]
  readonly written: HistoryRow[]
}

/** A history in its own directory, closed after the test. */
export function openTestHistory(
  file = path.join(newFolder(), 'history.db'),
  more: Partial<HistoryOptions> = {},
): Opened {
  const timers = handTimers()
  const troubles: string[] = []
  const written: HistoryRow[] = []
  const history = openHistory(file, {
    after: timers.after,
    now: () => 0,
    onTrouble: (message) => troubles.push(message),
    onWritten: (rows) => written.push(...rows),
    ...more,
  })
  onTestFinished(() => history.close())
  return { file, history, timers, troubles, written }
}

/** The rows of a file, newest last. */
export function rowsOf(file: string, limit = 1_000_000) {
  const reader = readHistory(file)
  const rows = reader.rows({ limit })
  reader.close()
  return rows
}

/** Another connection to the file, closed after the test. */
export function otherConnection(file: string): Database.Database {
  const database = new Database(file)
  onTestFinished(() => void (database.open && database.close()))
  return database
}
