import { quietly } from '../../host/system-error.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import type { RowQuery, RowStore } from '../row-store.ts'
import { getError, putError } from './answers.ts'
import type { NatsParts } from './engine.ts'
import { hostOfRow, rowFilter, rowSubject } from './subjects.ts'

/** The newest messages that are looked at first. Each further part is twice as large. */
const firstPart = 256
/** How many messages are asked for at the same time. */
const parallel = 32
/** However rare the rows are that somebody asks for, the answer comes. */
const maxMessages = 20_000

interface StoredRow {
  readonly sequence: number
  readonly storedMs: number
  readonly row: HistoryRow
}

/**
 * Rows in the stream of a fleet. They are read one message at a time, many in parallel, because a machine has no
 * right to make a consumer: the server would deliver its messages to any subject, also to those of commands.
 */
export function natsRowStore({
  js,
  manager,
  names,
  host,
}: Omit<NatsParts, 'connection'>): RowStore {
  /** The rows from one sequence to another that match the filter. */
  async function walk(filter: string, from: number, to: number): Promise<StoredRow[]> {
    const found: StoredRow[] = []
    for (let next = from; next <= to;) {
      const query = { seq: next, next_by_subj: filter }
      const message = await manager.streams.getMessage(names.rows, query)
      if (message === null || message.seq > to) return found
      const { seq: sequence, subject, time } = message
      next = sequence + 1
      // One that cannot be read does not hide the others.
      const read = quietly(() => message.json<HistoryRow | null>()) ?? undefined
      if (read === undefined) continue
      const row = { ...read, host: hostOfRow(names, subject) }
      found.push({ sequence, storedMs: time.getTime(), row })
    }
    return found
  }

  async function part(filter: string, from: number, to: number): Promise<StoredRow[]> {
    const size = Math.ceil((to - from + 1) / parallel)
    const starts = Array.from({ length: parallel }, (_, index) => from + index * size)
    const parts = await Promise.all(
      starts.map((start) => walk(filter, start, Math.min(start + size - 1, to))),
    )
    return parts.flat()
  }

  async function newest({ sinceMs = 0, limit, ...query }: RowQuery): Promise<HistoryRow[]> {
    const { state } = await manager.streams.info(names.rows)
    const filter = rowFilter(names, query)
    const isMeant = meantBy(query)
    const rows: HistoryRow[] = []
    let looked = 0
    for (let to = state.last_seq, size = firstPart; to >= state.first_seq; size *= 2) {
      const from = Math.max(to - size + 1, state.first_seq)
      const found = await part(filter, from, to)
      looked += found.length
      const meant = found.filter(({ row, storedMs }) => storedMs >= sinceMs && isMeant(row))
      rows.push(...meant.map(({ row }) => row).toReversed())
      const isOld = found.some(({ storedMs }) => storedMs < sinceMs)
      if (rows.length >= limit || isOld || looked >= maxMessages) break
      to = from - 1
    }
    return rows.slice(0, limit)
  }

  return {
    async put(row, id) {
      try {
        const subject = rowSubject(names, host, row.task)
        const { seq: sequence } = await js.publish(subject, JSON.stringify(row), { msgID: id })
        return { kind: 'stored', sequence }
      } catch (error) {
        return putError(error)
      }
    },
    async read(query) {
      try {
        return { kind: 'rows', rows: await newest(query) }
      } catch (error) {
        return getError(error)
      }
    },
  }
}

/** The filter of the engine knows one machine and one task, or all. */
function meantBy({
  hosts,
  tasks,
}: Pick<RowQuery, 'hosts' | 'tasks'>): (row: HistoryRow) => boolean {
  const [someHosts, someTasks] = [hosts && new Set(hosts), tasks && new Set(tasks)]
  return ({ host, task }) =>
    (someHosts === undefined || someHosts.has(host)) &&
    (someTasks === undefined || someTasks.has(task))
}
