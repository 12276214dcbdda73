import type { ErrorJson } from '../errors.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { Problem } from '../tasks/file/problem.ts'

/**
 * What the command and the daemon say to each other: HTTP over the Unix socket, JSON both ways.
 * Every request is a POST to `/<name>` with the request as its body (`{}` where there is nothing to say).
 */
export interface Protocol {
  status: { request: Record<string, never>; reply: StatusReport }
  reload: { request: Record<string, never>; reply: ReloadReport }
  stop: { request: { graceMs: number | null; leave: boolean }; reply: { pid: number } }
  /** Answered by the old daemon once the new one is ready. */
  restart: { request: Record<string, never>; reply: { pid: number } }
  run: { request: { task: string; force: boolean }; reply: RunReport }
  kill: {
    request: { target: string; signal: string | null }
    reply: { runs: { run: string; task: string }[] }
  }
  /** Everything that happened so far is in history.db once this has answered. */
  flush: { request: Record<string, never>; reply: Record<string, never> }
}
export type RequestName = keyof Protocol

/** The JSON of `torch status`. */
export interface StatusReport {
  daemon: {
    pid: number
    version: string
    startedAt: string
    state: 'running' | 'draining'
  } | null
  host: { name: string; addresses: string[] }
  file: {
    path: string
    revision: string | null
    loadedAt: string | null
    /** false while the file on disk is a bad one that was not taken. */
    ok: boolean
    problems: Problem[]
  }
  tasks: TaskStatus[]
}

export interface TaskStatus {
  name: string
  type: 'common' | 'daemon'
  description: string | null
  labels: Record<string, string>
  here: boolean
  /** Why it does not run here: `enabled`, `hosts`; null where it does. */
  reason: string | null
  /** The slot of the next start, ISO 8601 in UTC; the start is its jitter later. */
  next: string | null
  jitterMs: number
  running: string[]
  last: HistoryRow | null
}

export interface ReloadReport {
  verdict: 'loaded' | 'unchanged' | 'refused'
  path: string
  revision: string | null
  tasks: number
  added: string[]
  removed: string[]
  changed: string[]
  /** Errors where refused; warnings otherwise. */
  problems: Problem[]
}

export interface RunReport {
  run: string
  task: string
  /** The run's directory: output, and outcome.json once it has ended. */
  directory: string
  /** `hosts` says elsewhere. */
  elsewhere: boolean
}

/** The body of every reply with a status of 400 or more. */
export interface ErrorReport {
  error: ErrorJson
}
