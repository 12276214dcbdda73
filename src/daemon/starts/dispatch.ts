import type { Clock } from '../../host/clock.ts'
import type { Start } from '../../plan/admit.ts'
import type { Phase } from '../phase.ts'
import { requestStart } from './request-start.ts'
import type { StartParts } from './start-parts.ts'

/** How long starts are made without a pause. In a pause the event loop handles everything else. */
const maxBurstMs = 20

interface DispatchParts extends StartParts {
  readonly clock: Clock
}

/**
 * Requests the starts that are due, in the order of their slots: usually at once. The rest of a burst
 * follows after short pauses, and meanwhile it is on disk, because a crash must not lose it. What falls
 * due later comes after it, except the first start of each second: that one is always in time.
 */
export function dispatch(parts: DispatchParts, starts: readonly Start[]): void {
  const { queue } = parts
  const isBusy = queue.due.size > 0
  queue.addDue(starts)
  const [first] = starts
  if (!isBusy) startSome(parts)
  else if (first !== undefined) startOne(parts, first)
  if (queue.due.size > 0) queue.saveSoon()
}

function startSome(parts: DispatchParts): void {
  const { clock, phase, queue } = parts
  const end = clock.monotonic() + maxBurstMs
  try {
    for (const start of queue.due) {
      if (isLeft(phase)) return
      startOne(parts, start)
      if (clock.monotonic() >= end) return
    }
  } finally {
    if (queue.due.size > 0 && !isLeft(phase)) clock.after(0, () => startMore(parts))
  }
}

function startOne(parts: DispatchParts, start: Start): void {
  parts.queue.takeDue(start)
  requestStart(parts, start)
}

/** What is due belongs to the next daemon. */
function isLeft(phase: Phase): boolean {
  return phase.now === 'leaving' || phase.now === 'gone'
}

function startMore(parts: DispatchParts): void {
  startSome(parts)
  if (parts.queue.due.size === 0) parts.queue.saveSoon()
}
