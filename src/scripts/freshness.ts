import type { TaskScript } from '../tasks/task.ts'
import { jitterOf } from '../text/hash.ts'
import type { UrlRecord } from './url-records.ts'

/**
 * When the daemon looks for a new version of a script in the background, in milliseconds since the
 * epoch; undefined: never. The looks of one host are `update` apart, and hosts look at different times:
 * the server of a fleet gets its requests one by one.
 */
export function nextLookMs(
  { url, update, sha256 }: TaskScript,
  lookedMs: number | null,
  hostName: string,
  nowMs: number,
): number | undefined {
  if (typeof update !== 'number' || sha256 !== undefined) return undefined
  // A time in the future means that the clock was set back.
  if (lookedMs === null || lookedMs > nowMs || nowMs - lookedMs >= update) return nowMs
  const phase = jitterOf(url, hostName, update)
  return lookedMs + update - ((((lookedMs - phase) % update) + update) % update)
}

/** Why the last look for a new version failed; null if it did not, or if there can be no new version. */
export function staleWhy({ sha256 }: TaskScript, record: UrlRecord | undefined): string | null {
  return sha256 === undefined ? (record?.failure?.why ?? null) : null
}

const minRetryMs = 60_000
const maxRetryMs = 3_600_000

/** When to fetch again a script that has no copy yet, after that many failures in a row. */
export function retryDelayMs(failures: number): number {
  return Math.min(minRetryMs * 2 ** Math.min(failures - 1, 10), maxRetryMs)
}
