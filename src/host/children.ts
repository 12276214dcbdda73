import os from 'node:os'
import { wallClock } from './clock.ts'

/** How a child ended, in the form in which Node reports its own children. */
export interface ChildStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** What waitForChildren() needs from the C library. */
export interface WaitCalls {
  /** The pid of any child that has exited and is not reaped yet; 0 if there is none. */
  anyExited(): number
  /** Reaps a child: its status as waitpid(2) gives it, or undefined if it still runs. */
  reap(pid: number): number | undefined
}

/**
 * The longest time that reporting exits may block the event loop at once. Each exit causes work, and in
 * a burst that work can wait until the starts are done.
 */
const maxBatchMs = 1

/**
 * Waits for children that Node did not start and does not wait for. SIGCHLD only says that some children
 * have exited, perhaps children of Node, which are left to Node. Returns a function that registers a child.
 */
export function waitForChildren(
  calls: WaitCalls,
): (pid: number, onExit: (status: ChildStatus) => void) => void {
  const children = new Map<number, (status: ChildStatus) => void>()
  let isReaping = false

  /** Returns false if the child still runs. */
  const reap = (pid: number): boolean => {
    const onExit = children.get(pid)
    const status = onExit && calls.reap(pid)
    if (onExit === undefined || status === undefined) return false
    children.delete(pid)
    onExit(statusOf(status))
    return true
  }

  const reapExited = (): void => {
    const end = wallClock.monotonic() + maxBatchMs
    for (;;) {
      const pid = calls.anyExited()
      isReaping = pid !== 0
      if (!isReaping) return
      if (!children.has(pid)) return tryAll()
      reap(pid)
      if (wallClock.monotonic() > end) return void setImmediate(reapExited)
    }
  }

  /** A child of Node hides ours until Node reaps it, which it will do soon. So each of ours is tried. */
  const tryAll = (): void => {
    const end = wallClock.monotonic() + maxBatchMs
    for (const pid of children.keys()) {
      if (reap(pid) && wallClock.monotonic() > end) return void setImmediate(tryAll)
    }
    isReaping = false
  }

  process.on('SIGCHLD', () => {
    if (!isReaping) reapExited()
  })
  return (pid, onExit) => children.set(pid, onExit)
}

/** Does what the macros of wait(2) do. */
function statusOf(status: number): ChildStatus {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null }
  const name = Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0]
  return { code: null, signal: name ?? String(signal) }
}
