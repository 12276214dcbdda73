import { spawn } from 'node:child_process'
import { openPosixSpawn } from './posix-spawn.ts'

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

/** A program that was started and waits for its line. Call one of the two functions, once. */
export interface WaitingProgram {
  readonly pid: number
  /**
   * Sends it the line. Returns false if it is gone. In a burst this may block for a moment, until
   * earlier programs have read their lines.
   */
  send(line: string): boolean
  /** Closes its input: no line will come. */
  dismiss(): void
}

/** Starts a program in a session of its own; undefined where that failed. */
export type Launch = (request: SpawnRequest) => WaitingProgram | undefined

export interface Launcher {
  /** posix_spawn: of the C library, whose cost does not grow with our memory; spawn: Node's own, by fork. */
  readonly name: 'posix_spawn' | 'spawn'
  /** Why it is not the better one. */
  readonly why: string | undefined
  readonly launch: Launch
}

/** The best launcher that this machine has. It is loaded here: to be called once, by who starts runs. */
export function bestLauncher(): Launcher {
  const found = openPosixSpawn()
  if (typeof found !== 'string') return { name: 'posix_spawn', why: undefined, launch: found }
  return { name: 'spawn', why: found, launch: launchByFork }
}

/**
 * `spawn` throws some failures (E2BIG, EPERM) and emits others (ENOENT, EAGAIN, EMFILE):
 * here all come by onFailure, never both ways and never twice.
 */
export function launchByFork(request: SpawnRequest): WaitingProgram | undefined {
  try {
    const child = spawn(request.program, request.args, {
      cwd: '/',
      env: request.env,
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.once('error', request.onFailure)
    child.once('exit', (code, signal) => request.onExit({ code, signal }))
    // It may be gone before it has read its line.
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
