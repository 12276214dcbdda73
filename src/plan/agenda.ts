/**
 * What starts next, of all tasks: a binary heap by the second of the start, so that a tick costs
 * by what is due and not by what is loaded.
 */
export interface Agenda {
  readonly heap: AgendaEntry[]
}

export interface AgendaEntry {
  readonly task: string
  /** The slot, in seconds since the epoch. */
  readonly slot: number
  /** The second in which it is to start: the slot plus the whole seconds of its jitter. */
  readonly at: number
}

/** An agenda of these entries, in linear time. The array is taken over. */
export function agendaOf(entries: AgendaEntry[]): Agenda {
  for (let i = (entries.length >> 1) - 1; i >= 0; i--) sink(entries, i)
  return { heap: entries }
}

/**
 * All entries that start at or before a second, or any `limit` of them, in no order. Reads only what it
 * gives, and twice that.
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

/** The second of the next start; undefined where nothing is on the agenda. */
export function earliest(agenda: Agenda): number | undefined {
  return agenda.heap[0]?.at
}

/** Takes away what dueBy gave for the same second, and puts in what follows. Changes the agenda. */
export function advance(agenda: Agenda, second: number, entries: readonly AgendaEntry[]): void {
  const { heap } = agenda
  while (heap[0] !== undefined && heap[0].at <= second) removeFirst(heap)
  for (const entry of entries) {
    heap.push(entry)
    rise(heap, heap.length - 1)
  }
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
    if (at(heap, parent) <= at(heap, index)) return
    swap(heap, parent, index)
    index = parent
  }
}

function sink(heap: AgendaEntry[], from: number): void {
  for (let index = from; ;) {
    const left = 2 * index + 1
    const child = at(heap, left + 1) < at(heap, left) ? left + 1 : left
    if (at(heap, index) <= at(heap, child)) return
    swap(heap, index, child)
    index = child
  }
}

/** Beyond the end is later than everything. */
function at(heap: readonly AgendaEntry[], index: number): number {
  return heap[index]?.at ?? Infinity
}

function swap(heap: AgendaEntry[], a: number, b: number): void {
  const [first, second] = [heap[a], heap[b]]
  if (first === undefined || second === undefined) return
  heap[a] = second
  heap[b] = first
}
