import type { Trouble } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import type { Clock } from '../host/clock.ts'
import type { SeenStatus, View } from '../view/view.ts'
import { changedTasks, type Picture, takeRow, takeStatus } from './picture.ts'

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
export function newAnswerCheck(view: View, clock: Clock): () => Promise<boolean> {
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

/** Looks at the host, and draws the picture by what it sees. */
export function newLooker(view: View, clock: Clock, picture: Picture): Looker {
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
