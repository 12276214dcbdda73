import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { exitStatus, TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parseStat, type ProcessIdentity } from '../host/processes.ts'
import type { StartClaim } from '../plan/admit.ts'
import type { RunScript, Trigger } from '../plan/history-row.ts'
import type { Limits, Task } from '../tasks/task.ts'
import type { EndReason, RunOutcome } from '../plan/run-outcome.ts'

/*
 * What a home keeps of its runs, readable without a daemon: runs/TASK/RUN/ is one directory for each run
 * (see RunTraces for its files). `active.ts` has the list of those that are not yet in the history.
 */

/** Where runs are kept, and the host name that they see as TORCH_HOST. */
export interface RunHome {
  readonly host: Host
  readonly home: string
  readonly hostName: string
  /** The fleet of this machine, and its name in there, which runs see then; undefined: it is in none. */
  readonly fleet?: { readonly name: string; readonly host: string } | undefined
}

/** The folder that holds all run directories of a task. */
export function runsFolder(home: string, task: string): string {
  return path.join(home, 'runs', task)
}

/** The directory of one run. */
export function runDirectory(home: string, task: string, run: string): string {
  return path.join(runsFolder(home, task), run)
}

/** The folder of the folders that wait for their runs. They become run directories. */
export function preparedFolder(home: string): string {
  return path.join(home, 'prepared')
}

const randomDigits = 6

/** A new run id, `20261121T071700.123-4f2a9c`. Ids sort by the time of the start, in milliseconds. */
export function newRunId(nowMs: number): string {
  // The first digits of a UUID are random, and Node makes UUIDs in batches, which is faster.
  return `${runStamp(nowMs)}-${randomUUID().slice(0, randomDigits)}`
}

/** The time in a run id. Ids of earlier runs sort before it, ids of later runs after it. */
export function runStamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:Z]/g, '')
}

/** Whether a word has the form of a run id. No task has such a name. */
export function isRunId(word: string): boolean {
  return /^\d{8}T\d{6}\.\d{3}-[0-9a-f]{6}$/.test(word)
}

/** Whether a word can be the start of a run id, from its day on. No task has such a name. */
export function beginsRunId(word: string): boolean {
  return /^\d{8}T[\d.]*(-[0-9a-f]*)?$/.test(word)
}

/** So many runs of an ambiguous id are named. */
export const maxAmbiguousShown = 3

/** The error for the beginning of an id that several runs have. `runs` may be only the first few of them. */
export function ambiguousRun(prefix: string, runs: readonly string[], task?: string): TorchError {
  const shown = runs.slice(0, maxAmbiguousShown)
  const more = runs.length > maxAmbiguousShown ? ', ...' : ''
  const of = task === undefined ? '' : ` of ${task}`
  return new TorchError(
    'ambiguous-run',
    `several runs${of} begin with "${prefix}": ${shown.join(', ')}${more}`,
    { exit: exitStatus.usage, hint: 'give more of the run id' },
  )
}

/** When the run with this id was started, in milliseconds since the epoch. */
export function startOfRun(run: string): number {
  const [, day = '', hour = '', minute = '', second = ''] =
    /^(\d{8})T(\d\d)(\d\d)(\d\d\.\d{3})/.exec(run) ?? []
  const date = day.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  return Date.parse(`${date}T${hour}:${minute}:${second}Z`)
}

/** A second since the epoch as torch writes slots: `2026-11-21T07:17:00Z`. */
export function secondText(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000', '')
}

/** `run.json`: what was started and why, and all that a later daemon needs to watch and end it. */
export interface RunDescription {
  readonly run: string
  readonly task: string
  readonly type: 'common' | 'daemon' | 'manual'
  /** Seconds since the epoch. */
  readonly slot: number | null
  readonly dueMs: number | null
  readonly trigger: Trigger
  readonly attempt: number
  /** The most attempts, including the first. Old records do not have it. */
  readonly attempts?: number
  /** A hash of the task's definition. */
  readonly definition: string
  readonly revision: string | null
  readonly host: string
  readonly bootId: string
  /** Milliseconds since the epoch. */
  readonly startedMs: number
  /** Its place in order (order.ts), if that is not the time when it started. */
  readonly orderMs?: number
  readonly command: string | readonly string[]
  readonly timeoutMs: number | null
  readonly killAfterMs: number
  readonly successCodes: readonly number[]
  /** The task's `cwd` and the PATH of the run, if they are known before it starts. */
  readonly cwd?: string
  readonly path?: string
  /** The copy of its script that it gets, or why there is none. Only for a task with a script. */
  readonly script?: RunScript
  /** Only the limits that the task has. Old records do not have it. */
  readonly limits?: Limits
  readonly maxOutputBytes: number
  /** Only for a task that a fleet shares. */
  readonly claim?: StartClaim
  /** Its TORCH_TOKEN. Only for a task that a fleet shares. */
  readonly token?: number
  /** The runs after which it started. Only for a task with `after`. */
  readonly after?: readonly string[]
  /** Who started it by hand from elsewhere. */
  readonly by?: string
  /** For a daemon task: how long the start was delayed. */
  readonly restartDelayMs: number
  /** For a daemon task: how many restarts in a row its start is. Old records do not have it. */
  readonly restarts?: number
  /** For a daemon task with a `restart.limit`: when the runs before it in its place started. */
  readonly starts?: readonly number[]
  /** Where its input comes from. Only runs that have an input have it. */
  readonly input?: 'live' | 'queue'
  /** The form of the messages in its pipe, if it is not text. */
  readonly format?: 'json'
  /** For a retry of a run that had messages: that run. */
  readonly retryOf?: string
  /** The ids of the messages that are its input. Never their texts. */
  readonly messages?: readonly string[]
  /** When it is ready. Only runs of tasks with `ready` have it. */
  readonly ready?: NonNullable<Task['ready']>
  /** The sockets that it got, from descriptor 3 on. Only runs of tasks with `listen` have it. */
  readonly sockets?: readonly RunSocket[]
  /** The process that writes the output. Old records do not have it, nor do runs that could not be started. */
  readonly collector?: ProcessIdentity
}

/** A socket of a run, in its run.json. */
export interface RunSocket {
  /** The text of the address. */
  readonly address: string
  /** Device and inode of a Unix socket's file. */
  readonly file?: string
}

/** `outcome.json`: how the run ended. Times in milliseconds since the epoch. */
export interface RunConclusion extends RunOutcome {
  readonly run: string
  readonly startedMs: number
  readonly endedMs: number
  /** How many processes of its group outlived it. */
  readonly stragglers: number
  /** How many bytes of its input it did not read. Only runs that left some have it. */
  readonly unread?: number
}

/** `ending.json`: written before the first signal, so that a later daemon knows who ended the run. */
export interface EndingNote {
  readonly reason: EndReason
  readonly signal: string
  readonly sinceMs: number
}

/** Everything that a run directory says. A damaged file counts as missing. */
export interface RunTraces {
  readonly description: RunDescription | undefined
  readonly conclusion: RunConclusion | undefined
  readonly ending: EndingNote | undefined
  /** `signals.json`: the signals that `torch kill --signal` sent, each written before it was sent. */
  readonly sent: readonly string[]
  /** Who made `claim`: the recorder, or a daemon that voided the run before it started. */
  readonly claim: 'recorder' | 'void' | 'none'
  readonly recorder: ProcessIdentity | undefined
  readonly command: ProcessIdentity | undefined
  readonly exit: ExitRecord | undefined
  /** `times`: seconds of processor time of the command and its children, if something ended by KILL. */
  readonly cpuSeconds: number | undefined
  /** Why the recorder could not start the command: a step, or what a program printed. */
  readonly failure: string | undefined
}

/** Reads everything that a run directory says. */
export function readTraces(host: Host, directory: string): RunTraces {
  const text = (name: string) => host.files.readText(path.join(directory, name))
  const claim = text('claim')
  const isVoid = host.files.readLink(path.join(directory, 'claim')) === voidMark
  return {
    description: readDescription(host, directory),
    conclusion: parseJson(text('outcome.json')) as RunConclusion | undefined,
    ending: readEnding(host, directory),
    sent: (parseJson(text('signals.json')) ?? []) as readonly string[],
    claim: isVoid ? 'void' : claim === undefined ? 'none' : 'recorder',
    recorder: parseStat(claim),
    command: parseStat(text('command')),
    exit: parseExit(text('exit')),
    cpuSeconds: parseTimes(text('times')),
    failure: text('failed')?.trim(),
  }
}

/** Reads who ended a run, as far as that is written down. */
export function readEnding({ files }: Host, directory: string): EndingNote | undefined {
  return parseJson(files.readText(path.join(directory, 'ending.json'))) as EndingNote | undefined
}

/** Reads only what was started: in the directories of many runs, that takes a tenth of the time. */
export function readDescription({ files }: Host, directory: string): RunDescription | undefined {
  return parseJson(files.readText(path.join(directory, 'run.json'))) as RunDescription | undefined
}

/** Parses what `times` of a shell prints: user and system time of itself, then of its children. */
function parseTimes(text: string | undefined): number | undefined {
  const [, children] = text?.split('\n') ?? []
  const times = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
  if (times.length === 0) return undefined
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  )
}

/**
 * A daemon that voids a prepared run makes `claim` a symbolic link to this. The link appears at
 * once and complete, and the recorder opens `claim` with O_EXCL, so only one of the two succeeds.
 */
export const voidMark = 'void'

/**
 * What `exit` contains before the recorder writes over it. It takes the room that the status needs, so a
 * disk that fills up during the run cannot keep the status from being written.
 */
export const exitPlaceholder = `${' '.repeat(127)}\n`

/** The status as $? has it, and whether the shell saw a signal. */
export interface ExitRecord {
  readonly status: number
  readonly signalled: boolean
}

/** Parses what the recorder wrote into `exit`, before what is left of its placeholder. */
export function parseExit(text: string | undefined): ExitRecord | undefined {
  const match = /(?:^|\n)(\d{1,3})\n\s*$/.exec(text ?? '')
  if (match === null) return undefined
  return { status: Number(match[1]), signalled: match.index > 0 }
}

/** Whether the recorder has written the exit status, even if nobody has noticed the end yet. */
export function hasExited(host: Host, directory: string): boolean {
  return parseExit(host.files.readText(path.join(directory, 'exit'))) !== undefined
}

/** When the recorder wrote the exit status. Before that, it is the time of the placeholder. */
export function exitTime(host: Host, directory: string): number | undefined {
  return host.files.facts(path.join(directory, 'exit'))?.mtimeMs
}

/** Parses an object of JSON. Text that is damaged or missing is undefined. */
export function parseJson(text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
