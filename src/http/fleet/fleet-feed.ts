import { TorchError } from '../../errors.ts'
import { type Clock, pause } from '../../host/clock.ts'
import type { FleetLooks } from '../../view/fleet/fleet-looks.ts'
import type { FleetView } from '../api.ts'
import { fleetView } from './fleet-view.ts'

/** The machines of the fleet, as all pages of this server show them. */
export interface FleetFeed {
  /** What is known now, after at most a second; undefined: the daemon has not answered yet. */
  view(): Promise<FleetView | undefined>
  /** The last view, and a number that grows with each change. */
  newest(): { readonly view: FleetView | undefined; readonly version: number }
  /** Looks now and then, and calls back after changes, until the returned function is called. */
  listen(onChange: () => void): () => void
}

/** Heartbeats come every 5 seconds. */
const lookMs = 3_000
/** A page does not wait longer for a look: it hears of what comes later. */
const waitMs = 1_000

export function newFleetFeed(looks: FleetLooks, clock: Clock): FleetFeed {
  const listeners = new Set<() => void>()
  let [view, text, version]: [FleetView | undefined, string, number] = [undefined, '', 0]
  /** Ends the looks that follow each other; undefined: nobody listens. */
  let leave: (() => void) | undefined
  let looking: Promise<void> | undefined
  let seenMs = -Infinity

  function take(next: FleetView): void {
    seenMs = clock.monotonic()
    const nextText = JSON.stringify(next)
    if (nextText === text) return
    ;[view, text, version] = [next, nextText, version + 1]
    for (const listener of listeners) listener()
  }

  /** Whoever wants a look while there is one shares it. */
  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => (looking = undefined))
    return looking
  }

  async function lookOnce(): Promise<void> {
    try {
      const { status } = await looks.look()
      take(fleetView(status, clock.now(), view))
    } catch (error) {
      if (!(error instanceof TorchError)) throw error
      if (view !== undefined) take({ ...view, problem: error.message })
    }
  }

  function follow(): () => void {
    let isLeft = false
    let cancel = (): void => {}
    const lookAgain = (): void => {
      cancel = clock.after(lookMs, () => {
        void look()
          .catch(() => {})
          .finally(() => {
            if (!isLeft) lookAgain()
          })
      })
    }
    lookAgain()
    return () => {
      isLeft = true
      cancel()
    }
  }

  return {
    async view() {
      if (clock.monotonic() - seenMs < lookMs) return view
      await Promise.race([look(), pause(clock, waitMs)])
      return view
    },
    newest: () => ({ view, version }),
    listen(onChange) {
      listeners.add(onChange)
      leave ??= follow()
      return () => {
        listeners.delete(onChange)
        if (listeners.size > 0) return
        leave?.()
        leave = undefined
      }
    },
  }
}
