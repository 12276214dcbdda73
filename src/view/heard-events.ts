import { followEvents, type HeardEvent } from '../follow/events.ts'
import { type Clock, newSleep } from '../host/clock.ts'
import type { Heard } from './view.ts'

/** What no event says (trouble, restarts of daemon tasks, changes of the file) is looked at this often. */
const lookMs = 30_000
/** Without a daemon nobody says that a run has ended. */
const lostLookMs = 5_000

/**
 * The events of the daemon at this socket, and when to look at the status: at the beginning, after a gap,
 * and now and then. Ends when the signal is aborted.
 */
export async function* heardEvents(
  clock: Clock,
  socket: string,
  signal: AbortSignal,
): AsyncGenerator<Heard, void, undefined> {
  const sleep = newSleep(clock)
  const events = followEvents({ clock, socket, signal })
  let arrived: IteratorResult<HeardEvent, void> | undefined
  const ask = async (): Promise<void> => {
    arrived = await events.next()
    sleep.wake()
  }
  void ask()
  let isLost = false
  for (;;) {
    if (arrived === undefined) await sleep.sleep(isLost ? lostLookMs : lookMs)
    const event: typeof arrived = arrived
    arrived = undefined
    if (signal.aborted || event?.done === true) return
    if (event === undefined) {
      yield { kind: 'look' }
      continue
    }
    void ask()
    isLost = event.value.kind === 'lost'
    yield heardOf(event.value)
  }
}

function heardOf(event: HeardEvent): Heard {
  switch (event.kind) {
    case 'start':
    case 'end':
    case 'skip':
    case 'miss':
      return { kind: 'row', row: event.row, next: event.next }
    case 'hello':
    case 'lost':
    case 'load':
    case 'refuse':
    case 'dropped':
      return { kind: 'look' }
  }
}
