import fs from 'node:fs'
import path from 'node:path'
import Database from 'libsql'
import { messageOf } from '../../errors.ts'
import { hasCode } from '../../host/system-error.ts'
import { missingColumns } from './read-only.ts'
import {
  addColumns,
  createSchema,
  deleteRunning,
  finished,
  type OrderedRow,
  schemaVersion,
  upsertRow,
  valuesOf,
} from './tables.ts'

/**
 * The SQLite file of the history. Each call works on the file that is at the path at that moment,
 * and throws if something is in its way (locked, disk full, no such directory); the next call tries
 * again. Only what waiting cannot cure is handled here: a file that is damaged, foreign or from a
 * newer torch is renamed, and a new one is started.
 */
export interface HistoryFile {
  open(): void
  /**
   * Writes all rows or none, but leaves out rows that SQLite refuses as invalid, and returns how many
   * those are. Also deletes the rows of runs in `neverBegan` that say `running`.
   */
  write(rows: readonly OrderedRow[], neverBegan?: Iterable<string>): number
  readonly prune: Prune
  close(): void
}

/**
 * Deletes some of the rows with a place in order before that time (ms since the epoch) and of the oldest over
 * `maxRows`, but never the last finished run of a task, and no run that is running.
 */
type Prune = (before: number, maxRows: number) => Pruned

interface Pruned {
  readonly deleted: number
  /** More old rows are left to check: call again. */
  readonly isPart: boolean
}

export interface FileOptions {
  /** Called once when a problem begins, and once when it is over. */
  readonly onTrouble: (message: string) => void
  /** The file is new: there was none, or the old one was renamed. */
  readonly onNew?: () => void
  /** How long a write may wait for a lock. The default is short, for a daemon. */
  readonly lockWaitMs?: number
}

/** Short, because waiting for a lock blocks the whole daemon, and the rows can wait instead. */
const maxLockWaitMs = 50
/** Negative: in KiB (https://www.sqlite.org/pragma.html#pragma_cache_size). */
const cacheSize = -1024
/** The -wal file is truncated to this after a reader has made it grow. */
const maxIdleWalBytes = 4 * 1024 * 1024

interface Connection {
  readonly database: Database.Database
  readonly upsert: Database.Statement
  readonly deleteRunning: Database.Statement
  readonly prune: Prune
  /** Device and inode of the open file. */
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
      // A connection that only waits for a lock stays usable.
      if (sqliteCode(error) !== 'SQLITE_BUSY') disconnect()
      const unusable = unusableFile(error)
      if (unusable === undefined) throw error
      options.onTrouble(setAside(file, unusable))
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
    write: (rows, neverBegan = []) =>
      using((open) =>
        transaction(open.database, () => {
          for (const run of neverBegan) open.deleteRunning.run(run)
          return upsertAll(open, rows)
        }),
      ),
    prune: (before, maxRows) => using((open) => open.prune(before, maxRows)),
    close() {
      try {
        // libsql closes a file only when the garbage collector takes its statements, so the clean-up
        // that SQLite does at the last close may never happen. Do the useful part of it here.
        connection?.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // Nothing is lost: SQLite reads the rows from the -wal file.
      }
      disconnect()
    },
  }
}

function connect(file: string, { onNew, lockWaitMs = maxLockWaitMs }: FileOptions): Connection {
  // SQLite would make the file readable for all. The -wal and -shm files take its mode.
  fs.closeSync(fs.openSync(file, 'a', 0o600))
  const database = new Database(file, { timeout: lockWaitMs })
  const version = Number(database.prepare('PRAGMA user_version').raw().all().flat()[0])
  if (version > schemaVersion) throw new UnusableFile('newer', 'is from a newer torch')
  const tables = database.prepare('SELECT name FROM sqlite_master').raw().all().flat()
  if (version === 0 && tables.length > 0)
    throw new UnusableFile('foreign', 'belongs to another program')
  database.exec(`
    PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = ${cacheSize};
    PRAGMA journal_size_limit = ${maxIdleWalBytes};
  `)
  if (version === 0) {
    transaction(database, () => {
      database.exec(createSchema)
      // INSIDE the transaction: if it fails, the file stays new and the next try calls it again.
      onNew?.()
    })
  } else {
    const missing = missingColumns(database)
    if (missing.length > 0) database.exec(addColumns(missing))
  }
  return {
    database,
    upsert: database.prepare(upsertRow),
    deleteRunning: database.prepare(deleteRunning),
    prune: prunerOf(database),
    identity: identityOf(file),
  }
}

/** Whether the open file is the one that others find at the path. */
function isInPlace(
  { database, identity }: Connection,
  file: string,
  { onTrouble }: FileOptions,
): boolean {
  if (identity !== identityOf(file)) return false
  if (fs.existsSync(`${file}-wal`)) return true
  // Only this connection still sees the rows of the removed -wal: move them into the main file.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  onTrouble(`${path.basename(file)}-wal was removed; its rows are saved`)
  return false
}

function transaction<T>(database: Database.Database, act: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = act()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // Otherwise the lock stays (see close). After some errors SQLite has already rolled back.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function upsertAll(open: Connection, rows: readonly OrderedRow[]): number {
  let refused = 0
  for (const row of rows) {
    try {
      open.upsert.run(valuesOf(row))
    } catch (error) {
      // One bad row must not block all that come after it.
      if (!sqliteCode(error).startsWith('SQLITE_CONSTRAINT')) throw error
      refused += 1
    }
  }
  return refused
}

class UnusableFile extends Error {
  /** Part of the name that the file gets. */
  readonly kind: 'newer' | 'foreign' | 'damaged'
  constructor(kind: UnusableFile['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

function unusableFile(error: unknown): UnusableFile | undefined {
  if (error instanceof UnusableFile) return error
  const code = sqliteCode(error)
  if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) return undefined
  return new UnusableFile('damaged', `is damaged (${messageOf(error)})`)
}

function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Renames it to `history.db.damaged-20260308T070000Z`, by the time of its last write. Returns the message. */
function setAside(file: string, { kind, message }: UnusableFile): string {
  const written = fs
    .statSync(file)
    .mtime.toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
  let aside = `${file}.${kind}-${written}`
  for (let n = 2; fs.existsSync(aside); n += 1) aside = `${file}.${kind}-${written}-${n}`
  // The -wal FIRST: SQLite would take the -wal of the old file for that of the new one.
  for (const suffix of ['-wal', '-shm', '']) renameIfThere(file + suffix, aside + suffix)
  return `${path.basename(file)} ${message}: renamed to ${path.basename(aside)}, a new one is started`
}

function renameIfThere(from: string, to: string): void {
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

/** One call of prune checks at most this many rows, which takes about 10 ms. */
export const maxPrunedRows = 1_000

/** After this many calls (one each minute: a day) prune checks again the rows that it kept. */
const callsPerRound = 1_440

// Ids grow with time and only the oldest rows are deleted, so the ids tell how many rows there are
// without counting them.
const findHorizon = `SELECT max(
  coalesce((SELECT id FROM history WHERE at < ? ORDER BY at DESC LIMIT 1), 0),
  coalesce((SELECT max(id) FROM history), 0) - ?) AS id`

const findPart = `SELECT max(id) AS end, count(*) AS count FROM (
  SELECT id FROM history WHERE id > ? AND id <= ? ORDER BY id LIMIT ${maxPrunedRows})`

const deletePart = `DELETE FROM history WHERE id > ? AND id <= ?
  AND (at < ? OR id <= (SELECT max(id) FROM history) - ?) AND (
    outcome IN ('skipped', 'missed') OR outcome <> 'running' AND EXISTS (
      SELECT 1 FROM history newer
      WHERE newer.task = history.task AND newer.at > history.at AND newer.${finished}
    )
  )`

/**
 * Checks the old rows from the oldest on. Each call continues where the last one stopped, so that
 * the rows which are kept (the last run of each rare task) are not checked every minute.
 */
function prunerOf(database: Database.Database): Prune {
  const horizon = database.prepare(findHorizon)
  const part = database.prepare(findPart)
  const remove = database.prepare(deletePart)
  let checkedId = 0
  let calls = 0
  return (before, maxRows) => {
    const { id } = horizon.get(before, maxRows) as { id: number }
    const { end, count } = part.get(checkedId, id) as { end: number | null; count: number }
    const deleted = end === null ? 0 : remove.run(checkedId, end, before, maxRows).changes
    const isPart = count === maxPrunedRows
    checkedId = end ?? checkedId
    if (!isPart) calls += 1
    if (calls < callsPerRound) return { deleted, isPart }
    calls = 0
    checkedId = 0
    return { deleted, isPart }
  }
}
