import type { Schedule } from '../schedule/schedule.ts'
import type { HostRule } from './hosts.ts'

/** A checked task of the file, with all its defaults. Plain data; durations in milliseconds. */
export interface Task {
  readonly name: string
  readonly type: 'common' | 'daemon'
  /** Empty for a daemon task. */
  readonly schedules: readonly Schedule[]
  /** Text is run by the shell, a list without one. */
  readonly command: string | readonly string[]
  /** undefined: on every host. */
  readonly hosts: HostRule | undefined
  /** The hosts as they are written, with names of groups: this is what people see. */
  readonly hostEntries: readonly string[] | undefined
  /** Infinity for `unlimited`. */
  readonly max: number
  readonly overlap: 'skip' | 'queue' | 'replace'
  /** The time zone of its schedules, and TZ of its runs. */
  readonly timezone: string
  /** The longest jitter. The delay on one host is jitterOf(task.name, host, jitterMs). */
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
  }
  readonly restart: {
    readonly delayMs: number
    readonly maxDelayMs: number
    readonly resetAfterMs: number
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
}
