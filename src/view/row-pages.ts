import type { PageFilter } from '../record/history/history-page.ts'
import type { HistoryRow } from '../plan/history-row.ts'

/** The most rows of one step: more is not answered by the daemon. */
const maxStepRows = 500
/** A rare outcome may be far back: each step looks at a bounded number of rows. */
const maxSteps = 500

/** As HistoryPage: its `more` is where the next step begins. */
interface Step {
  readonly rows: readonly HistoryRow[]
  readonly more: string | null
}

/** Rows, newest first, and where the next page begins; null: that was all. */
export interface RowPage {
  readonly rows: readonly HistoryRow[]
  readonly before: string | null
}

/** A page of rows, in steps, because one step may have fewer rows than asked for, or none. */
export async function rowPage(
  step: (filter: PageFilter) => Promise<Step>,
  filter: PageFilter,
): Promise<RowPage> {
  const rows: HistoryRow[] = []
  let { before } = filter
  for (let steps = 0; steps < maxSteps; steps++) {
    const limit = Math.min(filter.limit - rows.length, maxStepRows)
    const { before: _, ...rest } = filter
    const page = await step({ ...rest, ...(before !== undefined && { before }), limit })
    rows.push(...page.rows)
    before = page.more ?? undefined
    if (before === undefined || rows.length >= filter.limit) break
  }
  return { rows, before: before ?? null }
}
