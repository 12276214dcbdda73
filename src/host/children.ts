import os from 'node:os'
import { wallClock } from './clock.ts'

/** How a child ended, as Node tells it of its own. */
export interface ChildStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** What the C library has to give for it. */
export interface WaitCalls {
  /** Any child that is over, left as it is: its pid; 0 where there is none. */
  anyEnded(): number
  /** Takes the child if it is over: its status as waitpid(2) gives it; undefined where it is not. */
  take(pid: number): number | undefined
}

/**
 * Ends are told for so long at a time, then the loop goes on: what follows an end takes its time, and
 * in a burst it can wait for the starts.
 */
const maxTurnMs = 1

/**
 * Children that Node did not start, and so does not wait for. SIGCHLD says that some child ended,
 * perhaps several, perhaps one of Node's own, which is left to Node.
 */
export function waitForChildren(
  calls: WaitCalls,
): (pid: number, onExit: (status: ChildStatus) => void) => void {
  const children = new Map<number, (status: ChildStatus) => void>()
  let isReaping = false

  /** False where it goes on. */
  const take = (pid: number): boolean => {
    const onExit = children.get(pid)
    const status = onExit && calls.take(pid)
    if (onExit === undefined || status === undefined) return false
    children.delete(pid)
    onExit(statusOf(status))
    return true
  }

  const reap = (): void => {
    const end = wallClock.monotonic() + maxTurnMs
    for (;;) {
      const pid = calls.anyEnded()
      isReaping = pid !== 0
      if (!isReaping) return
      if (!children.has(pid)) return lookAtAll()
      take(pid)
      if (wallClock.monotonic() > end) return void setImmediate(reap)
    }
  }

  /** One of Node's stands in front of ours, until Node takes it, which it is about to. */
  const lookAtAll = (): void => {
    const end = wallClock.monotonic() + maxTurnMs
    for (const pid of children.keys()) {
      if (take(pid) && wallClock.monotonic() > end) return void setImmediate(lookAtAll)
    }
    isReaping = false
  }

  process.on('SIGCHLD', () => {
    if (!isReaping) reap()
  })
  return (pid, onExit) => children.set(pid, onExit)
}

/** As the macros of wait(2) do. */
function statusOf(status: number): ChildStatus {
  const signal = status & 0x7f
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null }
  const name = Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0]
  return { code: null, signal: name ?? String(signal) }
}
