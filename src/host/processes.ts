import fs from 'node:fs'
import os from 'node:os'
import {
  type Channel,
  type DaemonChild,
  daemonCommand,
  type DaemonRequest,
  spawnDaemon,
  starterChannel,
} from './daemon-child.ts'
import { openPosixSpawn } from './posix-spawn.ts'
import {
  findProgram,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
  runProgramSync,
  type SyncResult,
} from './programs.ts'
import {
  type Launch,
  openNamedPipe,
  type OpenPipe,
  spawnByFork,
  type SpawnRequest,
  type StartedProgram,
} from './spawn.ts'
import { systemCalls } from './system-calls.ts'
import { hasCode } from './system-error.ts'

/** Identifies one process for good: pids are reused, but not together with a start time. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
}

/** What /proc/PID/stat says of a process. */
export interface ProcessStat extends ProcessIdentity {
  /** The number of its process group. */
  readonly group: number
}

export type Signal = NodeJS.Signals

export interface Processes {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** LANG of this process. */
  readonly lang: string | undefined
  /** Changes with each boot of the machine. */
  readonly bootId: string
  /** The name of a signal on this machine: 15 is SIGTERM. */
  signalName(number: number): string | undefined
  /** Closes the descriptors that this process inherited, so that no task inherits them in turn. */
  closeInherited(except: readonly number[]): void
  /** The load average of the last minute, and free memory in bytes. */
  load(): { load: number; freeMemory: number }
  /** How runs are started; `why` says why it is not posix_spawn. */
  launcher(): Pick<Launcher, 'name' | 'why'>
  /** Starts a program in a session of its own, by the launcher. */
  spawnGroup(request: SpawnRequest): StartedProgram | undefined
  /** Makes the pipe for the output of a run, by the launcher. */
  openPipe: OpenPipe
  /** What runs a script as a daemon, with the Node of this process. */
  daemonCommand(script: string): readonly string[]
  /** Starts a daemon that outlives this process. */
  spawnDaemon(request: DaemonRequest): DaemonChild
  /** In such a daemon: the channel to the process that started it. */
  starterChannel(): Channel
  /** undefined if the process is gone or a zombie. Throws if no descriptor is free to look with. */
  identify(pid: number): ProcessStat | undefined
  /** Whether a signal or a debugger has stopped the process. */
  isStopped(pid: number): boolean
  /** All living members of a process group. */
  groupMembers(group: number): ProcessStat[]
  /** Signals one process; false if it is gone, or is another user's. */
  signal(pid: number, signal: Signal | 0): boolean
  /** Signals a whole process group; false if it is gone, or is another user's. */
  signalGroup(group: number, signal: Signal | 0): boolean
  /** The absolute path of one of torch's own programs; undefined if it is missing. */
  findProgram(name: string): string | undefined
  /**
   * Runs a program to its end, without a shell. A name without a slash is one of torch's own programs.
   * Never throws: see ProgramResult.
   */
  runProgram(
    program: string,
    args: readonly string[],
    options: ProgramOptions,
  ): Promise<ProgramResult>
  /** The same, but blocks until the program ends. It inherits `descriptors` as 3, 4 and so on. */
  runProgramSync(
    program: string,
    args: readonly string[],
    descriptors: readonly number[],
  ): SyncResult
}

/** The processes of the machine, by /proc; see proc(5). */
export const realProcesses: Processes = {
  pid: process.pid,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  lang: process.env['LANG'],
  bootId: readBootId(),
  signalName: (number) =>
    Object.entries(os.constants.signals).find((each) => each[1] === number)?.[0],
  closeInherited,
  load: () => ({ load: os.loadavg()[0] ?? 0, freeMemory: os.freemem() }),
  launcher,
  spawnGroup: (request) => launcher().launch(request),
  daemonCommand,
  openPipe: (user, folder) => launcher().openPipe(user, folder),
  spawnDaemon,
  starterChannel,
  identify: (pid) => parseStat(readStat(pid)),
  isStopped: (pid) => /^[Tt]$/.test(stateOf(readStat(pid))),
  groupMembers,
  signal: (pid, signal) => wasDelivered(() => process.kill(pid, signal)),
  signalGroup: (group, signal) => wasDelivered(() => process.kill(-group, signal)),
  findProgram,
  runProgram,
  runProgramSync,
}

/** The numbers of this machine's signals by name, `SIGTERM`. Some numbers have two names. */
export const signalNumbers: Readonly<Record<string, number>> = os.constants.signals

export const signalNames = Object.keys(signalNumbers) as readonly Signal[]

/** Whether this very process lives, and not another one that got its pid. */
export function isAlive(
  { processes }: { readonly processes: Pick<Processes, 'identify'> },
  identity: ProcessIdentity | undefined,
): boolean {
  if (identity === undefined) return false
  return processes.identify(identity.pid)?.startTicks === identity.startTicks
}

function readBootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown-boot'
  }
}

/** open(2): Node sets it on all that it opens, and on descriptors that it inherits up to the first gap after 15. */
const closeOnExec = 0o2000000

function closeInherited(except: readonly number[]): void {
  for (const name of fs.readdirSync('/proc/self/fd')) {
    const descriptor = Number(name)
    if (descriptor <= 2 || except.includes(descriptor)) continue
    try {
      const info = fs.readFileSync(`/proc/self/fdinfo/${name}`, 'utf8')
      const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8)
      if ((flags & closeOnExec) === 0) fs.closeSync(descriptor)
    } catch {
      // The descriptor that readdir itself had open.
    }
  }
}

/** How runs are started. */
interface Launcher {
  readonly name: 'posix_spawn' | 'spawn'
  /** Why posix_spawn cannot be used, if so. */
  readonly why: string | undefined
  readonly launch: Launch
  readonly openPipe: OpenPipe
}

let loadedLauncher: Launcher | undefined

/** Loaded on first use, because most commands start no run. */
function launcher(): Launcher {
  loadedLauncher ??= bestLauncher()
  return loadedLauncher
}

/** posix_spawn if this machine has it, because its cost does not grow with the memory of this process. */
function bestLauncher(): Launcher {
  const found = openPosixSpawn()
  return typeof found === 'string'
    ? { name: 'spawn', why: found, launch: spawnByFork, openPipe: openNamedPipe }
    : { name: 'posix_spawn', why: undefined, ...found }
}

function readStat(pid: number | string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // If torch could not look, the process must not be taken for gone.
    if (hasCode(error, 'EMFILE', 'ENFILE', 'ENOMEM')) throw error
    return undefined
  }
}

/**
 * Parses /proc/PID/stat; undefined for a process that is gone or a zombie. The name of the command is in
 * parentheses and may contain any character, so the fields are counted from its end.
 */
export function parseStat(text: string | undefined): ProcessStat | undefined {
  const pid = Number.parseInt(text ?? '', 10)
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined || Number.isNaN(pid) || fields[0] === 'Z' || fields[0] === 'X')
    return undefined
  return { pid, group: Number(fields[2]), startTicks: Number(fields[19]) }
}

/** The field after the name: `R`, `S`, `T` and so on. */
function stateOf(text: string | undefined): string {
  return text?.charAt(text.lastIndexOf(')') + 2) ?? ''
}

/** To ask for the group of each process takes a fiftieth of the time of reading its stat. */
function groupMembers(group: number): ProcessStat[] {
  const calls = systemCalls()
  const mayBeIn = (pid: number): boolean =>
    calls === undefined || [group, -1].includes(calls.groupOf(pid))
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && mayBeIn(Number(name)))
    .flatMap((name) => parseStat(readStat(name)) ?? [])
    .filter((each) => each.group === group)
}

function wasDelivered(send: () => void): boolean {
  try {
    send()
    return true
  } catch (error) {
    // EPERM: every process that could get it belongs to another user, so none is torch's.
    if (hasCode(error, 'ESRCH', 'EPERM')) return false
    throw error
  }
}
