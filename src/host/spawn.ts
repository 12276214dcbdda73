import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { runProgramSync } from './programs.ts'

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
    const { stdin, stdout = 'ignore' } = request
    const child = spawn(request.program, request.args, {
      cwd: request.cwd,
      env: request.env,
      detached: true,
      stdio: [stdin === 'line' ? 'pipe' : stdin, stdout, 'ignore'],
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
    // Only root may give it away; for everybody else it has its owner already.
    if (process.getuid?.() === 0) fs.chownSync(name, uid, gid)
    // For both FIRST: to open one end alone would wait for the other end.
    const both = fs.openSync(name, 'r+')
    const ends = { read: fs.openSync(name, 'r'), write: fs.openSync(name, 'w') }
    fs.closeSync(both)
    return ends
  } finally {
    fs.rmSync(name, { force: true })
  }
}
