import type { Schedule } from '../schedule/schedule.ts'
import type { HostRule } from './hosts.ts'
import type { FileNotify, PingTarget, TaskNotify } from './notify.ts'

/** A failure that a further attempt may follow: one of these exit codes, or another end. */
export type RetryCause =
  { readonly from: number; readonly to: number } | 'timeout' | 'signal' | 'spawn-failed'

export const restartModes = ['always', 'failure', 'never'] as const
type RestartMode = (typeof restartModes)[number]

/** A checked task of the file, with all its defaults. Plain data; durations in milliseconds. */
export interface Task {
  readonly name: string
  /** `manual`: started only by `torch run`, by the library, or by a message. */
  readonly type: 'common' | 'daemon' | 'manual'
  /** Only a common task has any. */
  readonly schedules: readonly Schedule[]
  /** A common task may start after others instead, and then has no schedules. */
  readonly after: TaskAfter | undefined
  /** What limits them; undefined without any. They contain it compiled. */
  readonly when: TaskWhen | undefined
  /** Text is run by the shell, a list without one; undefined: the script itself is executed. */
  readonly command: string | readonly string[] | undefined
  /** Where the program comes from; undefined: it is on the machine already. */
  readonly script: TaskScript | undefined
  /** What a run can read from its standard input. */
  readonly input: {
    readonly mode: 'none' | 'live' | 'queue'
    /** Of a queue: the text of each message, or an object with its id, time and sender. */
    readonly format: 'text' | 'json'
  }
  /** At most three, in the order of their descriptors; empty: torch opens no socket for the task. */
  readonly listen: readonly ListenAddress[]
  /** When a run counts as ready; undefined: torch does not wait for that. */
  readonly ready: Ready | undefined
  /** undefined: on every host. */
  readonly hosts: HostRule | undefined
  /** The hosts as they are written, with names of groups: this is what people see. */
  readonly hostEntries: readonly string[] | undefined
  /** How the machines of the fleet share the task; undefined for `scope: host`. */
  readonly fleet: TaskFleet | undefined
  /** In the whole fleet, or on one machine. Infinity for `unlimited`. */
  readonly max: number
  readonly overlap: 'skip' | 'queue' | 'replace'
  /** It starts only where each of these has room. A daemon task has none. */
  readonly pools: readonly TaskPool[]
  /** The time zone of its schedules, and TZ of its runs. */
  readonly timezone: string
  /** The longest jitter. The delay on one host is jitterOn(task, host). */
  readonly jitterMs: number
  readonly catchup: 'off' | 'latest'
  readonly catchupWindowMs: number
  readonly timeoutMs: number | undefined
  readonly killAfterMs: number
  readonly retry: {
    readonly attempts: number
    readonly delayMs: number
    readonly backoff: number
    readonly maxDelayMs: number
    /** A further attempt comes only after these; missing: after every failure. */
    readonly on?: readonly RetryCause[]
  }
  readonly restart: {
    readonly delayMs: number
    readonly maxDelayMs: number
    readonly resetAfterMs: number
    /** After which ends the next run starts; missing: always. */
    readonly on?: Exclude<RestartMode, 'always'>
    /** With more starts than this in so much time, a place is given up. */
    readonly limit?: { readonly starts: number; readonly withinMs: number }
  }
  readonly successCodes: readonly number[]
  readonly shell: string
  /** Absolute, or undefined for the user's home. */
  readonly cwd: string | undefined
  /** As a number, 0o022. */
  readonly umask: number
  readonly nice: number
  readonly limits: Limits
  readonly user: string | undefined
  readonly group: string | undefined
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly envFile: string | undefined
  readonly output: {
    readonly keepRuns: number
    readonly keepForMs: number
    readonly maxSizeBytes: number
  }
  readonly notify: TaskNotify
  readonly ping: PingTarget | undefined
  readonly description: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly enabled: boolean
  /**
   * A digest of everything above that has meaning: two tasks of one name are the same exactly if
   * their definitions are equal. Comments, the order of keys and written defaults do not matter.
   */
  readonly definition: string
  /** Where the task is written. */
  readonly file: string
  readonly line: number
}

/** What limits the schedules of a task, as it is written. */
export interface TaskWhen {
  readonly from: string | undefined
  readonly until: string | undefined
  readonly cycle:
    | {
        readonly unit: 'days' | 'weeks' | 'months'
        readonly count: number
        readonly from: string
      }
    | undefined
  readonly only: readonly string[]
  readonly except: readonly string[]
  readonly onExcluded: 'skip' | 'next-day' | 'previous-day'
  /** The entries of those calendars of the file. */
  readonly calendars: Readonly<Record<string, readonly string[]>>
  /** Two tasks have the same limits exactly if these are equal. */
  readonly id: string
}

/** A task starts on a machine when each of these tasks has ended there, since it started last. */
export interface TaskAfter {
  readonly tasks: readonly string[]
  /** Which ends count. `failed`: an end that is neither `ok` nor on purpose. */
  readonly outcome: 'ok' | 'failed' | 'any'
}

/** The runs of all its tasks on one machine are at most that many. */
interface TaskPool {
  readonly name: string
  readonly size: number
}

/** How the machines of a fleet share a task: each slot is started on one of them. */
export interface TaskFleet {
  /** One rule for each tier: machines of the first one are tried first, those of no tier last. */
  readonly prefer: readonly HostRule[]
  /** As they are written. */
  readonly preferEntries: readonly string[]
  /** Of `max`, how many runs at the same time on one machine; at most `max`. */
  readonly maxPerHost: number
  /** How late a slot may start if the fleet had to wait. */
  readonly startWithinMs: number
  /** What becomes of a run whose machine is gone. */
  readonly onLost: 'skip' | 'rerun'
  /** A run is ended if its machine has heard nothing of the engine for this long; undefined: never. */
  readonly fenceMs: number | undefined
  /** The same on two machines exactly if their files say the same of the task: see fleetDefinition(). */
  readonly definition: string
}

/** A task that a fleet shares. */
export type FleetTask = Task & { readonly fleet: TaskFleet }

export function isFleetTask(task: Task): task is FleetTask {
  return task.fleet !== undefined
}

/** A program that torch fetches by its URL. */
export interface TaskScript {
  /** Complete, and in its normal form. */
  readonly url: string
  /** As written, if it is within one of the `sources` of the file: `ops:bin/report`. */
  readonly source: string | undefined
  /** In lower case. If it is given, nothing else runs. */
  readonly sha256: string | undefined
  /** When torch looks for a new version: after this many milliseconds, or before each start. */
  readonly update: 'never' | 'always' | number
  /** For a whole download. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Absolute. */
  readonly headersFile: string | undefined
}

/** A socket that torch opens for the runs of a task. */
export type ListenAddress = {
  readonly name: string | undefined
  /** As it is shown: `80`, `0.0.0.0:80`, `[::1]:80`, `unix:/run/app.sock`. */
  readonly text: string
} & (
  | {
      readonly kind: 'tcp'
      /** undefined: all addresses of both families. `::` is only those of IPv6. */
      readonly host: string | undefined
      readonly port: number
    }
  | { readonly kind: 'unix'; readonly path: string }
)

/** A run is ready once a line of its output contains the text, or once it has lived that long. */
export type Ready =
  | { readonly kind: 'line'; readonly text: string; readonly timeoutMs: number }
  | { readonly kind: 'after'; readonly afterMs: number; readonly timeoutMs: number }

/** Soft and hard limits of a run, in the units of setrlimit(2): bytes, seconds, counts. */
export interface Limits {
  readonly nofile?: number
  readonly cpu?: number
  readonly memory?: number
  readonly core?: number
  readonly fsize?: number
  readonly nproc?: number
}

/** A whole tasks file, or a directory of tasks files. */
export interface TasksFile {
  /** In the order of the file. */
  readonly tasks: readonly Task[]
  /** The host groups by name, with their entries as written. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  /** Where its messages go. */
  readonly notify: FileNotify
}
