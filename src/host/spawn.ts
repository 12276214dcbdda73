import { spawn } from 'node:child_process'

/** A program to start. It reads one line from its standard input, and nothing else ever comes there. */
export interface SpawnRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Called once, when the process is gone. */
  readonly onExit: (status: { code: number | null; signal: string | null }) => void
  /** Called once, and instead of onExit, if the program could not be started. */
  readonly onFailure: (error: NodeJS.ErrnoException) => void
}

/** A program that was started and waits for its line. Call one of its two functions, once. */
export interface WaitingProgram {
  readonly pid: number
  /**
   * Sends the line. Returns false if the program is gone. In a burst this may block for a moment,
   * until earlier programs have read their lines.
   */
  send(line: string): boolean
  /** Closes the input: no line will come. */
  dismiss(): void
}

/**
 * Starts a program in a session and process group of its own, in the root directory, with its output
 * discarded. Returns undefined if that failed, and never throws.
 */
export type Launch = (request: SpawnRequest) => WaitingProgram | undefined

/**
 * Starts a program by Node's own spawn, which forks: its cost grows with the memory of this process.
 * `spawn` throws some errors (E2BIG, EPERM) and emits others (ENOENT, EAGAIN, EMFILE). Here each of
 * them comes by onFailure, once.
 */
export function spawnByFork(request: SpawnRequest): WaitingProgram | undefined {
  try {
    const child = spawn(request.program, request.args, {
      cwd: '/',
      env: request.env,
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.once('error', request.onFailure)
    child.once('exit', (code, signal) => request.onExit({ code, signal }))
    // The program may end before it has read its line.
    child.stdin.on('error', () => {})
    if (child.pid === undefined) return undefined
    return {
      pid: child.pid,
      send(line) {
        child.stdin.end(line)
        return child.exitCode === null && child.signalCode === null
      },
      dismiss: () => void child.stdin.destroy(),
    }
  } catch (error) {
    request.onFailure(error instanceof Error ? error : new Error(String(error)))
    return undefined
  }
}
