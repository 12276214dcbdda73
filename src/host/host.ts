import type { Accounts } from './accounts.ts'
import type { InWorker } from './worker.ts'

/**
 * This machine, as torch sees it: the one seam between decisions and the world. The real one is
 * made by `thisMachine()`; tests pass their own clock, or one that fails at its n-th call.
 */
export interface Host {
  readonly clock: Clock
  readonly files: Files
  readonly processes: Processes
  readonly network: Network
  readonly accounts: Accounts
  readonly watchFolder: WatchFolder
  readonly watchNames: WatchNames
  readonly inWorker: InWorker
}

export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** IANA name of the machine's own time zone. */
  zone(): string
  /** Milliseconds of CLOCK_MONOTONIC, which is never set. */
  monotonic(): number
  /** Calls back once after that many milliseconds; returns what cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Settles after all that is due by now has had its turn. */
  turn(): Promise<void>
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  /** What it takes of the disk: less than its size where it has holes. */
  readonly allocated: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Device and inode: whether two paths are one file. */
  readonly identity: string
}

/** What is left of a file system, for users other than root: statfs(2). */
interface FreeSpace {
  /** Its magic number. */
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  /** 0: it has no bound of them. */
  readonly inodes: number
}

/** Nearly all of it is synchronous: these are small files, and order matters. Errors are Node's own, with `code`. */
export interface Files {
  /** undefined where there is none. Throws on everything else. */
  readText(path: string): string | undefined
  /**
   * All of a regular file; undefined where there is none. Never waits, as a pipe makes one wait for
   * its writer. Throws on everything else, and on more than `maxBytes`, with words for a person.
   */
  readFile(path: string, maxBytes: number): Buffer | undefined
  /** At most `limit` bytes from `offset`; an empty buffer at the end. */
  readBytes(path: string, offset: number, limit: number): Buffer
  /** Follows links; undefined where there is none. */
  facts(path: string): FileFacts | undefined
  /** Whether this process may write it; false where there is none, and on a read-only mount. */
  mayWrite(path: string): boolean
  /** Of the file system that it is on. Throws where there is none. */
  space(path: string): FreeSpace
  /** With all links resolved; undefined where there is none. */
  realPath(path: string): string | undefined
  /** Names, sorted; empty where there is no such directory. */
  list(path: string): string[]
  /** The same unsorted and beside the loop, for which a hundred thousand names are too many at once. */
  listBeside(path: string): Promise<string[]>
  write(path: string, text: string, mode?: number): void
  /** Into the file as it is, from its start, without cutting it: for a small record of constant length. */
  overwrite(path: string, text: string): void
  /** Temp file beside it, synced unless told otherwise, then renamed over. */
  replace(path: string, text: string, options?: { mode?: number; sync?: boolean }): void
  /** Written and synced beside the loop: what is large, for which a tick must not wait. */
  writeBeside(path: string, text: string): Promise<void>
  makeDirectory(path: string, mode?: number): void
  changeMode(path: string, mode: number): void
  /** A file or a whole directory; nothing where there is none. */
  remove(path: string): void
  rename(from: string, to: string): void
  /** The target of a symbolic link; undefined where there is none. */
  readLink(path: string): string | undefined
  /** Makes a symbolic link; false where the path is taken. Of two who try, one gets true. */
  claim(path: string, target: string): boolean
  /** Opens for appending, close-on-exec; creates it. The caller closes it. */
  openAppend(path: string, mode?: number): number
  openRead(path: string): number
  /**
   * What a file, pipe or device gives, or standard input for `-`: up to its end, or to one byte
   * more than `limit`, so that the larger are known.
   */
  readSome(path: string, limit: number): Promise<Buffer>
  /** Whether standard input is a pipe or a file: what is given by somebody, and has an end. */
  isPiped(): boolean
  /** Leaves out the middle of a file that is larger than head and tail together, with a line in its place. */
  cutMiddle(path: string, headBytes: number, tailBytes: number, line: string): Promise<void>
  close(descriptor: number): void
}

/** A process that cannot be mistaken for another: pids are used again, start times are not. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
}

export type Signal = NodeJS.Signals

/** A program that waits for one line on its standard input, where else nothing ever comes. */
export interface SpawnRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Called once, when the process is gone. */
  readonly onExit: (status: { code: number | null; signal: string | null }) => void
  /** Called once instead, when it could not be started. */
  readonly onFailure: (error: NodeJS.ErrnoException) => void
}

/** One that was started, and has not got its line yet. One of the two is called, once. */
export interface Standby {
  readonly pid: number
  /**
   * False where it is gone. Of many the later ones wait here for a moment until the earlier ones
   * have taken theirs.
   */
  order(line: string): boolean
  /** It gets none, and reads the end of its input. */
  dismiss(): void
}

export interface Processes {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** LANG of this process. */
  readonly lang: string | undefined
  /** Changes with each boot of the machine. */
  readonly bootId: string
  /** The name of a signal of this machine: 15 is SIGTERM. */
  signalName(number: number): string | undefined
  /** Closes what was inherited open from whoever started us, so that no task inherits it in turn. */
  closeInherited(except: readonly number[]): void
  /** The load of the last minute, and free memory. */
  load(): { load: number; freeMemory: number }
  /** How runs are started: by posix_spawn(3), or why by Node's own spawn. */
  launcher(): { readonly name: 'posix_spawn' | 'spawn'; readonly why: string | undefined }
  /**
   * In a session and process group of its own, in the root directory, with nowhere to write to.
   * Never throws: what spawn throws comes by onFailure. undefined: failed.
   */
  spawnGroup(request: SpawnRequest): Standby | undefined
  /** Starts this program anew, as a daemon that outlives us. */
  spawnDaemon(request: DaemonRequest): DaemonChild
  /** In such a daemon: the channel to who started it. */
  starterChannel(): Channel
  /** undefined where it is gone, or a zombie. Throws where there is no descriptor to look with. */
  identify(pid: number): ProcessIdentity | undefined
  /** By a signal, or by a debugger: it does nothing. */
  isStopped(pid: number): boolean
  /** Pids of the living members of a process group. */
  groupMembers(group: number): number[]
  /** Signals one process; false where it is gone. */
  signal(pid: number, signal: Signal | 0): boolean
  /** Signals a whole group; false where it is gone. */
  signalGroup(group: number, signal: Signal | 0): boolean
  /** Runs a program to its end, without a shell. Never throws: not there or too slow is not ok. */
  runProgram(
    program: string,
    args: readonly string[],
    options: ProgramOptions,
  ): Promise<ProgramResult>
  /** The same, waiting for it; `descriptors` are its 3, 4 and so on. */
  runProgramSync(
    program: string,
    args: readonly string[],
    descriptors: readonly number[],
  ): { status: number | null; missing: boolean; stdout: string }
}

export interface DaemonRequest {
  /** The script and its words. */
  readonly args: readonly string[]
  /** Descriptors of its stdout and stderr. */
  readonly outputs: readonly [number, number]
  /** Its descriptors from 4 on; 3 is the channel. */
  readonly descriptors: readonly number[]
  /** On top of our own environment. */
  readonly env: Readonly<Record<string, string>>
}

/** Lines both ways between a daemon and who started it. */
export interface Channel {
  say(line: string): void
  /** The next line; `closed` where none will come any more, `late` where none came in that time. */
  nextLine(timeoutMs: number): Promise<{ readonly line: string } | 'closed' | 'late'>
  close(): void
}

export interface DaemonChild extends Channel {
  /** undefined where it could not be started. */
  readonly pid: number | undefined
  /** KILL; settles when it is gone. */
  kill(): Promise<void>
}

export interface ProgramOptions {
  readonly timeoutMs: number
  /** On top of our own environment; undefined takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** For its standard input, which is empty without it. */
  readonly input?: string
  /** More output than this (1 MiB) ends it. */
  readonly maxOutputBytes?: number
  /** `latin1`: each byte is a character. Without it the output is UTF-8. */
  readonly encoding?: 'utf8' | 'latin1'
}

export interface ProgramResult {
  readonly ok: boolean
  /** There is no such program. */
  readonly missing: boolean
  readonly stdout: string
  readonly stderr: string
}

export interface Network {
  /** Host name as the system gives it (short or full). */
  name(): string
  /** All addresses of all interfaces except loopback, IPv4 and IPv6, without zone suffix. */
  addresses(): string[]
}

/** Tells that something in a folder changed; not what, and perhaps not always. */
export type WatchFolder = (folder: string, onChange: () => void) => Promise<() => Promise<void>>

/** Tells the names of files in a folder that were written to, perhaps not all; gives what stops it. */
export type WatchNames = (folder: string, onName: (name: string) => void) => () => void
