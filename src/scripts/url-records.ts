import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { parseJson } from '../run/directory.ts'
import type { Task, TaskScript } from '../tasks/task.ts'

/** A task with a script. */
export type ScriptTask = Pick<Task, 'name' | 'command'> & { readonly script: TaskScript }

export function hasScript<T extends Pick<Task, 'script'>>(
  task: T,
): task is T & { readonly script: TaskScript } {
  return task.script !== undefined
}

/** What the cache folder knows of one URL: `urls/<hash>.json`. Times in milliseconds since the epoch. */
export interface UrlRecord {
  readonly url: string
  /** The copy that runs get now. */
  readonly current: {
    readonly sha256: string
    readonly bytes: number
    readonly fetchedMs: number
    readonly etag: string | null
    /** Where it came from, after redirects. */
    readonly finalUrl: string
  } | null
  /** The copy before it. */
  readonly previous: string | null
  /** Copies before that, which runs may still use, and since when they are neither of the two. */
  readonly older: readonly { readonly sha256: string; readonly sinceMs: number }[]
  /** When torch last asked the server, with or without success. */
  readonly lookedMs: number | null
  /** When a daemon last had a task with this URL, to the day. */
  readonly usedMs: number
  /** Why the last look failed, and since when all of them fail. */
  readonly failure: { readonly why: string; readonly sinceMs: number } | null
}

/** The records of a cache folder. Several processes may use it: each read is from the disk. */
export interface UrlRecords {
  read(key: string): UrlRecord | undefined
  /** Keeps it in memory if the disk does not take it, and throws why. */
  write(key: string, record: UrlRecord): void
  remove(key: string): void
  keys(): string[]
}

/** Used by one URL and one sum. A task without command needs a program, so it has a record of its own. */
export function recordKey({ script, command }: Pick<ScriptTask, 'script' | 'command'>): string {
  const kind = command === undefined ? 'program' : 'file'
  const text = `${kind} ${script.sha256 ?? 'any'} ${script.url}`
  return createHash('sha256').update(text).digest('hex')
}

/** The record of a URL from which nothing was fetched yet. */
export function newRecord(url: string, nowMs: number): UrlRecord {
  return {
    ...{ url, current: null, previous: null, older: [] },
    ...{ lookedMs: null, usedMs: nowMs, failure: null },
  }
}

/** The folder inside the cache folder. URLs may have secrets, so only the daemon's user may read it. */
export function recordsFolder(cache: string): string {
  return path.join(cache, 'urls')
}

export function newUrlRecords({ files }: Host, cache: string): UrlRecords {
  const folder = recordsFolder(cache)
  const unsaved = new Map<string, UrlRecord>()
  const fileOf = (key: string): string => path.join(folder, `${key}.json`)
  return {
    // What cannot be read counts as missing: the script is fetched again.
    read: (key) => unsaved.get(key) ?? quietly(() => parsed(files.readText(fileOf(key)))),
    write(key, record) {
      unsaved.set(key, record)
      files.makeDirectory(folder)
      files.replace(fileOf(key), `${JSON.stringify(record)}\n`, { sync: false })
      unsaved.delete(key)
    },
    remove(key) {
      unsaved.delete(key)
      files.remove(fileOf(key))
    },
    keys: () =>
      files.list(folder).flatMap((name) => /^([0-9a-f]+)\.json$/.exec(name)?.slice(1) ?? []),
  }
}

/** The sum of the copy that runs get; undefined if nothing was fetched yet. */
export function sumFor(task: ScriptTask, records: UrlRecords): string | undefined {
  return task.script.sha256 ?? records.read(recordKey(task))?.current?.sha256
}

/** undefined unless it has what a record needs. */
function parsed(text: string | undefined): UrlRecord | undefined {
  const record: Partial<UrlRecord> | undefined = parseJson(text)
  const isWhole = record !== undefined && 'current' in record && Array.isArray(record.older)
  return isWhole ? (record as UrlRecord) : undefined
}
