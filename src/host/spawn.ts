import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { runProgramSync } from './programs.ts'
import { hasCode } from './system-error.ts'

/** A program to start in a session and process group of its own. Its standard error is discarded. */
export interface SpawnRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its working directory. */
  readonly cwd: string
  /** A descriptor, or `line`: it reads one line, and nothing else ever comes there. */
  readonly stdin: number | 'line'
  /** A descriptor; undefined discards the output. */
  readonly stdout?: number
  /** Descriptors above 9, which the program gets as 3, 4 and so on. */
  readonly descriptors?: readonly number[]
  /** Called once, when the process is gone. */
  readonly onExit: (status: { code: number | null; signal: string | null }) => void
  /** Called once, and instead of onExit, if the program could not be started. */
  readonly onFailure: (error: NodeJS.ErrnoException) => void
}

/** Both ends of a pipe. The caller closes them. */
export interface PipeEnds {
  readonly read: number
  readonly write: number
}

/** A program that was started. If it waits for its line, call one of the two functions, once. */
export interface StartedProgram {
  readonly pid: number
  /**
   * Sends the line. Returns false if the program is gone. In a burst this may block for a moment,
   * until earlier programs have read their lines.
   */
  send(line: string): boolean
  /** Closes the input: no line will come. */
  dismiss(): void
}

/** Starts a program. Returns undefined if that failed, and never throws. */
export type Launch = (request: SpawnRequest) => StartedProgram | undefined

/**
 * Makes a pipe that its user may open again by its name in /proc. Throws if the machine refuses one. The
 * folder must be writable: it may get a file for a moment.
 */
export type OpenPipe = (
  user: { readonly uid: number; readonly gid: number },
  folder: string,
) => PipeEnds

/**
 * Starts a program by Node's own spawn, which forks: its cost grows with the memory of this process.
 * `spawn` throws some errors (E2BIG, EPERM) and emits others (ENOENT, EAGAIN, EMFILE). Here each of
 * them comes by onFailure, once.
 */
export function spawnByFork(request: SpawnRequest): StartedProgram | undefined {
  try {
    const { stdin, stdout = 'ignore', descriptors = [] } = request
    const child = spawn(request.program, request.args, {
      cwd: request.cwd,
      env: request.env,
      detached: true,
      stdio: [stdin === 'line' ? 'pipe' : stdin, stdout, 'ignore', ...descriptors],
    })
    child.once('error', request.onFailure)
    child.once('exit', (code, signal) => request.onExit({ code, signal }))
    // The program may end before it has read its line.
    child.stdin?.on('error', () => {})
    if (child.pid === undefined) return undefined
    return {
      pid: child.pid,
      send(line) {
        child.stdin?.end(line)
        return child.exitCode === null && child.signalCode === null
      },
      dismiss: () => void child.stdin?.destroy(),
    }
  } catch (error) {
    request.onFailure(error instanceof Error ? error : new Error(String(error)))
    return undefined
  }
}

/**
 * Makes a pipe with mkfifo(1), because Node itself cannot make one: its own are sockets, which cannot be
 * opened again. The name of the pipe is removed at once.
 */
export function openNamedPipe(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  folder: string,
): PipeEnds {
  const name = path.join(folder, 'pipe')
  try {
    const { status, missing, failure } = runProgramSync('mkfifo', ['-m', '600', name], [])
    if (status !== 0)
      throw new Error(missing ? 'mkfifo is missing' : (failure ?? 'mkfifo could not make a pipe'))
    giveAway(() => fs.chownSync(name, uid, gid))
    return openEnds(name)
  } finally {
    fs.rmSync(name, { force: true })
  }
}

/** Both ends of a named pipe, or none: it leaves no descriptor open if it throws. */
function openEnds(name: string): PipeEnds {
  const opened: number[] = []
  const open = (flags: string): number => {
    const descriptor = fs.openSync(name, flags)
    opened.push(descriptor)
    return descriptor
  }
  try {
    // For both FIRST: to open one end alone would wait for the other end.
    const both = open('r+')
    const ends = { read: open('r'), write: open('w') }
    fs.closeSync(both)
    return ends
  } catch (error) {
    for (const descriptor of opened) fs.closeSync(descriptor)
    throw error
  }
}

/**
 * Gives a pipe to the user of its run, who could not open `/dev/stdout` otherwise. Only root may, and not
 * even root in every container (CAP_CHOWN, user namespaces). Without it the run has its output all the same.
 */
export function giveAway(change: () => void): void {
  if (process.getuid?.() !== 0) return
  try {
    change()
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EINVAL')) throw error
  }
}
