import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import readline from 'node:readline'
import { messageOf } from '../errors.ts'
import { wallClock } from './clock.ts'

/** A process of torch's own that does work for this one. Each side sends lines. */
export interface Helper {
  /** Sends a line. What a process that is gone would have read is lost: then `onEnd` is called. */
  send(line: string): void
  /** No more lines come. Settles when the process is gone; one that does not end in time is killed. */
  end(): Promise<void>
}

interface HelperRequest {
  /** One of ours, such as `helper-process`. It calls {@link serveLines}. */
  readonly file: string
  readonly onLine: (line: string) => void
  /** Called once, when the process is gone or could not be started. `why` is for a person. */
  readonly onEnd: (why: string) => void
}

export type StartHelper = (request: HelperRequest) => Helper

/** Node 20 does not run TypeScript, so a helper always runs the compiled file. */
const compiledFolder = path.resolve(import.meta.dirname, '../../dist/program')

/** How long a process may take to end after its last line. */
const endMs = 2_000

/**
 * Starts a helper in a session of its own, so no terminal signals it. It ends with this process, because then
 * its input ends. Never throws.
 */
export const startHelper: StartHelper = ({ file, onLine, onEnd }) => {
  let finish = (): void => {}
  const gone = new Promise<void>((resolve) => {
    finish = resolve
  })
  let isGone = false
  const over = (why: string): void => {
    if (isGone) return
    isGone = true
    finish()
    onEnd(why)
  }
  const child = open(path.join(compiledFolder, `${file}.js`), over)
  child?.once('error', (error) => over(messageOf(error)))
  child?.once('exit', (code, signal) => over(signal ?? `exit code ${code}`))
  // It may end before it has read its line.
  child?.stdin?.on('error', () => {})
  if (child?.stdout) readline.createInterface({ input: child.stdout }).on('line', onLine)
  return {
    send: (line) => void child?.stdin?.write(`${line}\n`),
    async end() {
      child?.stdin?.end()
      const cancel = wallClock.after(endMs, () => child?.kill('SIGKILL'))
      await gone
      cancel()
    },
  }
}

function open(script: string, over: (why: string) => void): ChildProcess | undefined {
  try {
    const { NODE_TLS_REJECT_UNAUTHORIZED: _1, NODE_OPTIONS: _2, ...env } = process.env
    return spawn(process.execPath, [script], {
      cwd: '/',
      detached: true,
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  } catch (error) {
    // AFTER the caller has its helper.
    queueMicrotask(() => over(messageOf(error)))
    return undefined
  }
}

/**
 * In a helper: calls `answer` for each line of the other process, and sends the line that it returns.
 * `signal` aborts when no more lines can come: the other process is gone, or needs nothing more.
 */
export function serveLines(answer: (line: string, signal: AbortSignal) => Promise<string>): void {
  const ended = new AbortController()
  // The other process may be gone.
  process.stdout.on('error', () => {})
  const lines = readline.createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    void answer(line, ended.signal).then((reply) => process.stdout.write(`${reply}\n`))
  })
  lines.on('close', () => ended.abort())
}
