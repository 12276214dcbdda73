import fs from 'node:fs'
import path from 'node:path'
import Database from 'libsql'
import { messageOf } from '../../errors.ts'
import { hasCode } from '../../host/files.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { createSchema, deleteRunning, schemaVersion, upsertRow, valuesOf } from './tables.ts'
import { type Prune, prunerOf } from './prune.ts'

/**
 * The SQLite file that the history is in. Each call works on the file that is at the path now,
 * and throws what is in its way (locked, disk full, no such folder); the next call begins anew.
 * Only what would never get better by waiting is dealt with here: a file that is no history of
 * this version is renamed and a new one begun.
 */
export interface HistoryFile {
  open(): void
  /**
   * All of them or none; but rows that SQLite refuses as such are left out. Gives how many. Those of
   * `unbegun` runs that are said to run are taken back with it.
   */
  write(rows: readonly HistoryRow[], unbegun?: Iterable<string>): number
  readonly prune: Prune
  close(): void
}

export interface FileOptions {
  /** Once when trouble begins, once when it is over. */
  readonly onTrouble: (words: string) => void
  /** The file was begun anew: there was none, or one that was set aside. */
  readonly onNew?: () => void
  /** How long a write may wait for a lock; without it as short as a daemon needs. */
  readonly lockWaitMs?: number
}

/** The wait for a lock stops the whole daemon: short, the rows can wait instead. */
const maxLockWaitMs = 50
/** Negative: in KiB (https://www.sqlite.org/pragma.html#pragma_cache_size). */
const cacheSize = -1024
/** What the -wal file is cut to after a reader had kept it growing. */
const maxIdleWalBytes = 4 * 1024 * 1024

interface Connection {
  readonly database: Database.Database
  readonly upsert: Database.Statement
  readonly takeBack: Database.Statement
  readonly prune: Prune
  /** Device and inode of the file it has open. */
  readonly identity: string | undefined
}

export function historyFile(file: string, options: FileOptions): HistoryFile {
  let connection: Connection | undefined

  function using<T>(act: (connection: Connection) => T): T {
    try {
      if (connection !== undefined && !isInPlace(connection, file, options)) disconnect()
      connection ??= connect(file, options)
      return act(connection)
    } catch (error) {
      // One that only waits for a lock is as good as before.
      if (sqliteCode(error) !== 'SQLITE_BUSY') disconnect()
      const unfit = unfitness(error)
      if (unfit === undefined) throw error
      options.onTrouble(setAside(file, unfit))
      connection = connect(file, options)
      return act(connection)
    }
  }

  function disconnect(): void {
    connection?.database.close()
    connection = undefined
  }

  return {
    open: () => using(() => undefined),
    write: (rows, unbegun = []) =>
      using((open) =>
        transaction(open.database, () => {
          for (const run of unbegun) open.takeBack.run(run)
          return upsertAll(open, rows)
        }),
      ),
    prune: (before, maxRows) => using((open) => open.prune(before, maxRows)),
    close() {
      try {
        // libsql closes a file only when the statements on it are collected as garbage, so
        // SQLite's own clean-up at the last close may never come: do the useful part of it here.
        connection?.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // Nothing is lost: what is in the -wal file is read from there.
      }
      disconnect()
    },
  }
}

function connect(file: string, { onNew, lockWaitMs = maxLockWaitMs }: FileOptions): Connection {
  // SQLite would make it readable for all; -wal and -shm take its mode.
  fs.closeSync(fs.openSync(file, 'a', 0o600))
  const database = new Database(file, { timeout: lockWaitMs })
  const version = Number(database.prepare('PRAGMA user_version').raw().all().flat()[0])
  if (version > schemaVersion) throw new UnfitFile('newer', 'was made by a newer torch')
  const tables = database.prepare('SELECT name FROM sqlite_master').raw().all().flat()
  if (version === 0 && tables.length > 0)
    throw new UnfitFile('foreign', 'is not a history of torch')
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = ${cacheSize};
    PRAGMA journal_size_limit = ${maxIdleWalBytes};
  `)
  if (version === 0) {
    transaction(database, () => {
      database.exec(createSchema)
      // WITHIN: where it fails nothing is begun, and the next try does it again.
      onNew?.()
    })
  }
  return {
    database,
    upsert: database.prepare(upsertRow),
    takeBack: database.prepare(deleteRunning),
    prune: prunerOf(database),
    identity: identityOf(file),
  }
}

/** Whether what it has open is what others find by its name. */
function isInPlace(
  { database, identity }: Connection,
  file: string,
  { onTrouble }: FileOptions,
): boolean {
  if (identity !== identityOf(file)) return false
  if (fs.existsSync(`${file}-wal`)) return true
  // What was only there is ours alone by now, and would be gone with us.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  onTrouble(`${path.basename(file)}-wal was removed: what it held is saved`)
  return false
}

function transaction<T>(database: Database.Database, act: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = act()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // Or the lock is held on: see close. After some errors SQLite has rolled back by itself.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function upsertAll(open: Connection, rows: readonly HistoryRow[]): number {
  let refused = 0
  for (const row of rows) {
    try {
      open.upsert.run(valuesOf(row))
    } catch (error) {
      // One bad row must not hold up all that come after it.
      if (!sqliteCode(error).startsWith('SQLITE_CONSTRAINT')) throw error
      refused += 1
    }
  }
  return refused
}

class UnfitFile extends Error {
  readonly kind: string
  constructor(kind: string, words: string) {
    super(words)
    this.kind = kind
  }
}

function unfitness(error: unknown): UnfitFile | undefined {
  if (error instanceof UnfitFile) return error
  const code = sqliteCode(error)
  if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) return undefined
  return new UnfitFile('damaged', `is damaged (${messageOf(error)})`)
}

function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** `history.db.damaged-20260308T070000Z`, by the time it was last written. Gives the words for it. */
function setAside(file: string, unfit: UnfitFile): string {
  const time = fs
    .statSync(file)
    .mtime.toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
  let aside = `${file}.${unfit.kind}-${time}`
  for (let n = 2; fs.existsSync(aside); n += 1) aside = `${file}.${unfit.kind}-${time}-${n}`
  // The -wal FIRST: beside a new file, one of the old file would be taken for its own.
  for (const suffix of ['-wal', '-shm', '']) moveIfThere(file + suffix, aside + suffix)
  const name = path.basename(file)
  return `${name} ${unfit.message}: set aside as ${path.basename(aside)}, a new one is begun`
}

function moveIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

function identityOf(file: string): string | undefined {
  const found = fs.statSync(file, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
