import fs from 'node:fs'
import os from 'node:os'
import {
  type Channel,
  type DaemonChild,
  type DaemonRequest,
  spawnDaemon,
  starterChannel,
} from './daemon-child.ts'
import { hasCode } from './files.ts'
import { type ProgramOptions, type ProgramResult, runProgram, runProgramSync } from './programs.ts'
import { bestLauncher, type Launcher, type SpawnRequest, type WaitingProgram } from './spawn.ts'

/** A process that cannot be mistaken for another: pids are used again, start times are not. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: number
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
  spawnGroup(request: SpawnRequest): WaitingProgram | undefined
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

/** The machine's processes, by /proc: see proc(5). */
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
  spawnDaemon,
  starterChannel,
  identify: (pid) => parseStat(readStat(pid)),
  isStopped: (pid) => /^[Tt]$/.test(stateOf(readStat(pid))),
  groupMembers,
  signal: (pid, signal) => delivered(() => process.kill(pid, signal)),
  signalGroup: (group, signal) => delivered(() => process.kill(-group, signal)),
  runProgram,
  runProgramSync,
}

function readBootId(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown-boot'
  }
}

let opened: Launcher | undefined

/** Opened by the first who asks: most commands start no run. */
function launcher(): Launcher {
  opened ??= bestLauncher()
  return opened
}

/** open(2): set on all that Node opens, and on what it inherits up to the first gap after 15. */
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
      // The one that this listing itself had open.
    }
  }
}

function readStat(pid: number | string): string | undefined {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // Who cannot look must not take it for gone.
    if (hasCode(error, 'EMFILE', 'ENFILE', 'ENOMEM')) throw error
    return undefined
  }
}

interface Stat extends ProcessIdentity {
  readonly group: number
}

/** The command's name is in parentheses and may hold any character: fields are counted from its end. */
export function parseStat(text: string | undefined): Stat | undefined {
  const pid = Number.parseInt(text ?? '', 10)
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined || Number.isNaN(pid) || fields[0] === 'Z' || fields[0] === 'X')
    return undefined
  return { pid, group: Number(fields[2]), startTicks: Number(fields[19]) }
}

/** `R`, `S`, `T`...: the field behind the name, in proc(5). */
function stateOf(text: string | undefined): string {
  return text?.charAt(text.lastIndexOf(')') + 2) ?? ''
}

/** Whether this very process lives, and not another one that got its pid. */
export function isAlive(
  { processes }: { readonly processes: Pick<Processes, 'identify'> },
  identity: ProcessIdentity | undefined,
): boolean {
  if (identity === undefined) return false
  return processes.identify(identity.pid)?.startTicks === identity.startTicks
}

function groupMembers(group: number): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parseStat(readStat(name))?.group === group)
    .map(Number)
}

function delivered(send: () => void): boolean {
  try {
    send()
    return true
  } catch (error) {
    // EPERM: all of them are another user's, and so not ours to mind.
    if (hasCode(error, 'ESRCH', 'EPERM')) return false
    throw error
  }
}

/** The numbers of this machine's signals by their names, `SIGTERM`; some have two names. */
export const signalNumbers: Readonly<Record<string, number>> = os.constants.signals

export const signalNames = Object.keys(signalNumbers) as readonly Signal[]
