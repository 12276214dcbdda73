import { randomBytes } from 'node:crypto'
import type { Trouble } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import type { Clock } from '../host/clock.ts'
import type { SeenStatus, View } from '../view/view.ts'
import type { HostView, TaskView, Update } from './api.ts'
import {
  changedTasks,
  newPicture,
  type Picture,
  takeFileChange,
  takeRow,
  takeStatus,
  updateSince,
} from './picture.ts'
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

/** Keeps the picture up to date: by events while somebody listens, else by a look when it is asked for. */
interface Looker {
  status(): Promise<SeenStatus>
  /** From now on by events; `onChange` is called after each change. */
  follow(onChange: () => void): void
  leave(): void
}

/** How old the picture of a request may be. */
const freshMs = 1_000
/** How old the counts of a day may be. */
const freshCountsMs = 10_000
const dayMs = 86_400_000

/** A daemon that hangs sends no event, so who asks whether it answers gets no answer from the picture. */
function newAnswerCheck(view: View, clock: Clock): () => Promise<boolean> {
  let known: { readonly isAnswered: boolean; readonly atMs: number } | undefined
  let asking: Promise<boolean> | undefined
  const ask = async (): Promise<boolean> => {
    const { report, isSilent } = await view.status()
    const isAnswered = report.daemon !== null && !isSilent
    known = { isAnswered, atMs: clock.monotonic() }
    return isAnswered
  }
  return async () => {
    if (known !== undefined && clock.monotonic() - known.atMs < freshMs) return known.isAnswered
    asking ??= ask().finally(() => (asking = undefined))
    return asking
  }
}

/** A look draws the picture by what the daemon says now. */
function newLook(view: View, clock: Clock, picture: Picture): () => Promise<SeenStatus> {
  let countedAtMs = -Infinity
  let trouble: Trouble | undefined

  /** The status is worth showing without its past too. After a fault the history rests for a while. */
  async function readHistory({ report }: SeenStatus): Promise<void> {
    const isDue = clock.monotonic() - countedAtMs >= freshCountsMs
    if (trouble !== undefined && !isDue) return
    try {
      await picture.pasts.load(report.tasks)
      if (isDue) picture.counts = await view.countsSince(clock.now() - dayMs)
      trouble = undefined
    } catch (error) {
      if (!(error instanceof TorchError)) throw error
      // Without its daemon, the view socket has no history.
      if (error.code !== 'history-unreadable') return
      const message = `the numbers of past runs are missing: ${error.message}`
      trouble ??= { message, since: new Date(clock.now()).toISOString() }
    }
    if (isDue || trouble !== undefined) countedAtMs = clock.monotonic()
  }

  return async () => {
    const status = await view.status()
    // More than one run may have ended since the last look.
    picture.pasts.forget(changedTasks(picture, status))
    await readHistory(status)
    const { report } = status
    const seen =
      trouble === undefined
        ? status
        : { ...status, report: { ...report, trouble: [...(report.trouble ?? []), trouble] } }
    takeStatus(picture, seen)
    return seen
  }
}

function newLooker(view: View, clock: Clock, picture: Picture): Looker {
  const look = newLook(view, clock, picture)
  let seenAtMs = -Infinity
  let looking: Promise<SeenStatus> | undefined
  let following: AbortController | undefined
  /** The picture is complete, and events keep it so. */
  let isFollowed = false

  /** Requests that come meanwhile wait for the same answer. */
  function lookOnce(): Promise<SeenStatus> {
    looking ??= look()
      .then((status) => {
        seenAtMs = clock.monotonic()
        return status
      })
      .finally(() => (looking = undefined))
    return looking
  }

  /** A look that began before is not enough: what happened since may come by no event. */
  async function lookAgain({ signal }: AbortController): Promise<void> {
    try {
      await looking?.catch(() => {})
      await lookOnce()
      isFollowed = !signal.aborted
    } catch {
      // The pages keep what they have, and the next look tries again.
    }
  }

  async function hear(by: AbortController, onChange: () => void): Promise<void> {
    for await (const heard of view.follow(by.signal)) {
      if (by.signal.aborted) return
      const before = picture.seq
      const isTaken = heard.kind === 'row' && takeRow(picture, heard.row, heard.next)
      if (!isTaken) await lookAgain(by)
      if (picture.seq !== before) onChange()
    }
  }

  return {
    async status() {
      const isFresh = isFollowed || clock.monotonic() - seenAtMs < freshMs
      return picture.status !== undefined && isFresh ? picture.status : lookOnce()
    },
    follow(onChange) {
      if (following !== undefined) return
      following = new AbortController()
      void hear(following, onChange)
    },
    leave() {
      following?.abort()
      following = undefined
      isFollowed = false
    },
  }
}

/** Compares the tasks file on disk with the loaded one in the background: a large file takes seconds. */
interface Comparer {
  /** Once, if nobody has for a while. */
  compare(): void
  /** Again and again from now on; `onChange` is called if the result is another one. */
  follow(onChange: () => void): void
  leave(): void
}

/** A look at a file that has not changed costs little. */
const compareMs = 3_000

function newComparer(view: View, clock: Clock, picture: Picture): Comparer {
  let lastMs = -Infinity
  let isComparing = false
  let following: { readonly onChange: () => void; cancel: () => void } | undefined

  async function compareOnce(): Promise<void> {
    const now = clock.monotonic()
    if (picture.status === undefined || isComparing || now - lastMs < compareMs) return
    lastMs = now
    isComparing = true
    try {
      const before = picture.seq
      takeFileChange(picture, await view.fileChange(picture.status.report))
      if (picture.seq !== before) following?.onChange()
    } catch {
      // The next look tries again.
    } finally {
      isComparing = false
    }
  }

  function followOn(onChange: () => void): void {
    void compareOnce()
    following = { onChange, cancel: clock.after(compareMs, () => followOn(onChange)) }
  }

  return {
    compare: () => void compareOnce(),
    follow(onChange) {
      if (following === undefined) followOn(onChange)
    },
    leave() {
      following?.cancel()
      following = undefined
    },
  }
}
