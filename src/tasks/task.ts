import type { Schedule } from '../schedule/schedule.ts'
import type { HostRule } from './hosts.ts'

/** A task of the file, checked, with its defaults filled in. Plain data; durations in milliseconds. */
export interface Task {
  readonly name: string
  readonly type: 'common' | 'daemon'
  /** Empty for a daemon. */
  readonly schedules: readonly Schedule[]
  /** Text: by the shell; a list: as it is. */
  readonly command: string | readonly string[]
  /** undefined: everywhere. */
  readonly hosts: HostRule | undefined
  /** The same as it is written, by the names of groups: what people are shown. */
  readonly hostEntries: readonly string[] | undefined
  /** Infinity for `unlimited`. */
  readonly max: number
  readonly overlap: 'skip' | 'queue' | 'replace'
  /** The zone of its schedules, and TZ of its runs. */
  readonly timezone: string
  /** The width of the jitter; the fixed part of it is jitterOf(task.name, host, jitterMs). */
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
   * A digest of all of the above that has meaning: two tasks of one name are the same exactly when
   * their definitions are equal. Comments, order of keys and spelled-out defaults do not count.
   */
  readonly definition: string
  /** Where it stands in the file. */
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

/** A whole tasks file (or directory of them). */
export interface TasksFile {
  /** In the order of the file. */
  readonly tasks: readonly Task[]
  /** Names of host groups with their entries as written. */
  readonly groups: Readonly<Record<string, readonly string[]>>
}
