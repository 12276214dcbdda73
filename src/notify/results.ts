import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { isTarget } from './entry-file.ts'
import { recentOf } from './target-rate.ts'

/** What came of the last attempt for a target, a ping or the heartbeat. */
export interface LastResult {
  /** ISO 8601 in UTC. */
  readonly at: string
  /** `waiting`: it is tried again. */
  readonly result: 'delivered' | 'waiting' | 'failed'
  readonly words: string
}

/** How many messages had which end since the daemon started. */
export interface Counts {
  delivered: number
  /** Given up. */
  failed: number
  /** The outbox was full. */
  dropped: number
}

export interface Results {
  last(recipient: string): LastResult | null
  all(): Readonly<Record<string, LastResult>>
  note(recipient: string, result: LastResult['result'], words: string): void
  counts(): ReadonlyMap<string, Readonly<Counts>>
  count(recipient: string, what: keyof Counts): void
  /** Forgets results of recipients that are not there any more. */
  keepOnly(isThere: (recipient: string) => boolean): void
  /** When a target got its last messages, in milliseconds since the epoch: those of the last minute. */
  sentMs(recipient: string): readonly number[]
  /** It got one now. To be called before note(), which writes it to the disk. */
  noteSent(recipient: string): void
}

/** As it is on the disk. */
interface KeptResult extends LastResult {
  /** Missing in a file of an older version, and if there is none. */
  readonly sentMs?: readonly number[]
}

/** A tasks file has at most some thousands of pings. */
const maxBytes = 4 * 1024 * 1024
const fileName = 'results.json'

/** Reads the last results of an earlier daemon. A file that is missing or damaged counts as empty. */
export function openResults(
  { files, clock }: Pick<Host, 'files' | 'clock'>,
  folder: string,
): Results {
  const file = path.join(folder, fileName)
  const results = new Map(readKept(files, folder))
  const sent = new Map([...results].map(([name, { sentMs = [] }]) => [name, sentMs]))
  const counts = new Map<string, Counts>()

  /** It only informs: a disk that is full costs the last result. */
  function save(): void {
    quietly(() => {
      files.makeDirectory(folder, 0o700)
      files.replace(file, `${JSON.stringify(Object.fromEntries(results))}\n`, { sync: false })
    })
  }

  return {
    last(recipient) {
      const kept = results.get(recipient)
      return kept === undefined ? null : plainResult(kept)
    },
    all: () => plainResults(results),
    note(recipient, result, words) {
      const before = results.get(recipient)
      const nowMs = clock.now()
      const sentMs = recentOf(sent.get(recipient) ?? [], nowMs)
      const kept = { at: new Date(nowMs).toISOString(), result, words }
      results.set(recipient, { ...kept, ...(sentMs.length > 0 && { sentMs }) })
      // A heartbeat that goes well is not worth a write each minute.
      const isNews = before?.result !== result || before.words !== words
      if (isNews || isTarget(recipient)) save()
    },
    counts: () => counts,
    count(recipient, what) {
      const own = counts.get(recipient) ?? { delivered: 0, failed: 0, dropped: 0 }
      own[what] += 1
      counts.set(recipient, own)
    },
    keepOnly(isThere) {
      const gone = [...results.keys()].filter((each) => !isThere(each))
      for (const each of gone) results.delete(each)
      for (const kept of [counts, sent])
        for (const each of kept.keys()) if (!isThere(each)) kept.delete(each)
      if (gone.length > 0) save()
    },
    sentMs: (recipient) => sent.get(recipient) ?? [],
    noteSent(recipient) {
      const nowMs = clock.now()
      sent.set(recipient, recentOf([...(sent.get(recipient) ?? []), nowMs], nowMs))
    },
  }
}

/** The last results in an outbox, also without a daemon. */
export function readResults(files: Host['files'], folder: string): Record<string, LastResult> {
  return plainResults(readKept(files, folder))
}

function plainResults(kept: Iterable<readonly [string, KeptResult]>): Record<string, LastResult> {
  return Object.fromEntries([...kept].map(([name, each]) => [name, plainResult(each)]))
}

function plainResult({ at, result, words }: KeptResult): LastResult {
  return { at, result, words }
}

function readKept(files: Host['files'], folder: string): [string, KeptResult][] {
  const read = quietly((): unknown =>
    JSON.parse(files.readFile(path.join(folder, fileName), maxBytes)?.toString() ?? '{}'),
  )
  if (typeof read !== 'object' || read === null) return []
  return Object.entries(read).filter((each): each is [string, KeptResult] => isResult(each[1]))
}

function isResult(value: unknown): value is KeptResult {
  if (typeof value !== 'object' || value === null) return false
  const { at, result, words, sentMs = [] } = value as Partial<KeptResult>
  const isKnown = result !== undefined && ['delivered', 'waiting', 'failed'].includes(result)
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at))
  const isNumbers = Array.isArray(sentMs) && sentMs.every((each) => typeof each === 'number')
  return isKnown && isTime && isNumbers && typeof words === 'string'
}
