import type { ErrorJson } from '../errors.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import type { PauseTarget } from '../plan/pauses.ts'
import type { Problem } from '../tasks/file/problem.ts'
import type { ClaimReport, FleetAnswers, FleetReport, FleetRows } from './fleet-reports.ts'
import type { MetricsReport } from './metrics-report.ts'
import {
  command,
  encoding,
  faultsOf,
  type Field,
  flag,
  grace,
  inboxAction,
  lines,
  maybeName,
  name,
  names,
  optional,
  optionalFlag,
  optionalName,
  outcomeList,
  place,
  position,
  record,
  sender,
  shortText,
  signal,
  texts,
  time,
  upTo,
  verb,
  whole,
} from './request-fields.ts'
import type { PauseReport, StatusReport } from './status-report.ts'

/**
 * What a command and the daemon say to each other: HTTP over the control socket, JSON both ways.
 * Every request is a POST to `/<name>` with the fields of the request as its body.
 */
export type Protocol = {
  readonly [N in RequestName]: { readonly request: Request<N>; readonly reply: Replies[N] }
}
export type RequestName = keyof typeof requestFields
export type Request<N extends RequestName> = {
  readonly [K in keyof Fields<N> as undefined extends Fields<N>[K] ? never : K]: Fields<N>[K]
} & {
  /** What older commands do not send. */
  readonly [K in keyof Fields<N> as undefined extends Fields<N>[K] ? K : never]?: Fields<N>[K]
}
type Fields<N extends RequestName> = {
  readonly [K in keyof (typeof requestFields)[N]]: (typeof requestFields)[N][K] extends Field<
    infer Value
  >
    ? Value
    : never
}

/** The most rows of one reply. */
const maxHistoryRows = 500
/** The most rows that other machines left in the fleet, in one reply. */
const maxFleetRows = 5_000
/** The most bytes of one reply. */
const maxOutputBytes = 256 * 1024

/**
 * Every request with its fields, all of them required unless undefined is a value. This small table checks them, and not zod,
 * which checks the tasks file: zod would take 20 MB of a daemon that waits.
 */
const requestFields = {
  /** `task`: only this one, with everything that the tasks file says of it. */
  status: { task: optionalName },
  /** What the daemon counts, for Prometheus. */
  metrics: {},
  reload: {},
  stop: { graceMs: grace, leave: flag },
  /**
   * The previous daemon answers, once the next one, which that command starts, is ready. `fleet`: the section of the
   * config file, checked, in place of the one that the previous daemon has.
   */
  restart: { command, fleet: optional(record) },
  /**
   * `update`: only if the newest version of its script can be fetched. `by`: who asks, for the log, if it is
   * not a command on this machine.
   */
  run: { task: name, force: flag, update: optionalFlag, by: optionalName },
  /** Nothing of these tasks (names or patterns) starts until then, or until they are resumed. `stop`: their runs end. */
  pause: {
    ...{ tasks: names, all: optionalFlag, until: optional(time), reason: optional(shortText) },
    ...{ stop: optionalFlag, by: optionalName },
  },
  resume: { tasks: names, all: optionalFlag, by: optionalName },
  /** The scripts of these tasks, or of all of this host. */
  scripts: { tasks: names, update: flag, clean: flag },
  /** `target` is a task or the id of a run. */
  kill: { target: name, signal, by: optionalName },
  /**
   * Lines for the input of a run. `sender` is a name that no other sender has, and `at` says where in all that
   * it sends to this run the lines begin: so a request that is sent again writes nothing twice.
   * `end`: the input is closed behind them.
   */
  send: { task: name, run: maybeName, sender: name, at: position, lines, encoding, end: flag },
  /** Everything that happened so far is in history.db once this is answered. */
  flush: {},
  /** The log continues in a new file of the same name. */
  reopen: {},
  /** Messages for a task with a queue. They are on disk once this is answered: all of them, or none. */
  message: { task: name, texts, from: sender },
  /** Sends a test message to a target, and answers when it is known what came of that. */
  notify: { target: name },
  /** Lets dead messages wait again, or drops messages. `which`: the beginning of an id, or `all`. */
  inbox: { task: name, action: inboxAction, which: name, dead: flag },
  /**
   * Rows of the history, newest first: those of `run`, or a page of those that the other fields ask for. What
   * happened in the last second may be missing.
   */
  history: {
    run: optional(name),
    tasks: optional(names),
    outcomes: optional(outcomeList),
    since: optional(time),
    until: optional(time),
    before: optional(place),
    limit: optional(upTo(maxHistoryRows)),
  },
  /** Part of what a run printed, from that byte. */
  output: { run: name, from: position, bytes: upTo(maxOutputBytes) },
  /** What this daemon knows of its fleet. */
  fleetState: {},
  /** Asks these machines of the fleet, or all that are up. */
  fleetAsk: { hosts: optional(names), question: record },
  /** The rows that machines left in the fleet, newest first: for those that are down. */
  fleetRows: {
    hosts: optional(names),
    tasks: optional(names),
    since: optional(time),
    limit: upTo(maxFleetRows),
  },
  /** Who has a slot. */
  fleetClaim: { task: name, slot: whole },
  /** Tells a machine of the fleet what to do. `who` is for its records. */
  fleetDo: { host: name, verb, request: record, who: name },
} as const

/** What came of a test message. */
export interface TestReport {
  readonly target: string
  /** `later`: a real message would be tried again. */
  readonly result: 'delivered' | 'later' | 'refused'
  readonly words: string
  /** The beginning of what the other side said. */
  readonly details: string | null
}

/** What the view socket answers: all of it only shows something. */
export const viewRequests: readonly string[] = [
  ...['status', 'metrics', 'history', 'output', 'events'],
  ...['fleetState', 'fleetAsk', 'fleetRows', 'fleetClaim'],
]

interface Replies {
  readonly notify: TestReport
  readonly status: StatusReport
  readonly metrics: MetricsReport
  readonly reload: ReloadReport
  readonly stop: { readonly pid: number }
  readonly restart: { readonly pid: number }
  readonly run: RunReport
  readonly pause: PausedReport
  readonly resume: ResumedReport
  readonly scripts: ScriptsReport
  readonly kill: { readonly runs: readonly KilledRun[] }
  readonly send: SendReport
  readonly flush: Record<string, never>
  /** null: it is standard output. */
  readonly reopen: { readonly log: string | null }
  readonly message: { readonly task: string; readonly messages: readonly string[] }
  /** The ids of the messages. */
  readonly inbox: { readonly messages: readonly string[] }
  readonly history: HistoryReply
  readonly output: OutputReply
  readonly fleetState: FleetReport
  readonly fleetAsk: FleetAnswers
  readonly fleetRows: FleetRows
  readonly fleetClaim: ClaimReport
  readonly fleetDo: { readonly value: unknown }
}

export interface ReloadReport {
  verdict: 'loaded' | 'unchanged' | 'refused'
  path: string
  revision: string | null
  tasks: number
  added: string[]
  removed: string[]
  changed: string[]
  /** Set if the daemon had loaded this change by itself shortly before: when. ISO 8601 in UTC. */
  loadedAt?: string
  /** Errors if the file was refused, otherwise warnings. */
  problems: Problem[]
}

/** What `torch scripts --json` shows of one task. Times are ISO 8601 in UTC. */
export interface ScriptReport {
  readonly task: string
  readonly url: string
  /** Of the copy that runs get; null if there is none. */
  readonly sha256: string | null
  readonly bytes: number | null
  readonly fetchedAt: string | null
  /** Where it came from, after redirects. */
  readonly finalUrl: string | null
  /** When torch last asked the server. */
  readonly lookedAt: string | null
  /** `stale`: the last look failed, and runs get the copy from before. */
  readonly state: 'ok' | 'stale' | 'missing'
  /** Why it is stale or missing. */
  readonly reason: string | null
  readonly staleSince: string | null
  /** The tasks file has its sum. */
  readonly pinned: boolean
  /** `never`, `always`, or milliseconds. */
  readonly update: 'never' | 'always' | number
  /** The file of the copy. */
  readonly path: string | null
}

/** The scripts of tasks, and the sums of the copies that were removed. */
interface ScriptsReport {
  scripts: ScriptReport[]
  removed: readonly string[]
}

export interface RunReport {
  run: string
  task: string
  /** The directory of the run: its output, and outcome.json once it has ended. */
  directory: string
  /** The task does not run on this host by itself. */
  elsewhere: boolean
}

export interface HistoryReply {
  readonly rows: readonly HistoryRow[]
  /** Give it as `before` for the rows behind these, even if there are none here. null: that was all. */
  readonly more: string | null
}

/** Part of an output. Places in it count what the run wrote, also where torch shortened it. */
export interface OutputReply {
  /** In base64, because it may be any bytes. */
  readonly text: string
  /** Where the text begins, and where the next one does. */
  readonly from: number
  readonly next: number
  /** How much the run wrote so far. */
  readonly size: number
  /** The run has ended, and nothing more comes. */
  readonly isWhole: boolean
}

/** A run that is being ended. */
export interface KilledRun {
  readonly run: string
  readonly task: string
  /** It has sockets: a successor starts first, and the run ends when that is ready. */
  readonly replacing?: boolean
  /** Nothing starts in its place when it has ended, because of its task's `restart.on`. */
  readonly staysEnded?: boolean
}

/** What is paused from now on, and the runs that end because of it. */
export interface PausedReport {
  readonly tasks: PauseTarget
  readonly pause: PauseReport
  readonly stopping: readonly KilledRun[]
}

/** The pauses that have ended: that of all tasks, and those of these; and what stays paused by name. */
export interface ResumedReport {
  readonly all: boolean
  readonly tasks: readonly string[]
  readonly left: readonly string[]
}

/** What became of lines that were sent. */
export interface SendReport {
  task: string
  run: string
  /** How many of them the run has, or can read: the first ones. */
  lines: number
  /** `full`: there is no room for more now. `starting`: the run has not opened its input yet. */
  state: 'written' | 'full' | 'starting'
  /** How many bytes the run has not read yet; null if this machine does not say. */
  unread: number | null
}

/** The body of every reply with a status of 400 or more. */
export interface ErrorReport {
  error: ErrorJson
}

export const requestNames = Object.keys(requestFields) as readonly RequestName[]

/** What a parsed body asks for, or everything that is wrong with it. Unknown fields are errors. */
export function checkRequest<N extends RequestName>(
  request: N,
  body: unknown,
): { readonly request: Request<N> } | { readonly faults: readonly string[] } {
  const faults = faultsOf(requestFields[request], body)
  return faults.length > 0 ? { faults } : { request: body as Request<N> }
}
