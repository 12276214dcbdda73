/**
 * The next start of every task: a binary heap, ordered by the second of the start. A tick therefore
 * costs as much as is due in it, however many tasks are loaded.
 */
export interface Agenda {
  readonly heap: AgendaEntry[]
}

export interface AgendaEntry {
  readonly task: string
  /** The slot, in seconds since the epoch. */
  readonly slot: number
  /** The second of the start: the slot plus the whole seconds of the task's jitter. */
  readonly at: number
}

/** Makes an agenda from these entries, in linear time. It keeps and reorders the given array. */
export function agendaOf(entries: AgendaEntry[]): Agenda {
  for (let i = (entries.length >> 1) - 1; i >= 0; i--) sink(entries, i)
  return { heap: entries }
}

/**
 * The entries that start at or before a second, in no order. With a `limit`, it returns at most that
 * many of them, no matter which. It visits at most two entries for each one it returns.
 */
export function dueBy(agenda: Agenda, second: number, limit = Infinity): AgendaEntry[] {
  const found: AgendaEntry[] = []
  const open = [0]
  while (open.length > 0 && found.length < limit) {
    const index = open.pop() ?? 0
    const entry = agenda.heap[index]
    if (entry === undefined || entry.at > second) continue
    found.push(entry)
    open.push(2 * index + 1, 2 * index + 2)
  }
  return found
}

/** The second of the next start; undefined if the agenda is empty. */
export function earliest(agenda: Agenda): number | undefined {
  return agenda.heap[0]?.at
}

/** Removes the entries that dueBy() returns for this second and adds new ones. Changes the agenda. */
export function advance(agenda: Agenda, second: number, entries: readonly AgendaEntry[]): void {
  const { heap } = agenda
  while (heap[0] !== undefined && heap[0].at <= second) removeFirst(heap)
  for (const entry of entries) {
    heap.push(entry)
    rise(heap, heap.length - 1)
  }
}

/** At most this many recorders are started in advance: with its collector each one takes 400 kB of memory. */
const maxPreparedRecorders = 1000

/** Time to start one recorder and its collector in advance, at a rate that leaves the machine to other work. */
const prepareMs = 4

/** Preparing the most recorders allowed takes no longer. */
const prepareSeconds = (maxPreparedRecorders * prepareMs) / 1000

/**
 * The starts whose recorders should be started in advance now, in the order of their time: all
 * that come in the next second, and parts of a large burst in a later one, because one second is
 * too short to prepare all of it.
 */
export function startsDueSoon(agenda: Agenda, now: number): AgendaEntry[] {
  const nextSecondMs = (now + 1) * 1000
  return entriesSoon(agenda, now)
    .toSorted((a, b) => a.at - b.at || (a.task < b.task ? -1 : 1))
    .slice(0, maxPreparedRecorders)
    .filter(({ at }, index) => at * 1000 - index * prepareMs <= nextSecondMs)
}

function entriesSoon(agenda: Agenda, now: number): AgendaEntry[] {
  const next = dueBy(agenda, now + 1, maxPreparedRecorders)
  if (next.length === maxPreparedRecorders) return next
  const soon = dueBy(agenda, now + 1 + prepareSeconds, next.length + maxPreparedRecorders)
  return [...next, ...soon.filter(({ at }) => at > now + 1)]
}

function removeFirst(heap: AgendaEntry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  sink(heap, 0)
}

function rise(heap: AgendaEntry[], from: number): void {
  for (let index = from; index > 0;) {
    const parent = (index - 1) >> 1
    if (secondAt(heap, parent) <= secondAt(heap, index)) return
    swap(heap, parent, index)
    index = parent
  }
}

function sink(heap: AgendaEntry[], from: number): void {
  for (let index = from; ;) {
    const left = 2 * index + 1
    const child = secondAt(heap, left + 1) < secondAt(heap, left) ? left + 1 : left
    if (secondAt(heap, index) <= secondAt(heap, child)) return
    swap(heap, index, child)
    index = child
  }
}

/** An index past the end counts as later than every entry. */
function secondAt(heap: readonly AgendaEntry[], index: number): number {
  return heap[index]?.at ?? Infinity
}

function swap(heap: AgendaEntry[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]]
  if (first === undefined || second === undefined) return
  heap[a] = second
  heap[b] = first
}
