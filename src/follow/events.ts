import { streamEvents } from '../control/client.ts'
import type { EventLine, EventPlace } from '../control/events.ts'
import { messageOf, TorchError } from '../errors.ts'
import { type Clock, newSleep } from '../host/clock.ts'

/**
 * A line of the stream, or that there is none now: no daemon runs, it does not answer, it is of a version
 * without events, or it has just been replaced. After `hello` everything is as before, see `isComplete`.
 */
export type HeardEvent =
  | Exclude<EventLine, { readonly kind: 'alive' }>
  | { readonly kind: 'lost'; readonly why: TorchError }

/** The pause before a stream is opened again. It doubles each time, up to the second one. */
const firstRetryMs = 50
const maxRetryMs = 2_000

export interface Listening {
  readonly clock: Clock
  readonly socket: string
  /** Names or patterns: only events of these tasks. Without any: of all. */
  readonly tasks?: readonly string[] | undefined
  readonly signal: AbortSignal
}

/**
 * The events of the daemon that listens at this socket, whichever it is: after a restart, a handover or a
 * crash they continue with those of the next one. `lost` comes once for each time without a stream. Ends when
 * the signal is aborted, and never before. Whoever does not ask for the next one for a while may get `dropped`.
 */
export async function* followEvents({
  clock,
  socket,
  tasks,
  signal,
}: Listening): AsyncGenerator<HeardEvent, void, undefined> {
  const sleep = newSleep(clock)
  let since: EventPlace | undefined
  let isLost = false
  signal.addEventListener('abort', sleep.wake)
  try {
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
      let why: unknown
      try {
        for await (const line of streamEvents(socket, { since, tasks }, signal)) {
          // A stream that has begun is worth a quick retry.
          waitMs = firstRetryMs
          isLost = false
          since = placeAfter(line, since)
          if (line.kind !== 'alive') yield line
        }
      } catch (error) {
        why = error
      }
      if (signal.aborted) return
      if (!isLost) yield { kind: 'lost', why: asTorchError(why) }
      isLost = true
      await sleep.sleep(waitMs)
    }
  } finally {
    signal.removeEventListener('abort', sleep.wake)
  }
}

/** Where to continue. A hello that is not complete begins at its own place; the others replay from `since`. */
function placeAfter(line: EventLine, since: EventPlace | undefined): EventPlace | undefined {
  if (line.kind === 'hello')
    return line.isComplete && since !== undefined ? since : { daemon: line.daemon, seq: line.seq }
  return 'seq' in line && since !== undefined ? { ...since, seq: line.seq } : since
}

function asTorchError(why: unknown): TorchError {
  if (why instanceof TorchError) return why
  const message = why === undefined ? 'the daemon ended the stream of events' : messageOf(why)
  return new TorchError('daemon-gone', message, { cause: why })
}
