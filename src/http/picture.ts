import type { TaskStatus } from '../control/status-report.ts'
import { pastAfter } from '../daemon/starts/run-table.ts'
import type { HistoryRow, Outcome } from '../plan/history-row.ts'
import type { SeenStatus } from '../view/view.ts'
import type { HostView, TaskView, Update } from './api.ts'
import type { Pasts } from './task-past.ts'
import { hostView, taskView } from './task-view.ts'

/**
 * What is known of the host now. Each part knows when it changed last, by a number that counts up: so what a
 * page has missed is found without a queue for each page.
 */
export interface Picture {
  readonly pasts: Pasts
  /** undefined before the first look. */
  status: SeenStatus | undefined
  /** Rows of the last 24 hours by their outcome, without `ok` and `running`. */
  counts: Partial<Record<Outcome, number>>
  /** What the tasks file on disk would change, in lines; null: nothing, or that is not known. */
  change: readonly string[] | null
  host: Part<HostView> | undefined
  readonly tasks: Map<string, Part<TaskView>>
  /** The rows of the runs that began while somebody looked, and have not ended. */
  readonly starts: Map<string, HistoryRow>
  readonly gone: { readonly host: string; readonly task: string; readonly seq: number }[]
  readonly rows: { readonly row: HistoryRow; readonly seq: number }[]
  /** The last change. */
  seq: number
  /** Before this one, rows and gone tasks are forgotten. */
  firstKnown: number
}

interface Part<T> {
  readonly view: T
  readonly text: string
  readonly seq: number
}

/** What pages have missed is known for this many rows and tasks that are gone. */
const maxKept = 1_000

export function newPicture(pasts: Pasts): Picture {
  return {
    pasts,
    status: undefined,
    counts: {},
    change: null,
    host: undefined,
    tasks: new Map(),
    starts: new Map(),
    gone: [],
    rows: [],
    seq: 0,
    firstKnown: 0,
  }
}

/** The tasks that have another last row than before. */
export function changedTasks({ status }: Picture, now: SeenStatus): string[] {
  const known = new Map(status?.report.tasks.map(({ name, last }) => [name, last]))
  return now.report.tasks
    .filter(
      ({ name, last }) => last !== null && known.has(name) && !isSameRow(known.get(name), last),
    )
    .map(({ name }) => name)
}

/** Draws everything by a new status. */
export function takeStatus(picture: Picture, status: SeenStatus): void {
  const { tasks, starts, gone, pasts } = picture
  const before = picture.status
  const lastRows = new Map(before?.report.tasks.map(({ name, last }) => [name, last]))
  picture.status = status
  for (const row of status.running ?? []) if (row.run !== null) starts.set(row.run, row)
  const { name: host } = status.report.host
  for (const task of status.report.tasks) {
    // What came by an event is known already. The past has been read with this row.
    const { name, last } = task
    if (before !== undefined && last !== null && !isSameRow(lastRows.get(name), last))
      tellRow(picture, last)
    drawTask(picture, host, task)
  }
  const names = new Set(status.report.tasks.map((task) => task.name))
  for (const task of tasks.keys()) {
    if (names.has(task)) continue
    tasks.delete(task)
    gone.push({ host, task, seq: ++picture.seq })
  }
  pasts.keep(names)
  const running = new Set(status.report.tasks.flatMap((task) => task.running))
  for (const run of starts.keys()) if (!running.has(run)) starts.delete(run)
  drawHost(picture, status)
  forget(picture)
}

/** Changes the picture by a row, without a new status. Returns false if its task is not known. */
export function takeRow(picture: Picture, row: HistoryRow, next: string | null): boolean {
  const { status, starts, counts } = picture
  const task = status?.report.tasks.find(({ name }) => name === row.task)
  if (status === undefined || task === undefined) return false
  if (isInStatus(task, row)) return true
  picture.pasts.add(row)
  tellRow(picture, row)
  if (row.run !== null && row.outcome === 'running') starts.set(row.run, row)
  else if (row.run !== null) starts.delete(row.run)
  Object.assign(task, taskAfter(task, row, next))
  drawTask(picture, status.report.host.name, task)
  if (row.outcome !== 'ok' && row.outcome !== 'running') {
    picture.counts = { ...counts, [row.outcome]: (counts[row.outcome] ?? 0) + 1 }
    drawHost(picture, status)
  }
  forget(picture)
  return true
}

/** Takes what the tasks file on disk would change. */
export function takeFileChange(picture: Picture, change: readonly string[] | null): void {
  picture.change = change
  if (picture.status !== undefined) drawHost(picture, picture.status)
}

/** What has changed after that change; undefined if that is no longer known. */
export function updateSince(picture: Picture, from: number, now: string): Update | undefined {
  const { host, tasks, gone, rows, firstKnown, seq } = picture
  if (from < firstKnown || from > seq) return undefined
  const isNew = (part: { readonly seq: number }): boolean => part.seq > from
  return {
    now,
    hosts: host !== undefined && isNew(host) ? [host.view] : [],
    tasks: [...tasks.values()].filter(isNew).map(({ view }) => view),
    gone: gone.filter(isNew).map(({ host: name, task }) => [name, task]),
    rows: rows.filter(isNew).map(({ row }) => row),
  }
}

/** Changes the part of a task, if it looks different now. */
function drawTask(picture: Picture, host: string, task: TaskStatus): void {
  const isOfAll = picture.status?.running !== undefined
  const view = taskView(host, task, picture.pasts.of(task.name), picture.starts, isOfAll)
  const text = JSON.stringify(view)
  if (picture.tasks.get(task.name)?.text === text) return
  picture.tasks.set(task.name, { view, text, seq: ++picture.seq })
}

function drawHost(picture: Picture, status: SeenStatus): void {
  const view = hostView(status, picture.counts, picture.change)
  const text = JSON.stringify(view)
  if (picture.host?.text !== text) picture.host = { view, text, seq: ++picture.seq }
}

function tellRow(picture: Picture, row: HistoryRow): void {
  picture.rows.push({ row, seq: ++picture.seq })
}

function forget(picture: Picture): void {
  for (const list of [picture.rows, picture.gone]) {
    const old = list.splice(0, Math.max(list.length - maxKept, 0))
    picture.firstKnown = Math.max(picture.firstKnown, old.at(-1)?.seq ?? 0)
  }
}

/** An event may wait while a look is made, which then has its row. */
function isInStatus({ last }: TaskStatus, row: HistoryRow): boolean {
  if (row.outcome === 'running') return last !== null && last.run === row.run
  return isSameRow(last, row)
}

function isSameRow(a: HistoryRow | null | undefined, b: HistoryRow): boolean {
  if (a === null || a === undefined) return false
  return a.run === b.run && a.slot === b.slot && a.outcome === b.outcome && a.endedAt === b.endedAt
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
