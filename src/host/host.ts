/**
 * This machine, as torch sees it: the one seam between decisions and the world. The real one is
 * made by `thisMachine()`; tests pass their own clock, or one that fails at its n-th call.
 */
export interface Host {
  readonly clock: Clock
  readonly files: Files
  readonly processes: Processes
  readonly network: Network
}

export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** Milliseconds of a clock that is never set; its zero means nothing. */
  monotonic(): number
  /** Calls back once after that many milliseconds; returns what cancels it. */
  after(ms: number, callback: () => void): () => void
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  readonly mtimeMs: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Device and inode: whether two paths are one file. */
  readonly identity: string
}

/** All of it is synchronous: these are small files, and order matters. Errors are Node's own, with `code`. */
export interface Files {
  /** undefined where there is none. Throws on everything else. */
  readText(path: string): string | undefined
  /** At most `limit` bytes from `offset`; an empty buffer at the end. */
  readBytes(path: string, offset: number, limit: number): Buffer
  /** Follows links; undefined where there is none. */
  facts(path: string): FileFacts | undefined
  /** Names, sorted; empty where there is no such directory. */
  list(path: string): string[]
  write(path: string, text: string, mode?: number): void
  /** Temp file beside it, synced, then renamed over. */
  replace(path: string, text: string, mode?: number): void
  makeDirectory(path: string, mode?: number): void
  /** A file or a whole directory; nothing where there is none. */
  remove(path: string): void
  rename(from: string, to: string): void
  symlink(target: string, path: string): void
  /** Opens for appending, close-on-exec; creates it. The caller closes it. */
  openAppend(path: string, mode?: number): number
  close(descriptor: number): void
}

/** A process that cannot be mistaken for another: pids are used again, start times are not. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
}

export type Signal = NodeJS.Signals

export interface SpawnRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Descriptor for both stdout and stderr; stdin is /dev/null. */
  readonly output: number
  /** Called once, when the process is gone. */
  readonly onExit: (status: { code: number | null; signal: string | null }) => void
  /** Called once instead, when it could not be started. */
  readonly onFailure: (error: NodeJS.ErrnoException) => void
}

export interface Processes {
  readonly pid: number
  readonly uid: number
  readonly bootId: string
  /** In a session and process group of its own. Never throws: what spawn throws comes by onFailure. undefined: failed. */
  spawnGroup(request: SpawnRequest): number | undefined
  /** undefined where it is gone, or a zombie. */
  identify(pid: number): ProcessIdentity | undefined
  /** Pids of the living members of a process group. */
  groupMembers(group: number): number[]
  /** Signals one process; false where it is gone. */
  signal(pid: number, signal: Signal | 0): boolean
  /** Signals a whole group; false where it is gone. */
  signalGroup(group: number, signal: Signal): boolean
}

export interface Network {
  /** Host name as the system gives it (short or full). */
  name(): string
  /** All addresses of all interfaces except loopback, IPv4 and IPv6, without zone suffix. */
  addresses(): string[]
}
