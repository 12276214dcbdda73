import type { HeardEvent } from '../follow/events.ts'
import { type Clock, newSleep } from '../host/clock.ts'
import type { Heard } from './view.ts'

/** What no event says (trouble, restarts of daemon tasks, changes of the file) is looked at this often. */
const lookMs = 30_000
/** Without a daemon nobody says that a run has ended. */
const lostLookMs = 5_000

/**
 * What these events of a daemon say, and when to look at the status: at the beginning, after a gap, and now
 * and then, however many events come. Ends with the events, which end when the signal is aborted.
 */
export async function* heardEvents(
  clock: Clock,
  events: AsyncIterator<HeardEvent, void>,
  signal: AbortSignal,
): AsyncGenerator<Heard, void, undefined> {
  const sleep = newSleep(clock)
  let arrived: IteratorResult<HeardEvent, void> | undefined
  const ask = async (): Promise<void> => {
    arrived = await events.next()
    sleep.wake()
  }
  void ask()
  let isLost = false
  let lookedMs = clock.monotonic()
  for (;;) {
    const leftMs = lookedMs + (isLost ? lostLookMs : lookMs) - clock.monotonic()
    if (arrived === undefined && leftMs > 0) await sleep.sleep(leftMs)
    const event: typeof arrived = arrived
    if (signal.aborted || event?.done === true) return
    // The event waits until the look is over: events that never stop would put it off for ever.
    if (leftMs <= 0) {
      yield { kind: 'look' }
      lookedMs = clock.monotonic()
      continue
    }
    if (event === undefined) continue
    arrived = undefined
    void ask()
    isLost = event.value.kind === 'lost'
    const heard = heardOf(event.value)
    yield heard
    if (heard.kind === 'look') lookedMs = clock.monotonic()
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
    case 'pause':
    case 'resume':
    case 'dropped':
      return { kind: 'look' }
  }
}
