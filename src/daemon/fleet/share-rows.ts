import {
  type LaterRows,
  currentRows,
  type HistoryPlace,
  rowsBehind,
} from '../../record/history/later-rows.ts'
import type { Link } from '../../fleet/nats/connect.ts'
import type { RowStore } from '../../fleet/row-store.ts'
import type { Clock } from '../../host/clock.ts'
import type { Files } from '../../host/files.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { isShared, rowId, type Share } from '../../plan/fleet/shared-rows.ts'
import type { Faults } from '../../run/faults.ts'

/** Gives rows of the history to the engine, for others to see while this machine is down. */
export interface RowSharing {
  /** Something was added to the history. */
  wake(): void
  /** How many rows wait for the engine, and how many did not wait because there were too many. */
  counts(): { readonly waiting: number; readonly dropped: number }
  /** Gives what there is now, and ends. Waits only a moment for the engine. */
  finish(): Promise<void>
  close(): void
}

interface SharingParts {
  readonly clock: Clock
  readonly files: Pick<Files, 'readText' | 'replace'>
  readonly faults: Faults
  readonly store: Pick<RowStore, 'put'>
  readonly link: () => Link
  /** history.db. */
  readonly history: string
  /** Where it is noted what the engine has. */
  readonly file: string
  readonly share: Share
  /** Whether a task is one that the fleet shares. */
  readonly isOfFleet: (task: string) => boolean
  /** Rows were left out: too many waited. */
  readonly onDropped: (rows: number) => void
}

/** What the engine has. */
interface Saved {
  readonly place: HistoryPlace
  /** Runs whose end comes later. */
  readonly open: readonly string[]
  readonly dropped: number
}

/** The history is written a moment after something happened. */
const soonMs = 300
/** After a failure, and in case the history was written late. */
const againMs = 10_000
const maxBatch = 200
/** While the engine is away, rows wait in the history; the oldest over this number are left out. */
const maxWaiting = 100_000
const finishMs = 2_000

export function newRowSharing(parts: SharingParts): RowSharing {
  const { clock, files, faults, file, history } = parts
  let saved = readSaved(parts)
  let waiting = 0
  let isBusy = false
  let isClosed = false
  let cancel = (): void => {}

  function save(next: Saved): void {
    saved = next
    faults.attempt('note which rows the fleet has', () =>
      files.replace(file, `${JSON.stringify(next)}\n`, { sync: false }),
    )
  }

  /** Gives the next rows. Returns whether more wait. Throws if the history cannot be read. */
  async function step(): Promise<boolean> {
    const { place, open = [], dropped = 0 } = saved ?? {}
    const later = rowsBehind(history, place, { limit: maxBatch, maxWaiting })
    if (later.dropped > 0) parts.onDropped(later.dropped)
    const ended = open.length === 0 ? [] : currentRows(history, open)
    const isOver = await give(parts, [...ended.filter(hasEnded), ...later.rows])
    waiting = isOver ? later.left : later.left + later.rows.length
    if (!isOver) return false
    const next = openRuns(parts, ended, later)
    const isNew = later.place.id !== place?.id || next.length !== open.length
    if (isNew) save({ place: later.place, open: next, dropped: dropped + later.dropped })
    return later.left > 0
  }

  function count(): void {
    const later = rowsBehind(history, saved?.place, { limit: 1, maxWaiting })
    waiting = later.left + later.rows.length
    // BEFORE anything starts: what comes from now on is for the fleet.
    if (saved === undefined) save({ place: later.place, open: [], dropped: 0 })
  }

  async function round(): Promise<void> {
    if (isBusy) return
    if (saved === undefined || parts.link().state !== 'up')
      return void faults.attempt('count rows for the fleet', count)
    isBusy = true
    await faults.attemptAsync('give rows to the fleet', async () => {
      while (await step());
    })
    isBusy = false
  }

  function wakeAfter(ms: number): void {
    cancel()
    if (isClosed) return
    cancel = clock.after(ms, () => {
      wakeAfter(againMs)
      void round()
    })
  }

  faults.attempt('count rows for the fleet', count)
  wakeAfter(soonMs)
  return {
    wake: () => wakeAfter(soonMs),
    counts: () => ({ waiting, dropped: saved?.dropped ?? 0 }),
    async finish() {
      isClosed = true
      cancel()
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(finishMs, resolve)
      })
      await Promise.race([round(), late])
      cancel()
    },
    close() {
      isClosed = true
      cancel()
    },
  }
}

/** Returns whether the engine has all of them. */
async function give(
  { store, share, isOfFleet }: SharingParts,
  rows: readonly HistoryRow[],
): Promise<boolean> {
  const shared = rows.filter((row) => isShared(row, share, isOfFleet(row.task)))
  const answers = await Promise.all(shared.map((row) => store.put(row, rowId(row))))
  return answers.every(({ kind }) => kind === 'stored' || kind === 'taken')
}

/** The runs that have not ended. One that is no longer in the history never began. */
function openRuns(
  { share, isOfFleet }: SharingParts,
  known: readonly HistoryRow[],
  { rows }: LaterRows,
): string[] {
  const open = [...known, ...rows].filter(
    (row) => !hasEnded(row) && (share !== 'none' || isOfFleet(row.task)),
  )
  return open.flatMap(({ run }) => run ?? [])
}

function hasEnded({ outcome }: HistoryRow): boolean {
  return outcome !== 'running'
}

/** undefined: nothing yet, or it cannot be read. Then only what comes from now on is given. */
function readSaved({ files, file }: SharingParts): Saved | undefined {
  try {
    const value = JSON.parse(files.readText(file) ?? 'null') as Saved | null
    return value !== null && Number.isSafeInteger(value.place.id) && Array.isArray(value.open)
      ? value
      : undefined
  } catch {
    return undefined
  }
}
