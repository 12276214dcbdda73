import { randomBytes } from 'node:crypto'
import type { TaskStatus } from '../control/status-report.ts'
import type { Clock } from '../host/clock.ts'
import { pastAfter } from '../daemon/starts/run-table.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { Heard, SeenStatus, View } from '../view/view.ts'
import type { HostView, TaskView, Update } from './api.ts'
import { newPasts } from './task-past.ts'
import { hostView, taskView } from './task-view.ts'

/**
 * What all pages share: one picture of the host, however many pages are open. The daemon is asked once, and
 * its events change the picture. Each part knows when it changed last, so what a page has missed is found
 * without a queue for each page.
 */
export interface Hub {
  /** The picture, after a look at the daemon if nobody has looked for a second. */
  picture(): Promise<Picture>
  /** What has changed since this event id; undefined if that is no longer known. */
  changesSince(id: string): { readonly update: Update; readonly id: string } | undefined
  /** Calls back at each change, at most `maxUpdates` times a second, until the returned function is called. */
  listen(onChange: () => void): () => void
  /** The id of the last change. */
  id(): string
  close(): void
}

interface Picture {
  readonly status: SeenStatus
  readonly host: HostView
  readonly tasks: readonly TaskView[]
  readonly id: string
}

/** How old the picture of a request may be, and the counts of a day. */
const freshMs = 1_000
const freshCountsMs = 10_000
const beatMs = 250
const dayMs = 86_400_000
/** What pages have missed is known for this many rows and tasks that are gone. */
const maxKept = 1_000

interface Part<T> {
  readonly view: T
  readonly text: string
  readonly seq: number
}

export function newHub(view: View, clock: Clock): Hub {
  const instance = randomBytes(6).toString('hex')
  const pasts = newPasts(view, clock)
  const parts = new Map<string, Part<TaskView>>()
  const starts = new Map<string, HistoryRow>()
  const gone: { readonly host: string; readonly task: string; readonly seq: number }[] = []
  const rows: { readonly row: HistoryRow; readonly seq: number }[] = []
  const listeners = new Set<() => void>()
  let seq = 0
  /** Before this, rows and gone tasks are forgotten. */
  let firstKnown = 0
  let seen: SeenStatus | undefined
  let seenAtMs = -Infinity
  let host: Part<HostView> | undefined
  let counts: Awaited<ReturnType<View['countsSince']>> = {}
  let countedAtMs = -Infinity
  let looking: Promise<SeenStatus> | undefined
  let cancelBeat: (() => void) | undefined
  let following: AbortController | undefined
  /** The picture is kept up to date by events. */
  let isFollowed = false

  const idOf = (at: number): string => `${instance}.${at}`

  async function look(): Promise<SeenStatus> {
    const status = await view.status()
    // More than one run may have ended since the last look.
    pasts.forget(changedTasks(seen, status))
    await pasts.load(status.report.tasks)
    const now = clock.monotonic()
    if (now - countedAtMs >= freshCountsMs) {
      counts = await view.countsSince(clock.now() - dayMs)
      countedAtMs = now
    }
    takeStatus(status)
    seenAtMs = clock.monotonic()
    return status
  }

  /** Requests that come meanwhile wait for the same answer. */
  function lookOnce(): Promise<SeenStatus> {
    looking ??= look().finally(() => (looking = undefined))
    return looking
  }

  function takeStatus(status: SeenStatus): void {
    const before = new Map(seen?.report.tasks.map((task) => [task.name, task]))
    const isFirst = seen === undefined
    seen = status
    const { name } = status.report.host
    const names = new Set(status.report.tasks.map((task) => task.name))
    for (const task of status.report.tasks) {
      const last = before.get(task.name)?.last
      // What came by an event is known already.
      if (!isFirst && task.last !== null && !isSameRow(last, task.last)) keepRow(task.last)
      drawTask(name, task)
    }
    for (const task of parts.keys()) {
      if (names.has(task)) continue
      parts.delete(task)
      gone.push({ host: name, task, seq: ++seq })
    }
    pasts.keep(names)
    const running = new Set(status.report.tasks.flatMap((task) => task.running))
    for (const run of starts.keys()) if (!running.has(run)) starts.delete(run)
    drawHost(status)
    forget()
  }

  /** Changes the part of a task, if it looks different now. */
  function drawTask(hostName: string, task: TaskStatus): void {
    const drawn = taskView(hostName, task, pasts.of(task.name), starts)
    const text = JSON.stringify(drawn)
    if (parts.get(task.name)?.text !== text) parts.set(task.name, { view: drawn, text, seq: ++seq })
  }

  function drawHost(status: SeenStatus): void {
    const drawn = hostView(status, counts)
    const text = JSON.stringify(drawn)
    if (host?.text !== text) host = { view: drawn, text, seq: ++seq }
  }

  function keepRow(row: HistoryRow): void {
    pasts.add(row)
    rows.push({ row, seq: ++seq })
  }

  function forget(): void {
    for (const list of [rows, gone])
      if (list.length > maxKept)
        for (const { seq: last } of list.splice(0, list.length - maxKept))
          firstKnown = Math.max(firstKnown, last)
  }

  /** Changes the picture by a row, without asking the daemon. */
  async function takeRow(row: HistoryRow, next: string | null): Promise<void> {
    const task = seen?.report.tasks.find(({ name }) => name === row.task)
    if (seen === undefined || task === undefined) return takeLook()
    keepRow(row)
    if (row.run !== null && row.outcome === 'running') starts.set(row.run, row)
    else if (row.run !== null) starts.delete(row.run)
    Object.assign(task, taskAfter(task, row, next))
    drawTask(seen.report.host.name, task)
    if (row.outcome !== 'ok' && row.outcome !== 'running') {
      counts = { ...counts, [row.outcome]: (counts[row.outcome] ?? 0) + 1 }
      drawHost(seen)
    }
    forget()
  }

  async function follow(signal: AbortSignal): Promise<void> {
    for await (const heard of view.follow(signal)) {
      if (signal.aborted) return
      const before = seq
      await take(heard)
      if (seq !== before) beat()
    }
  }

  async function take(heard: Heard): Promise<void> {
    if (heard.kind === 'row') await takeRow(heard.row, heard.next)
    else await takeLook()
  }

  /** A look that began before is not enough: what happened since may come by no event. */
  async function takeLook(): Promise<void> {
    try {
      await looking?.catch(() => {})
      await lookOnce()
      isFollowed = following !== undefined
    } catch {
      // The pages keep what they have, and the next look tries again.
    }
  }

  /** Tells all pages together, so that they share the same update. */
  function beat(): void {
    cancelBeat ??= clock.after(beatMs, () => {
      cancelBeat = undefined
      for (const listener of listeners) listener()
    })
  }

  const cached = { from: -1, to: -1, update: undefined as Update | undefined }
  function updateSince(from: number): Update {
    if (cached.from === from && cached.to === seq && cached.update !== undefined)
      return cached.update
    const isNew = (part: { readonly seq: number }): boolean => part.seq > from
    const update: Update = {
      now: new Date(clock.now()).toISOString(),
      hosts: host !== undefined && isNew(host) ? [host.view] : [],
      tasks: [...parts.values()].filter(isNew).map((part) => part.view),
      gone: gone.filter(isNew).map(({ host: name, task }) => [name, task]),
      rows: rows.filter(isNew).map(({ row }) => row),
    }
    Object.assign(cached, { from, to: seq, update })
    return update
  }

  return {
    async picture() {
      const isFresh = isFollowed || clock.monotonic() - seenAtMs < freshMs
      const status = seen !== undefined && isFresh ? seen : await lookOnce()
      return {
        status,
        host: host?.view ?? hostView(status, counts),
        tasks: [...parts.values()].map((part) => part.view),
        id: idOf(seq),
      }
    },
    changesSince(id) {
      const [of, at] = id.split('.')
      const from = /^\d{1,15}$/.test(at ?? '') ? Number(at) : -1
      if (of !== instance || from < firstKnown || from > seq) return undefined
      return { update: updateSince(from), id: idOf(seq) }
    },
    listen(onChange) {
      listeners.add(onChange)
      if (following === undefined) {
        following = new AbortController()
        void follow(following.signal)
      }
      return () => {
        listeners.delete(onChange)
        if (listeners.size > 0) return
        following?.abort()
        following = undefined
        isFollowed = false
      }
    },
    id: () => idOf(seq),
    close() {
      cancelBeat?.()
      following?.abort()
    },
  }
}

/** The tasks that have another last row than before. */
function changedTasks(before: SeenStatus | undefined, now: SeenStatus): string[] {
  const known = new Map(before?.report.tasks.map(({ name, last }) => [name, last]))
  return now.report.tasks
    .filter(
      ({ name, last }) => last !== null && known.has(name) && !isSameRow(known.get(name), last),
    )
    .map(({ name }) => name)
}

function isSameRow(a: HistoryRow | null | undefined, b: HistoryRow): boolean {
  return (
    a !== null &&
    a !== undefined &&
    a.run === b.run &&
    a.slot === b.slot &&
    a.outcome === b.outcome &&
    a.endedAt === b.endedAt
  )
}

/** What a row changes of the status of its task. */
function taskAfter(task: TaskStatus, row: HistoryRow, next: string | null): Partial<TaskStatus> {
  const { run, outcome } = row
  const others = task.running.filter((each) => each !== run)
  if (run !== null && outcome === 'running') return { next, running: [...others, run] }
  const { failures = 0, skips = 0, restarts = 0 } = task.counts ?? {}
  const before = { last: task.last ?? undefined, lastOk: undefined, failures, skips }
  const after = pastAfter(before, row)
  const counts = { failures: after.failures, skips: after.skips, restarts }
  return { next, running: others, last: after.last ?? null, counts }
}
