import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import { hasCode } from './system-error.ts'

export interface ProgramOptions {
  readonly timeoutMs: number
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The text of its standard input, which is empty by default. */
  readonly input?: string
  /** The program is killed if it prints more than this; 1 MiB by default. */
  readonly maxOutputBytes?: number
  /** `latin1` makes a character of each byte. The default is UTF-8. */
  readonly encoding?: 'utf8' | 'latin1'
}

export interface ProgramResult {
  /** Whether the program exited with 0, in time. */
  readonly ok: boolean
  /** Whether there is no such program. */
  readonly missing: boolean
  readonly stdout: string
  readonly stderr: string
}

const defaultMaxOutputBytes = 1024 * 1024

/** Where torch looks for its own programs first, before the PATH that it was started with. */
const systemFolders = '/usr/sbin:/usr/bin:/sbin:/bin'

/** The folders in which torch finds its own programs, like a PATH. */
export function programFolders(): string {
  return `${systemFolders}:${process.env['PATH'] ?? ''}`
}

const found = new Map<string, string>()

/**
 * The absolute path of one of torch's own programs; undefined if it is missing. A program that was found
 * once is not looked for again. The PATH of a task never decides what torch executes.
 */
export function findProgram(name: string): string | undefined {
  const known = found.get(name)
  if (known !== undefined) return known
  const file = programFolders()
    .split(':')
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isExecutable)
  if (file !== undefined) found.set(name, file)
  return file
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

/** A name without a slash is one of torch's own programs. */
function pathOf(program: string): string {
  return program.includes('/') ? program : (findProgram(program) ?? program)
}

/** Runs a program to its end, without a shell. Never throws: a program that is missing or too slow is not ok. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { timeoutMs, env, input, encoding = 'utf8' } = options
  const started = new Promise<ProgramResult>((resolve) => {
    const child = execFile(
      pathOf(program),
      args,
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: options.maxOutputBytes ?? defaultMaxOutputBytes,
        env: { ...process.env, ...env },
        encoding,
      },
      (error, stdout, stderr) =>
        resolve({ ok: error === null, missing: hasCode(error, 'ENOENT'), stdout, stderr }),
    )
    // If the program ends before it has read its whole input, its exit status says so.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
  // Node reports some errors of a start by the callback and throws others (ENOMEM).
  return started.catch((error: unknown) => ({
    ok: false,
    missing: false,
    stdout: '',
    stderr: messageOf(error),
  }))
}

const maxSyncMs = 5_000

export interface SyncResult {
  readonly status: number | null
  /** Whether there is no such program. */
  readonly missing: boolean
  readonly stdout: string
  /** Why it could not be started, or was killed. */
  readonly failure?: string
}

/** The same, but blocks the event loop: only for programs that answer at once. */
export function runProgramSync(
  program: string,
  args: readonly string[],
  descriptors: readonly number[],
): SyncResult {
  const result = spawnSync(pathOf(program), args, {
    stdio: ['ignore', 'pipe', 'ignore', ...descriptors],
    timeout: maxSyncMs,
  })
  const stdout = result.stdout?.toString() ?? ''
  const failure = result.error && { failure: result.error.message }
  return { status: result.status, missing: hasCode(result.error, 'ENOENT'), stdout, ...failure }
}
