import { computed, effect, signal } from '@preact/signals'
import type { RecentAnswer, RecentRun, TimelineAnswer, TimelineRow } from '../../http/api.ts'
import { getJson, isAborted, problemWords } from '../ask.ts'
import { spans } from '../model/address.ts'
import { type HistoryRow, taskKey } from '../model/model.ts'
import { address, connection, lastRows, model, now, statusVersion } from '../state.ts'
import { withRecent, withRow } from './rows.ts'

/** What the page knows of a task beside its status. */
export interface TaskData {
  readonly timeline: TimelineRow
  readonly recent: readonly RecentRun[]
}

/** Tasks for one request. Their names have to fit into an address. */
const maxTasksAsked = 40
/** Tasks whose data are kept. */
const maxTasksKept = 400
/** The shortest time between two answers about a row that only the server can count, in ms. */
const minRefreshMs = 10_000
/** What changes within this time, such as by scrolling, is asked for at once, in ms. */
const settleMs = 60

interface Kept extends TaskData {
  /** The part of the time, and the version of the file. */
  readonly cover: string
  readonly askedAt: number
  readonly isStale: boolean
}

const kept = new Map<string, Kept>()
/** Grows with each change of what is kept: rows read it to be drawn again. */
export const dataVersion = signal(0)
/** The keys of the rows in view, as the list tells them. */
export const keysInView = signal<readonly string[]>([])
const cutWords = 'there are too many runs, so the oldest are left out'
/** Why the timeline is not complete: the last request failed, or its answer was cut. Otherwise null. */
export const dataProblem = signal<string | null>(null)

export function dataOf(key: string): TaskData | undefined {
  return kept.get(key)
}

/** Keeps the data of the rows in view complete, and up to date. */
export function followData(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    const keys = keysInView.value
    const part = cover.value
    const isUp = connection.value.kind === 'live'
    void dataVersion.value
    clearTimeout(timer)
    if (!isUp) return
    const isMissing = keys.some((key) => isWanted(kept.get(key), part))
    const waitMs = isMissing ? settleMs : untilWanted(keys)
    if (waitMs !== undefined) timer = setTimeout(() => void askFor(keys, part), waitMs)
  })
  // What came while the page did not listen is in no update.
  effect(() => {
    void statusVersion.value
    flight?.closing.abort()
    flight = undefined
    for (const [key, have] of kept) kept.set(key, { ...have, isStale: true, askedAt: 0 })
    tellChange()
  })
  effect(() => {
    const rows = lastRows.value
    if (rows.length === 0) return
    for (const news of arriving) news.push(...rows)
    applyRows(rows)
  })
}

/**
 * The part of the time to ask for, and the version of the files. It reaches further than the view, and moves in
 * steps. As text, because a signal compares its values.
 */
const cover = computed(() => {
  const { span, at } = address.value
  const half = spans[span]
  const step = half / 4
  const centre = Math.floor((at ?? now.value) / step) * step
  const files = [...(model.value?.hosts.values() ?? [])].map(({ file }) => file.loadedAt)
  return [centre - half, centre + half + step, ...files].join(' ')
})

interface Flight {
  readonly cover: string
  readonly keys: Set<string>
  readonly closing: AbortController
}
let flight: Flight | undefined

async function askFor(keys: readonly string[], part: string): Promise<void> {
  if (flight !== undefined && flight.cover !== part) {
    flight.closing.abort()
    flight = undefined
  }
  flight ??= { cover: part, keys: new Set(), closing: new AbortController() }
  const { keys: asked, closing } = flight
  const wanted = keys.filter((key) => !asked.has(key) && isWanted(kept.get(key), part))
  for (const key of wanted) asked.add(key)
  try {
    let isCut = false
    for (let at = 0; at < wanted.length; at += maxTasksAsked) {
      const some = wanted.slice(at, at + maxTasksAsked)
      isCut = (await askPart(some, part, closing.signal)) || isCut
    }
    if (wanted.length > 0) dataProblem.value = isCut ? cutWords : null
  } catch (error) {
    if (isAborted(error)) return
    dataProblem.value = problemWords(error)
    setTimeout(tellChange, minRefreshMs)
  } finally {
    for (const key of wanted) asked.delete(key)
  }
}

function isWanted(have: Kept | undefined, part: string): boolean {
  if (have === undefined || have.cover !== part) return true
  return have.isStale && Date.now() - have.askedAt > minRefreshMs
}

/** When the next row that is stale may be asked for, in ms from now; undefined if none is stale. */
function untilWanted(keys: readonly string[]): number | undefined {
  const stale = keys.flatMap((key) => kept.get(key) ?? []).filter(({ isStale }) => isStale)
  if (stale.length === 0) return undefined
  const first = Math.min(...stale.map(({ askedAt }) => askedAt))
  return Math.max(0, first + minRefreshMs - Date.now()) + 1
}

const emptyRow: TimelineRow = {
  runs: [],
  density: null,
  gaps: [],
  planned: [],
  plannedIsCut: false,
}

/** For each request on its way, the rows that came since it was sent: its answer may be older. */
const arriving = new Set<HistoryRow[]>()

/** Returns whether the server has left out runs. */
async function askPart(
  keys: readonly string[],
  part: string,
  aborted: AbortSignal,
): Promise<boolean> {
  const tasks = keys.map((key) => ['task', key.split('\n')[1] ?? ''] as const)
  const [from = 0, to = 0] = part.split(' ').map(Number)
  const range = [
    ['from', new Date(from).toISOString()],
    ['to', new Date(to).toISOString()],
  ] as const
  const news: HistoryRow[] = []
  arriving.add(news)
  const [timeline, recent] = await Promise.all([
    getJson<TimelineAnswer>('timeline', [...range, ...tasks], aborted),
    getJson<RecentAnswer>('recent', tasks, aborted),
  ]).finally(() => arriving.delete(news))
  for (const key of keys) {
    const name = key.split('\n')[1] ?? ''
    kept.delete(key)
    kept.set(key, {
      timeline: (Object.hasOwn(timeline.tasks, name) && timeline.tasks[name]) || emptyRow,
      recent: (Object.hasOwn(recent.tasks, name) && recent.tasks[name]) || [],
      cover: part,
      askedAt: Date.now(),
      isStale: false,
    })
  }
  for (const key of kept.keys()) {
    if (kept.size <= maxTasksKept) break
    kept.delete(key)
  }
  applyRows(news)
  tellChange()
  return timeline.isCut
}

function applyRows(rows: readonly HistoryRow[]): void {
  // A machine may have had another name when it wrote a row, and all machines are shown as one.
  const [host = ''] = model.peek()?.hosts.keys() ?? []
  let isChanged = false
  for (const row of rows) {
    const key = taskKey(host, row.task)
    const have = kept.get(key)
    if (have === undefined) continue
    isChanged = true
    const timeline = withRow(have.timeline, row)
    kept.set(key, {
      ...have,
      timeline: timeline ?? have.timeline,
      recent: withRecent(have.recent, row),
      isStale: have.isStale || timeline === undefined,
    })
  }
  if (isChanged) tellChange()
}

/** Without reading the signal: an effect that calls this must not run because of it. */
function tellChange(): void {
  dataVersion.value = dataVersion.peek() + 1
}
