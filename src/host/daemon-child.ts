import { spawn } from 'node:child_process'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { wallClock } from './clock.ts'

export interface DaemonRequest {
  /** The program with its first arguments: see daemonCommand(). */
  readonly command: readonly string[]
  readonly args: readonly string[]
  /** Descriptors for its stdout and stderr. */
  readonly outputs: readonly [number, number]
  /** Descriptors that it inherits as 4, 5 and so on; 3 is the channel. */
  readonly descriptors: readonly number[]
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>
}

/** Lines in both directions between a daemon and the process that started it. */
export interface Channel {
  say(line: string): void
  /** The next line; `closed` if no more lines can come, `late` if none came in time. */
  nextLine(timeoutMs: number): Promise<{ readonly line: string } | 'closed' | 'late'>
  /** Closes the channel after everything was sent. */
  close(): void
}

export interface DaemonChild extends Channel {
  /** undefined if it could not be started. */
  readonly pid: number | undefined
  /** Sends KILL; settles when the process is gone. */
  kill(): Promise<void>
}

/** The descriptor at which a daemon finds the channel to the process that started it. */
export const starterDescriptor = 3

/** What runs that script as a daemon, with the Node of this process. */
export function daemonCommand(script: string): string[] {
  return [process.execPath, ...daemonFlags(), script]
}

/** Starts a daemon that outlives this process. */
export function spawnDaemon({
  command: [program = '', ...words],
  args,
  outputs,
  descriptors,
  env,
}: DaemonRequest): DaemonChild {
  const child = spawn(program, [...words, ...args], {
    cwd: '/',
    detached: true,
    env: { ...smallHeap, ...process.env, ...env },
    stdio: ['ignore', ...outputs, 'pipe', ...descriptors],
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const channel = lineChannel(child.stdio[starterDescriptor] as Duplex)
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

/** In a daemon: the channel to the process that started it. */
export function starterChannel(): Channel {
  const socket = new net.Socket({ fd: starterDescriptor, readable: true, writable: true })
  return lineChannel(socket)
}

/**
 * A daemon mostly waits, so it should be small rather than fast. By default V8 reserves 48 MB for young
 * objects, and lets the old ones grow to four times of what is in use before it collects them
 * (`node --v8-options`). Node does not start if it does not know a V8 option. These options work with
 * Node 20, 22, 24 and 26; a newer Node gets only the option that Node itself documents.
 */
const documentedFlags = ['--max-semi-space-size=4']
const testedFlags = ['--initial-old-space-size=16', '--heap-growing-percent=50']
const newestTestedNode = 26

function daemonFlags(): string[] {
  const isTested = Number.parseInt(process.versions.node, 10) <= newestTestedNode
  return isTested ? [...documentedFlags, ...testedFlags] : documentedFlags
}

/**
 * glibc gives each thread its own arena and does not free it when the thread of a parser ends: 3 MB in
 * an idle daemon. Other C libraries ignore the variable, and tasks do not inherit it.
 * https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const smallHeap = { MALLOC_ARENA_MAX: '1' }

/** Lines in both directions over a stream. A line that arrives is kept until it is asked for. */
function lineChannel(stream: Duplex): Channel {
  const lines: string[] = []
  let rest = ''
  let isClosed = false
  let wake = (): void => {}
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const close = (): void => {
    isClosed = true
    wake()
  }
  stream.once('close', close)
  stream.once('end', close)
  stream.on('error', close)
  return {
    say: (line) => void stream.write(`${line}\n`),
    close: () => void stream.end(() => stream.destroy()),
    nextLine: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = wallClock.after(timeoutMs, () => resolve('late'))
        const look = (): void => {
          const line = lines.shift()
          if (line === undefined && !isClosed) return
          cancel()
          wake = () => {}
          resolve(line === undefined ? 'closed' : { line })
        }
        wake = look
        look()
      }),
  }
}
