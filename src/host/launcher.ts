import { spawn } from 'node:child_process'
import type { SpawnRequest } from './host.ts'
import { openPosixSpawn } from './posix-spawn.ts'

/** Starts the program of a run in a session of its own; gives its pid, undefined where that failed. */
export type Launch = (request: SpawnRequest) => number | undefined

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
export function launchByFork(request: SpawnRequest): number | undefined {
  try {
    const child = spawn(request.program, request.args, {
      cwd: request.cwd,
      env: request.env,
      detached: true,
      stdio: ['ignore', request.output, request.output],
    })
    child.once('error', request.onFailure)
    child.once('exit', (code, signal) => request.onExit({ code, signal }))
    return child.pid
  } catch (error) {
    request.onFailure(error instanceof Error ? error : new Error(String(error)))
    return undefined
  }
}
