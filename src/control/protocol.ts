import type { ErrorJson } from '../errors.ts'
import { type Signal, signalNames } from '../host/processes.ts'
import { maxMessageBytes, type Sender, textFault } from '../plan/messages.ts'
import type { Problem } from '../tasks/file/problem.ts'
import type { StatusReport } from './status-report.ts'

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

/** One field of a request: the test of its value, and what a wrong one should have been. */
interface Field<Value> {
  readonly expected: string
  accepts(this: void, value: unknown): value is Value
}

const maxNameLength = 512
const maxWords = 100
const maxNames = 1_000
const maxGraceMs = 366 * 24 * 3600 * 1000

const name: Field<string> = {
  expected: `a name of 1 to ${maxNameLength} characters`,
  accepts: (value): value is string =>
    typeof value === 'string' && value !== '' && value.length <= maxNameLength,
}
const flag: Field<boolean> = {
  expected: 'a boolean',
  accepts: (value) => typeof value === 'boolean',
}
/** null: the grace that the daemon was started with. */
const grace: Field<number | null> = {
  expected: `null, or 0 to ${maxGraceMs} milliseconds`,
  accepts: (value): value is number | null =>
    value === null || (typeof value === 'number' && value >= 0 && value <= maxGraceMs),
}
/** null: end the run, by TERM and then KILL. */
const signal: Field<Signal | null> = {
  expected: `one of ${signalNames.join(', ')}`,
  accepts: (value): value is Signal | null =>
    value === null || signalNames.some((known) => known === value),
}

/** null: the only run of the task. */
const maybeName: Field<string | null> = {
  expected: `null, or ${name.expected}`,
  accepts: (value): value is string | null => value === null || name.accepts(value),
}
/** How many bytes the sender has sent to this run before. */
const position: Field<number> = {
  expected: 'a whole number of bytes',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
}
/** What one character of a line stands for: a character of UTF-8, or one byte. */
const encodings = ['utf8', 'latin1'] as const
const encoding: Field<(typeof encodings)[number]> = {
  expected: encodings.join(' or '),
  accepts: (value): value is (typeof encodings)[number] => encodings.some((each) => each === value),
}
export const maxLineBytes = 65_536
const maxLinesAtOnce = 10_000
const lines: Field<readonly string[]> = {
  expected: `at most ${maxLinesAtOnce} lines of at most ${maxLineBytes} bytes, without line breaks and NUL`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) &&
    value.length <= maxLinesAtOnce &&
    value.every((line) => typeof line === 'string' && lineFault(line) === undefined),
}

/** Why text cannot be sent as one line; undefined if it can. */
export function lineFault(line: string | Buffer): string | undefined {
  if (line.includes('\0')) return 'has a NUL character'
  if (line.includes('\n')) return 'has a line break'
  const bytes = typeof line === 'string' ? Buffer.byteLength(line) : line.length
  return bytes > maxLineBytes
    ? `has ${bytes} bytes, and at most ${maxLineBytes} are sent`
    : undefined
}

/** A program by its absolute path, with its first arguments. undefined: the daemon's own, as in the first version. */
const command: Field<readonly string[] | undefined> = {
  expected: `1 to ${maxWords} words, the first one an absolute path`,
  accepts: (value): value is readonly string[] | undefined =>
    value === undefined ||
    (Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= maxWords &&
      value.every((word) => typeof word === 'string') &&
      value[0]?.startsWith('/') === true),
}

const maxTexts = 1_000
const texts: Field<readonly string[]> = {
  expected: `1 to ${maxTexts} texts of at most ${maxMessageBytes} bytes, without line breaks and NUL`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= maxTexts &&
    value.every((text) => typeof text === 'string' && textFault(text) === undefined),
}
/** What the environment of the sender says. undefined: nothing is known but this machine. */
const sender: Field<Sender | undefined> = {
  expected: 'an object with host, task and run, which may be null',
  accepts: (value): value is Sender | undefined => value === undefined || isSender(value),
}

function isSender(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { host, task, run } = value as Partial<Record<string, unknown>>
  return (
    typeof host === 'string' && [task, run].every((word) => word === null || name.accepts(word))
  )
}

const inboxAction: Field<'again' | 'drop'> = {
  expected: 'again or drop',
  accepts: (value): value is 'again' | 'drop' => value === 'again' || value === 'drop',
}

const optionalFlag: Field<boolean | undefined> = {
  expected: 'a boolean',
  accepts: (value) => value === undefined || typeof value === 'boolean',
}
const names: Field<readonly string[]> = {
  expected: `at most ${maxNames} names`,
  accepts: (value): value is readonly string[] =>
    Array.isArray(value) && value.length <= maxNames && value.every((each) => name.accepts(each)),
}

/**
 * Every request with its fields, all of them required unless undefined is a value. This small table checks them, and not zod,
 * which checks the tasks file: zod would take 20 MB of a daemon that waits.
 */
const requestFields = {
  status: {},
  reload: {},
  stop: { graceMs: grace, leave: flag },
  /** The previous daemon answers, once the next one, which that command starts, is ready. */
  restart: { command },
  /** `update`: only if the newest version of its script can be fetched. */
  run: { task: name, force: flag, update: optionalFlag },
  /** The scripts of these tasks, or of all of this host. */
  scripts: { tasks: names, update: flag, clean: flag },
  /** `target` is a task or the id of a run. */
  kill: { target: name, signal },
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
  /** Lets dead messages wait again, or drops messages. `which`: the beginning of an id, or `all`. */
  inbox: { task: name, action: inboxAction, which: name, dead: flag },
} as const

interface Replies {
  readonly status: StatusReport
  readonly reload: ReloadReport
  readonly stop: { readonly pid: number }
  readonly restart: { readonly pid: number }
  readonly run: RunReport
  readonly scripts: ScriptsReport
  readonly kill: { readonly runs: readonly KilledRun[] }
  readonly send: SendReport
  readonly flush: Record<string, never>
  /** null: it is standard output. */
  readonly reopen: { readonly log: string | null }
  readonly message: { readonly task: string; readonly messages: readonly string[] }
  /** The ids of the messages. */
  readonly inbox: { readonly messages: readonly string[] }
}

export interface ReloadReport {
  verdict: 'loaded' | 'unchanged' | 'refused'
  path: string
  revision: string | null
  tasks: number
  added: string[]
  removed: string[]
  changed: string[]
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

/** A run that is being ended. */
export interface KilledRun {
  readonly run: string
  readonly task: string
  /** It has sockets: a successor starts first, and the run ends when that is ready. */
  readonly replacing?: boolean
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
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return { faults: ['expected an object'] }
  const values = new Map<string, unknown>(Object.entries(body))
  const fields = new Map<string, Field<unknown>>(Object.entries(requestFields[request]))
  const wrong = [...fields].filter(([key, field]) => !field.accepts(values.get(key)))
  const unknown = [...values.keys()].filter((key) => !fields.has(key))
  const faults = [
    ...wrong.map(([key, { expected }]) => `${key}: expected ${expected}`),
    ...unknown.map((key) => `${key}: unknown field`),
  ]
  return faults.length > 0 ? { faults } : { request: body as Request<N> }
}
