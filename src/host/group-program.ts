import { spawn } from 'node:child_process'
import { messageOf } from '../errors.ts'
import { quietly } from './system-error.ts'

export interface GroupRequest {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly input: string | Buffer
  /** Ends the program and all processes of its group. */
  readonly signal: AbortSignal
}

export interface GroupResult {
  /** null if a signal ended it, or it could not be started. */
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not be started. */
  readonly failure: string | null
  /** The start of what it printed, on both outputs. */
  readonly output: string
}

const maxOutputBytes = 4_096

/**
 * Runs a program in a process group of its own, to its end. Afterwards no process of the group is left. Never
 * throws.
 */
export function runInGroup({ command, env, input, signal }: GroupRequest): Promise<GroupResult> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let bytes = 0
    const keep = (chunk: Buffer): void => {
      if (bytes < maxOutputBytes) parts.push(chunk.subarray(0, maxOutputBytes - bytes))
      bytes += chunk.length
    }
    const done = (result: Omit<GroupResult, 'output'>): void =>
      resolve({ ...result, output: Buffer.concat(parts).toString() })
    const failed = (error: unknown): void =>
      done({ code: null, signal: null, failure: messageOf(error) })
    try {
      const child = spawn(program, args, { cwd: '/', env, detached: true, stdio: 'pipe' })
      const killGroup = (): void => {
        const { pid } = child
        if (pid !== undefined) quietly(() => process.kill(-pid, 'SIGKILL'))
      }
      child.once('error', failed)
      child.once('exit', (code, by) => {
        // A process that it left behind may hold the pipes, and must not outlive the time.
        killGroup()
        signal.removeEventListener('abort', killGroup)
        // What it printed last may still be in the pipe.
        setImmediate(() => {
          for (const stream of child.stdio) stream?.destroy()
          done({ code, signal: by, failure: null })
        })
      })
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      // It may end before it has read its input.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      signal.addEventListener('abort', killGroup)
      if (signal.aborted) killGroup()
    } catch (error) {
      failed(error)
    }
  })
}
