import type { Protocol } from '../control/protocol.ts'
import type { StatusReport } from '../control/status-report.ts'
import type { OutputPart } from '../follow/output-part.ts'
import type { HistoryRow, Outcome } from '../plan/history-row.ts'
import type { PageFilter } from '../record/history/history-page.ts'
import type { EndedRun } from '../record/history/look-back.ts'
import type { PastLimits, PastWindow, WindowPast } from '../record/history/window-past.ts'
import type { RowPage } from './row-pages.ts'

/** One machine as others see it, with or without its daemon. */
export interface View {
  /** The status now. Without an answer of a daemon it comes from the files. */
  status(): Promise<SeenStatus>
  /** What happens from now on, until the signal is aborted. */
  follow(signal: AbortSignal): AsyncGenerator<Heard, void, undefined>
  /** The last runs of each task that have ended, oldest first, at most `limit` of each. */
  recent(tasks: readonly string[], limit: number): Promise<Map<string, EndedRun[]>>
  /** When the failures in a row of these tasks began, ISO 8601. */
  failingSince(tasks: readonly string[]): Promise<Map<string, string>>
  /** How many rows of each outcome but `ok` and `running` are newer than this. */
  countsSince(sinceMs: number): Promise<Partial<Record<Outcome, number>>>
  /** What has a part in this time. */
  between(window: PastWindow, limits: PastLimits): Promise<WindowPast>
  page(filter: PageFilter): Promise<RowPage>
  /** A run by its id or the beginning of it. Throws TorchError `ambiguous-run`. */
  run(idOrPrefix: string): Promise<HistoryRow | undefined>
  /** Some of what a run printed; undefined if its output is not kept. */
  output(run: RunName, from: number, maxBytes: number): Promise<OutputPart | undefined>
  /** All that the tasks file says of a task; undefined if that is not known. */
  definition(task: string): Promise<TaskDefinition | undefined>
  /**
   * What would change if the daemon of this status loaded the tasks file as it is on disk, in the words of
   * `torch diff`; null: nothing, or that is not known.
   */
  fileChange(report: StatusReport): Promise<readonly string[] | null>
  /** The text that Prometheus reads, with what this process uses. */
  metrics(): Promise<string>
  start(request: Protocol['run']['request']): Promise<Protocol['run']['reply']>
  kill(request: Protocol['kill']['request']): Promise<Protocol['kill']['reply']>
  pause(request: Protocol['pause']['request']): Promise<Protocol['pause']['reply']>
  resume(request: Protocol['resume']['request']): Promise<Protocol['resume']['reply']>
}

export interface SeenStatus {
  readonly report: StatusReport
  /** A daemon runs, but does not answer. */
  readonly isSilent: boolean
  /** Only of all machines: the rows of what runs, for where it runs. */
  readonly running?: readonly HistoryRow[]
  /** Only of another machine that does not answer. */
  readonly away?: Away
}

/** Why another machine of the fleet does not answer: what is shown of it is what it said last, and what it left. */
export interface Away {
  readonly state: 'silent' | 'stopped' | 'unknown'
  /** When it was last heard, ISO 8601; null: not since the daemon of this machine started. */
  readonly heardAt: string | null
}

export interface RunName {
  readonly task: string
  readonly run: string
}

/** A row that is new or has changed, with the next slot of its task; or that the status must be asked again. */
export type Heard =
  | { readonly kind: 'row'; readonly row: HistoryRow; readonly next: string | null }
  | { readonly kind: 'look' }

export interface TaskDefinition {
  /** Key and value, without secret values. */
  readonly keys: readonly (readonly [key: string, value: string])[]
  readonly file: string
  readonly line: number
  readonly changed: {
    readonly revision: string
    readonly author: string
    readonly at: string
    readonly subject: string
  } | null
}
