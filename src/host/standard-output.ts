import { spawn } from 'node:child_process'
import { messageOf } from '../errors.ts'
import { wallClock } from './clock.ts'
import { findProgram } from './programs.ts'

/** The standard output of this process, for what must never hold it up. Nothing here throws or waits. */
interface StandardOutput {
  /** Takes text in any case. `full`: so much waits for its reader that no more should come until `onRoom`. */
  write(text: string): 'room' | 'full'
  /** Settles when everything was read, or when the reader has had its time. */
  end(): Promise<void>
}

export type OpenStandardOutput = (events: {
  /** What waited was read. */
  readonly onRoom: () => void
  /** Nobody can read any more. Called at most once. `why` is for a person. */
  readonly onGone: (why: string) => void
}) => StandardOutput

/** The most that waits in this process for a slow reader. */
const maxWaitingBytes = 1024 * 1024
/** How long the reader has at the end. */
const endMs = 2_000

/**
 * Writes by a process of its own, cat(1): a write to a terminal that somebody has stopped, or to a pipe that nobody
 * reads, would block this one. The process has a session of its own, so no terminal signals it, and it ends with
 * this one, because then its input ends.
 */
export const openStandardOutput: OpenStandardOutput = ({ onRoom, onGone }) => {
  let isGone = false
  let finish = (): void => {}
  const gone = new Promise<void>((resolve) => {
    finish = resolve
  })
  const over = (why: string): void => {
    if (isGone) return
    isGone = true
    finish()
    onGone(why)
  }
  const child = start(over)
  child?.once('error', (error) => over(messageOf(error)))
  child?.once('exit', () => over('its reader is gone'))
  child?.stdin?.on('error', () => {})
  child?.stdin?.on('drain', onRoom)
  return {
    write(text) {
      if (isGone || !child?.stdin) return 'room'
      child.stdin.write(text)
      return child.stdin.writableLength > maxWaitingBytes ? 'full' : 'room'
    },
    async end() {
      if (isGone) return
      child?.stdin?.end()
      const cancel = wallClock.after(endMs, () => child?.kill('SIGKILL'))
      await gone
      cancel()
    },
  }
}

function start(over: (why: string) => void) {
  try {
    return spawn(findProgram('cat') ?? 'cat', [], {
      ...{ cwd: '/', detached: true, env: {} },
      stdio: ['pipe', 'inherit', 'ignore'],
    })
  } catch (error) {
    // AFTER the caller has its standard output.
    queueMicrotask(() => over(messageOf(error)))
    return undefined
  }
}
