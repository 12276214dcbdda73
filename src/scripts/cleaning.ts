import type { Clock } from '../host/clock.ts'
import type { CacheFolder } from './cache-folder.ts'
import type { UrlRecord, UrlRecords } from './url-records.ts'

/** How long an unused copy is kept, and what is known of a URL that no task has any more. */
const keepMs = 7 * 86_400_000

interface CleaningParts {
  readonly clock: Pick<Clock, 'now'>
  readonly cache: CacheFolder
  readonly records: UrlRecords
}

/** What always stays: the records of tasks, and the sums of copies that run. */
export interface Wanted {
  readonly keys: ReadonlySet<string>
  readonly sums: ReadonlySet<string>
}

/**
 * Removes the copies that nobody uses: neither the current one of a URL nor the one before it, nor one
 * that runs. Without `atOnce` only those that nobody has used for 7 days. Returns the sums of what is removed.
 * Throws if the disk refuses.
 */
export function cleanCache(parts: CleaningParts, wanted: Wanted, atOnce = false): string[] {
  const { clock, cache, records } = parts
  if (cache.refusal() !== undefined) return []
  const oldestMs = clock.now() - (atOnce ? 0 : keepMs)
  const kept = new Set(wanted.sums)
  for (const key of records.keys()) {
    const record = records.read(key)
    const isUsed =
      wanted.keys.has(key) || (record !== undefined && record.usedMs > clock.now() - keepMs)
    if (record === undefined || !isUsed) {
      records.remove(key)
      continue
    }
    for (const sum of sumsOf(record, oldestMs)) kept.add(sum)
    const older = record.older.filter(({ sinceMs }) => sinceMs > oldestMs)
    if (older.length < record.older.length) records.write(key, { ...record, older })
  }
  const isYoung = (sum: string): boolean => (cache.find(sum)?.storedMs ?? 0) > oldestMs
  const unused = cache.sums().filter((sum) => !kept.has(sum) && !isYoung(sum))
  for (const sum of unused) cache.remove(sum)
  return unused
}

function sumsOf({ current, previous, older }: UrlRecord, oldestMs: number): string[] {
  return [
    ...(current === null ? [] : [current.sha256]),
    ...(previous === null ? [] : [previous]),
    ...older.filter(({ sinceMs }) => sinceMs > oldestMs).map(({ sha256 }) => sha256),
  ]
}
