import { execFile, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import type { Duplex } from 'node:stream'
import { messageOf } from '../errors.ts'
import { lineChannel, starterChannel } from './channel.ts'
import { hasCode } from './files.ts'
import { bestLauncher, type Launcher } from './launcher.ts'
import type {
  DaemonChild,
  DaemonRequest,
  ProcessIdentity,
  Processes,
  ProgramOptions,
  ProgramResult,
} from './host.ts'

/** The loop stands still meanwhile: only for programs that answer at once. */
const maxSyncProgramMs = 5_000

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
  runProgramSync(program, args, descriptors) {
    const result = spawnSync(program, args, {
      stdio: ['ignore', 'pipe', 'ignore', ...descriptors],
      timeout: maxSyncProgramMs,
    })
    const stdout = result.stdout?.toString() ?? ''
    return { status: result.status, missing: hasCode(result.error, 'ENOENT'), stdout }
  },
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

/**
 * A daemon waits most of its time, and should be small rather than fast. By itself V8 takes 48 MB
 * for what is young, and lets the rest grow to four times of what is in use before it looks for what
 * is not. See `node --v8-options`. A Node that does not know an option of V8 does not start at all:
 * these were tried with 20, 22, 24 and 26, and a newer one gets those alone that Node has documented.
 */
const documentedFlags = ['--max-semi-space-size=4']
const triedFlags = ['--initial-old-space-size=16', '--heap-growing-percent=50']
const newestTriedNode = 26

/**
 * glibc gives each thread an arena of its own, which is not given back when the thread of a parser
 * ends: 3 MB in an idle daemon. Others do not know the variable; tasks have an environment of their own.
 * https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const smallHeap = { MALLOC_ARENA_MAX: '1' }

function daemonFlags(): string[] {
  const isTried = Number.parseInt(process.versions.node, 10) <= newestTriedNode
  return isTried ? [...documentedFlags, ...triedFlags] : documentedFlags
}

function spawnDaemon({ args, outputs, descriptors, env }: DaemonRequest): DaemonChild {
  const child = spawn(process.execPath, [...daemonFlags(), ...args], {
    cwd: '/',
    detached: true,
    env: { ...smallHeap, ...process.env, ...env },
    stdio: ['ignore', ...outputs, 'pipe', ...descriptors],
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const channel = lineChannel(child.stdio[3] as Duplex)
  return {
    ...channel,
    pid: child.pid,
    close() {
      channel.close()
      child.unref()
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
      channel.close()
    },
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

/** Output beyond this ends the program, unless it is known to answer at length. */
const maxProgramOutputBytes = 1024 * 1024

function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { timeoutMs, env, input, encoding = 'utf8' } = options
  const started = new Promise<ProgramResult>((resolve) => {
    const child = execFile(
      program,
      args,
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: options.maxOutputBytes ?? maxProgramOutputBytes,
        env: { ...process.env, ...env },
        encoding,
      },
      (error, stdout, stderr) =>
        resolve({ ok: error === null, missing: hasCode(error, 'ENOENT'), stdout, stderr }),
    )
    // One that ends before it has read all of its input says so by its exit status.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
  // Some failures of a start are told by the callback, and some (ENOMEM) are thrown.
  return started.catch((error: unknown) => ({
    ok: false,
    missing: false,
    stdout: '',
    stderr: messageOf(error),
  }))
}
