import type { StatusReport } from '../control/status-report.ts'

/** One machine as others see it, with or without its daemon. */
export interface View {
  /** The status now. Without an answer of a daemon it comes from the files. */
  status(): Promise<SeenStatus>
}

export interface SeenStatus {
  readonly report: StatusReport
  /** A daemon runs, but does not answer. */
  readonly isSilent: boolean
}
