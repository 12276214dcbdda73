import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { TaskScript } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'
import { type CacheFolder, type CheckedCopy } from './cache-folder.ts'
import { isProgram, isWebPage, notProgramWords } from './content.ts'
import { type Download, download } from './download.ts'
import { readHeadersFile } from './headers-file.ts'
import { Refused } from './network-errors.ts'
import {
  newRecord,
  recordKey,
  type ScriptTask,
  type UrlRecord,
  type UrlRecords,
} from './url-records.ts'

/** What the fetching of scripts shares. */
export interface FetchParts {
  readonly host: Host
  readonly cache: CacheFolder
  readonly records: UrlRecords
  /** Tells what came of a look for a script, if it differs from the last time. `isFailure`: it failed. */
  readonly tell: (facts: ScriptFacts, words: string, isFailure: boolean) => void
  /**
   * Does something with the cache folder that the machine may refuse, and passes the error on. `subject`
   * names what it is, so that the trouble is over only when that works again.
   */
  readonly onDisk: <T>(subject: 'folder' | 'copy' | 'record', act: () => T) => T
  /** From then on nothing is put on record: the next daemon has the cache folder, or nobody. */
  readonly isClosed: () => boolean
}

interface ScriptFacts {
  readonly task: string
  readonly url: string
  readonly sha256: string | null
  readonly bytes?: number
  readonly reason?: string
}

/** The newest copy, or why the server did not give it. */
export type Fetched =
  | { readonly kind: 'fetched'; readonly copy: CheckedCopy; readonly sha256: string }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Asks the server for a script, and stores it if it is new. Never throws: what goes wrong is on record,
 * and the copy that is there stays.
 */
export async function fetchScript(parts: FetchParts, task: ScriptTask): Promise<Fetched> {
  try {
    const current = parts.records.read(recordKey(task))?.current ?? undefined
    const known = current && (await copyOf(parts.cache, current.sha256))
    // Like a download that waits for its turn: nobody needs the answer.
    if (parts.isClosed()) return await new Promise<never>(() => {})
    const answer = await ask(parts, task, known && current?.etag)
    if (answer.kind === 'not-modified' && known && current) {
      const { sha256 } = current
      note(parts, task, (record) => ({ ...record, failure: null }))
      return { kind: 'fetched', copy: known, sha256 }
    }
    if (answer.kind === 'not-modified') throw new Refused('304 Not Modified')
    const { copy, stored } = answer
    note(parts, task, (record, nowMs) => recordAfter(record, stored, nowMs))
    return { kind: 'fetched', copy, sha256: stored.sha256 }
  } catch (error) {
    const why = messageOf(error)
    note(parts, task, (record, nowMs) => {
      return { ...record, failure: { why, sinceMs: record.failure?.sinceMs ?? nowMs } }
    })
    return { kind: 'failed', why }
  }
}

/** Why the cache folder must not be used, which is reported as trouble; undefined if it may be used. */
export function refusalOf({
  cache,
  onDisk,
}: Pick<FetchParts, 'cache' | 'onDisk'>): string | undefined {
  const why = cache.refusal()
  try {
    onDisk('folder', () => {
      if (why !== undefined) throw new Refused(why)
    })
  } catch {
    // The caller says it in its own way.
  }
  return why
}

/** A copy with this sum, checked now if it was not before. */
export async function copyOf(cache: CacheFolder, sha256: string): Promise<CheckedCopy | undefined> {
  return cache.checked(sha256) ?? cache.check(sha256)
}

type Whole = Extract<Download, { readonly kind: 'whole' }>

/** Downloads into a temporary file, judges what came, and makes it a copy. */
async function ask(
  { host, cache, onDisk }: FetchParts,
  task: ScriptTask,
  etag: string | null = null,
): Promise<
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'stored'; readonly copy: CheckedCopy; readonly stored: Whole }
> {
  const { url, sha256, timeoutMs, maxBytes, headersFile } = task.script
  const headers = headersFile === undefined ? {} : readHeadersFile(host, headersFile)
  const file = onDisk('folder', () => cache.temporaryFile())
  try {
    const answer = await download(host.clock, {
      ...{ url, headers, timeoutMs, maxBytes, file },
      etag,
      isPinned: sha256 !== undefined,
    }).catch((error: unknown) => {
      // Everything but words about the network comes from the disk.
      if (error instanceof Refused) throw error
      return onDisk('copy', () => {
        throw error
      })
    })
    if (answer.kind === 'not-modified') return answer
    judge(task, answer)
    return {
      kind: 'stored',
      copy: onDisk('copy', () => cache.keep(file, answer.sha256)),
      stored: answer,
    }
  } finally {
    removeQuietly(host, file)
  }
}

/** Throws if what came must not run. */
function judge({ script, command }: ScriptTask, { sha256, head, bytes }: Whole): void {
  if (script.sha256 !== undefined && script.sha256 !== sha256)
    throw new Refused(`sha256 is ${sha256}, the tasks file says ${script.sha256}`)
  if (bytes === 0) throw new Refused('it is empty')
  if (script.sha256 === undefined && isWebPage(head))
    throw new Refused('the server sent a web page (HTML), not a script')
  if (command === undefined && !isProgram(head)) throw new Refused(notProgramWords)
}

function removeQuietly({ files }: Host, file: string): void {
  try {
    files.remove(file)
  } catch {
    // The next daemon removes it.
  }
}

function recordAfter(before: UrlRecord, stored: Whole, nowMs: number): UrlRecord {
  const { sha256, bytes, etag, finalUrl } = stored
  const last = before.current?.sha256 ?? null
  const current = { sha256, bytes, etag, finalUrl, fetchedMs: nowMs }
  if (last === sha256) return { ...before, current, failure: null }
  const older = before.older.filter((each) => each.sha256 !== sha256)
  const { previous } = before
  return {
    ...before,
    current,
    previous: last,
    older:
      previous === null || previous === sha256
        ? older
        : [...older, { sha256: previous, sinceMs: nowMs }],
    failure: null,
  }
}

/**
 * Puts on record what came of a look, and tells it if it is news. The record is read again for that: another
 * process may have fetched the script during the download.
 */
function note(
  { host, records, onDisk, tell, isClosed }: FetchParts,
  task: ScriptTask,
  change: (record: UrlRecord, nowMs: number) => UrlRecord,
): void {
  if (isClosed()) return
  const key = recordKey(task)
  const before = records.read(key)
  const nowMs = host.clock.now()
  const record = change(before ?? newRecord(task.script.url, nowMs), nowMs)
  try {
    onDisk('record', () => records.write(key, { ...record, lookedMs: nowMs }))
  } catch {
    // It is in memory. The disk is reported as trouble.
  }
  const { url } = task.script
  const sha256 = record.current?.sha256 ?? null
  const facts = { task: task.name, url, sha256 }
  if (record.failure !== null) {
    const { why } = record.failure
    if (before?.failure?.why !== why)
      tell({ ...facts, reason: why }, `${scriptWords(url)}: ${why}`, true)
    return
  }
  const bytes = record.current?.bytes ?? 0
  const isNew = before?.current?.sha256 !== sha256
  if (isNew) {
    const words = `${scriptWords(url)}: fetched ${sha256?.slice(0, 12)}, ${counted(bytes, 'byte')}`
    tell({ ...facts, bytes }, words, false)
  } else if (before?.failure)
    tell({ ...facts, bytes }, `${scriptWords(url)}: can be fetched again`, false)
}

/** How a script is named in messages. */
function scriptWords(url: string): string {
  return `script ${url}`
}

/** The reason of a run that has no copy of its script. */
export function missingReason({ url }: Pick<TaskScript, 'url'>, why: string): string {
  return `${scriptWords(url)}: ${why}`
}
