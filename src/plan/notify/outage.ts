import { grouped } from '../../text/grouped.ts'
import { counted, someOf } from '../../text/plural.ts'
import { utcTime, utcTimes } from '../../text/utc-time.ts'
import { newNotice, type Notice } from './notice.ts'

/** The time without a daemon before this one. Times in milliseconds since the epoch. */
export interface Outage {
  /** undefined: nothing is known of the previous daemon. */
  readonly previous:
    | {
        readonly how: 'stopped' | 'died' | 'rebooted'
        /** When it ended; if it did not stop in good order: when it was last seen. */
        readonly atMs: number
        /** Who stopped it: `torch stop`, or a signal. */
        readonly by: string | null
      }
    | undefined
  readonly toMs: number
}

/** A notice, and the target that gets it. */
export interface Post {
  readonly target: string
  readonly notice: Notice
}

/** One outage is one message: if several tasks missed starts in it, each target gets one notice about its tasks. Each says when torch was down. */
export function withOneForOutage(posts: readonly Post[], outage: Outage): Post[] {
  const missed = grouped(
    posts.filter(({ notice }) => notice.isOutage === true),
    ({ target }) => target,
  )
  return posts.flatMap((post) => {
    const { target, notice } = post
    const own = missed.get(target) ?? []
    if (notice.isOutage !== true) return [post]
    if (own.length === 1) return [{ target, notice: taskNotice(notice, outage) }]
    const notices = own.map((each) => each.notice)
    return own[0] === post ? [{ target, notice: outageNotice(notices, outage, target) }] : []
  })
}

/** What one task missed in the outage. */
function taskNotice(notice: Notice, outage: Outage): Notice {
  const when = notice.reason === null ? '' : `; ${utcTimes(notice.reason)}`
  return { ...notice, reason: `torch was down ${timesOf(outage)}${when}` }
}

/** Names of tasks in a message. */
const maxNames = 10

function outageNotice(notices: readonly Notice[], outage: Outage, target: string): Notice {
  const { previous, toMs } = outage
  const firstMs = Math.min(...notices.map(({ sinceMs, atMs }) => sinceMs ?? atMs))
  const tasks = notices.flatMap(({ task }) => (task === null ? [] : [task]))
  const missed = `${counted(tasks.length, 'task')} missed starts: ${someOf(tasks, maxNames)}`
  return newNotice({
    ...{ kind: 'missed', task: null, atMs: toMs, sinceMs: previous?.atMs ?? firstMs },
    ...{ outcome: 'missed', reason: `torch was down ${timesOf(outage)}: ${missed}` },
    count: notices.reduce((sum, { count }) => sum + count, 0),
    // The same if it is decided once more after a crash: the first slots that were missed stay the first.
    key: `missed/down/${target}/${firstMs}`,
  })
}

/** When it was, and why. */
function timesOf({ previous, toMs }: Outage): string {
  if (previous === undefined) return `until ${utcTime(toMs)}`
  const { how, atMs, by } = previous
  // A daemon is seen once a minute.
  const from = `from ${how === 'stopped' ? '' : 'about '}${utcTime(atMs)} to ${utcTime(toMs)}`
  const why = { stopped: by, died: 'it was killed or crashed', rebooted: 'the machine went down' }[
    how
  ]
  return why === null ? from : `${from} (${why})`
}
