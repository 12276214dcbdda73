import { randomBytes } from 'node:crypto'
import type { Clock } from '../host/clock.ts'
import type { SeenStatus, View } from '../view/view.ts'
import type { HostView, TaskView, Update } from './api.ts'
import { newComparer } from './comparer.ts'
import { newAnswerCheck, newLooker } from './looker.ts'
import { newPicture, type Picture, updateSince } from './picture.ts'
import { newPasts } from './task-past.ts'
import { hostView } from './task-view.ts'

/**
 * What all pages share: one picture of the host, however many pages are open. The daemon is asked once, and
 * its events change the picture.
 */
export interface Hub {
  /** The picture, after a look at the daemon if nobody has looked for a second. */
  picture(): Promise<Seen>
  /** What has changed since this event id; undefined if that is no longer known. */
  changesSince(id: string): { readonly update: Update; readonly id: string } | undefined
  /** Calls back after changes, at most four times a second, until the returned function is called. */
  listen(onChange: () => void): () => void
  /** The id of the last change. */
  id(): string
  /** Whether the daemon answers: asked now or in the last second, however fresh the picture is. */
  isAnswered(): Promise<boolean>
  /** Whether somebody listens. */
  isFollowed(): boolean
  close(): void
}

interface Seen {
  readonly status: SeenStatus
  readonly host: HostView
  readonly tasks: readonly TaskView[]
  readonly id: string
}

/** All pages hear of changes together, so that they share one update. */
const beatMs = 250

export function newHub(view: View, clock: Clock): Hub {
  const instance = randomBytes(6).toString('hex')
  const picture = newPicture(newPasts(view, clock))
  const looker = newLooker(view, clock, picture)
  const comparer = newComparer(view, clock, picture)
  const listeners = new Set<() => void>()
  const updates = updateCache(picture, clock)
  let cancelBeat: (() => void) | undefined
  const beat = (): void => {
    cancelBeat ??= clock.after(beatMs, () => {
      cancelBeat = undefined
      for (const listener of listeners) listener()
    })
  }
  const idNow = (): string => `${instance}.${picture.seq}`
  return {
    async picture() {
      const status = await looker.status()
      comparer.compare()
      return {
        status,
        host: picture.host?.view ?? hostView(status, picture.counts, picture.change),
        tasks: [...picture.tasks.values()].map((part) => part.view),
        id: idNow(),
      }
    },
    changesSince(id) {
      const [of, at] = id.split('.')
      const update =
        of === instance && /^\d{1,15}$/.test(at ?? '') ? updates(Number(at)) : undefined
      return update && { update, id: idNow() }
    },
    listen(onChange) {
      listeners.add(onChange)
      looker.follow(beat)
      comparer.follow(beat)
      return () => {
        listeners.delete(onChange)
        if (listeners.size > 0) return
        looker.leave()
        comparer.leave()
      }
    },
    id: idNow,
    isAnswered: newAnswerCheck(view, clock),
    isFollowed: () => listeners.size > 0,
    close() {
      cancelBeat?.()
      looker.leave()
      comparer.leave()
    },
  }
}

/** Most pages ask for what has changed since the same moment. */
function updateCache(picture: Picture, clock: Clock): (from: number) => Update | undefined {
  let made: { readonly from: number; readonly to: number; readonly update: Update } | undefined
  return (from) => {
    if (made?.from === from && made.to === picture.seq) return made.update
    const update = updateSince(picture, from, new Date(clock.now()).toISOString())
    if (update !== undefined) made = { from, to: picture.seq, update }
    return update
  }
}
