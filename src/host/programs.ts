import { execFile, spawnSync } from 'node:child_process'
import { messageOf } from '../errors.ts'
import { hasCode } from './files.ts'

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

/** Output beyond this ends the program, unless it is known to answer at length. */
const maxProgramOutputBytes = 1024 * 1024

export function runProgram(
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

/** The loop stands still meanwhile: only for programs that answer at once. */
const maxSyncProgramMs = 5_000

export function runProgramSync(
  program: string,
  args: readonly string[],
  descriptors: readonly number[],
): { status: number | null; missing: boolean; stdout: string } {
  const result = spawnSync(program, args, {
    stdio: ['ignore', 'pipe', 'ignore', ...descriptors],
    timeout: maxSyncProgramMs,
  })
  const stdout = result.stdout?.toString() ?? ''
  return { status: result.status, missing: hasCode(result.error, 'ENOENT'), stdout }
}
