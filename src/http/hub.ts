import type { Clock } from '../host/clock.ts'
import type { SeenStatus, View } from '../view/view.ts'
import type { StatusAnswer } from './api.ts'
import { hostView, taskView } from './task-view.ts'

/** What all pages share: one picture of the host, however many pages are open. */
export interface Hub {
  /** The whole picture, at most a second old. */
  status(): Promise<Omit<StatusAnswer, 'version' | 'actions'>>
}

/** How old the picture may be. */
const freshMs = 1_000

export function newHub(view: View, clock: Clock): Hub {
  let seen: { readonly status: SeenStatus; readonly atMs: number } | undefined
  let asking: Promise<SeenStatus> | undefined
  const look = async (): Promise<SeenStatus> => {
    const now = clock.monotonic()
    if (seen !== undefined && now - seen.atMs < freshMs) return seen.status
    // Requests that come meanwhile wait for the same answer.
    asking ??= view.status().finally(() => (asking = undefined))
    const status = await asking
    seen = { status, atMs: clock.monotonic() }
    return status
  }
  return {
    async status() {
      const found = await look()
      const { name } = found.report.host
      return {
        now: new Date(clock.now()).toISOString(),
        hosts: [hostView(found)],
        tasks: found.report.tasks.map((task) => taskView(name, task)),
        lastEventId: '0',
      }
    },
  }
}
