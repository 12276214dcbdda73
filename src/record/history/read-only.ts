import fs from 'node:fs'
import Database from 'libsql'
import { TorchError, messageOf } from '../../errors.ts'
import { addColumnsInView, laterColumns, schemaVersion } from './tables.ts'

/** Runs one SELECT. Throws TorchError `history-unreadable`. */
export type Query = (sql: string, ...values: (string | number)[]) => unknown[]

/**
 * SQLite makes one text of all rows: libsql takes four times as long to hand over the same rows one by one.
 */
export const asJson = (columns: string, inner: string): string =>
  `SELECT json_group_array(json_array(${columns})) AS json FROM (${inner})`

/** The rows of asJson(). Without a file there are none. */
export function rowsOfJson(found: unknown[]): unknown {
  const [row] = found as { json: string }[]
  return row === undefined ? [] : JSON.parse(row.json)
}

/** A command may wait longer for a lock than the daemon. */
const maxLockWaitMs = 2_000

/** Opens history.db to read it, and waits this long for a lock. A missing file has no rows. Throws TorchError `history-unreadable`. */
export function openQuery(
  path: string,
  lockWaitMs = maxLockWaitMs,
): { query: Query; close: () => void } {
  try {
    if (!hasContent(path)) return { query: () => [], close: () => undefined }
    const database = connect(path, lockWaitMs)
    const version = versionOf(database)
    if (version > schemaVersion) throw new Error('it is from a newer torch')
    if (version === 0) return { query: () => [], close: () => database.close() }
    // A file of an earlier version, which no daemon has opened since.
    const missing = missingColumns(database)
    if (missing.length > 0) database.exec(addColumnsInView(missing))
    return { query: queryOf(database, path), close: () => database.close() }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The columns that the rows do not have, because an earlier version made the file. */
export function missingColumns(database: Database.Database): (typeof laterColumns)[number][] {
  const found = database.prepare("SELECT name FROM pragma_table_info('history')").raw().all().flat()
  return laterColumns.filter((column) => !found.includes(column))
}

function hasContent(path: string): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.size > 0
}

/**
 * SQLite needs a -shm file to read the -wal file, and creates it. In a read-only directory it cannot.
 * If the -wal file is empty (the daemon ended in good order), the main file is complete, and
 * `immutable` reads only that file.
 * https://www.sqlite.org/wal.html#read_only_databases
 */
function connect(path: string, lockWaitMs: number): Database.Database {
  try {
    return opened(path, 'mode=ro', lockWaitMs)
  } catch (error) {
    if (hasContent(`${path}-wal`)) throw error
    return opened(path, 'immutable=1', lockWaitMs)
  }
}

/** The option `readonly` of libsql has no effect; the mode in a URI has. */
function opened(path: string, mode: string, timeout: number): Database.Database {
  const escaped = path.replaceAll(/[%?#]/g, encodeURIComponent)
  const database = new Database(`file:${escaped}?${mode}`, { timeout })
  versionOf(database) // errors appear at the first read
  return database
}

function versionOf(database: Database.Database): number {
  return Number(database.prepare('PRAGMA user_version').raw().all().flat()[0])
}

function queryOf(database: Database.Database, path: string): Query {
  return (sql, ...values) => {
    try {
      return database.prepare(sql).all(...values)
    } catch (error) {
      throw unreadable(path, error)
    }
  }
}

function unreadable(path: string, error: unknown): TorchError {
  return new TorchError('history-unreadable', `cannot read ${path}: ${messageOf(error)}`, {
    hint: 'the daemon replaces a damaged file; the runs are still in the directory "runs" beside it',
    cause: error,
  })
}
