import { spawn } from 'node:child_process'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { wallClock } from './clock.ts'

export interface DaemonRequest {
  /** The script and its words. */
  readonly args: readonly string[]
  /** Descriptors of its stdout and stderr. */
  readonly outputs: readonly [number, number]
  /** Its descriptors from 4 on; 3 is the channel. */
  readonly descriptors: readonly number[]
  /** On top of our own environment. */
  readonly env: Readonly<Record<string, string>>
}

/** Lines both ways between a daemon and who started it. */
export interface Channel {
  say(line: string): void
  /** The next line; `closed` where none will come any more, `late` where none came in that time. */
  nextLine(timeoutMs: number): Promise<{ readonly line: string } | 'closed' | 'late'>
  close(): void
}

export interface DaemonChild extends Channel {
  /** undefined where it could not be started. */
  readonly pid: number | undefined
  /** KILL; settles when it is gone. */
  kill(): Promise<void>
}

/**
 * A daemon waits most of its time, and should be small rather than fast. By itself V8 takes 48 MB
 * for what is young, and lets the rest grow to four times of what is in use before it looks for what
 * is not. See `node --v8-options`. A Node that does not know an option of V8 does not start at all:
 * these were tried with 20, 22, 24 and 26, and a newer one gets those alone that Node has documented.
 */
const documentedFlags = ['--max-semi-space-size=4']
const triedFlags = ['--initial-old-space-size=16', '--heap-growing-percent=50']
const newestTriedNode = 26

/**
 * glibc gives each thread an arena of its own, which is not given back when the thread of a parser
 * ends: 3 MB in an idle daemon. Others do not know the variable; tasks have an environment of their own.
 * https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const smallHeap = { MALLOC_ARENA_MAX: '1' }

function daemonFlags(): string[] {
  const isTried = Number.parseInt(process.versions.node, 10) <= newestTriedNode
  return isTried ? [...documentedFlags, ...triedFlags] : documentedFlags
}

export function spawnDaemon({ args, outputs, descriptors, env }: DaemonRequest): DaemonChild {
  const child = spawn(process.execPath, [...daemonFlags(), ...args], {
    cwd: '/',
    detached: true,
    env: { ...smallHeap, ...process.env, ...env },
    stdio: ['ignore', ...outputs, 'pipe', ...descriptors],
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const channel = lineChannel(child.stdio[3] as Duplex)
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

/** Lines both ways over a stream; each that comes is kept until it is asked for. */
function lineChannel(stream: Duplex): Channel {
  const lines: string[] = []
  let rest = ''
  let isOver = false
  let wake = (): void => {}
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    wake()
  })
  const over = (): void => {
    isOver = true
    wake()
  }
  stream.once('close', over)
  stream.once('end', over)
  stream.on('error', over)
  return {
    say: (line) => void stream.write(`${line}\n`),
    // What was said goes out first.
    close: () => void stream.end(() => stream.destroy()),
    nextLine: (timeoutMs) =>
      new Promise((resolve) => {
        const cancel = wallClock.after(timeoutMs, () => resolve('late'))
        const look = (): void => {
          const line = lines.shift()
          if (line === undefined && !isOver) return
          cancel()
          wake = () => {}
          resolve(line === undefined ? 'closed' : { line })
        }
        wake = look
        look()
      }),
  }
}

/** The channel to whoever started this process as a daemon: its descriptor 3. */
export function starterChannel(): Channel {
  const socket = new net.Socket({ fd: starterDescriptor, readable: true, writable: true })
  return lineChannel(socket)
}

/** Where a process that is started as a daemon finds the channel to its starter. */
export const starterDescriptor = 3
