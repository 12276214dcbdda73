import { nextLocal, secondsPerDay } from '../schedule/calendar.ts'
import { localText, spansIn } from '../schedule/timezone.ts'
import { someOf } from '../text/plural.ts'
import { isHashed } from '../tasks/host-schedules.ts'
import type { TaskForecast } from './forecast.ts'
import { grouped } from '../text/grouped.ts'
import type { Warning } from './warning.ts'

/** In every zone with daylight saving the clock is changed twice in this time. */
const maxAheadSeconds = 400 * secondsPerDay
/** So many of the times that a change touches are named. */
const maxNamedTimes = 4

/** A change of a zone's clock. Local times are seconds, counted as if the clock were UTC. */
interface Change {
  readonly kind: 'gap' | 'overlap'
  readonly zone: string
  /** The first second with the new offset. */
  readonly at: number
  /** What the clock skips, or shows twice: up to but not with `localTo`. */
  readonly localFrom: number
  readonly localTo: number
}

/**
 * Fixed-time schedules that the next change of their zone's clock touches: one warning for each
 * change. Intervals go on by real time, whatever the clock shows. With `isName` the tasks are those
 * of one host, else the times of an `H` are not known, and left out.
 */
export function clockWarnings(
  tasks: readonly TaskForecast[],
  from: number,
  isName: boolean,
): Warning[] {
  const fixed = tasks.flatMap(({ task, schedules }) =>
    schedules.flatMap((schedule) =>
      schedule.kind === 'cron' && !schedule.interval && (isName || !isHashed(schedule))
        ? [{ task: task.name, schedule }]
        : [],
    ),
  )
  const zones = grouped(fixed, ({ schedule }) => schedule.zone)
  return [...zones].flatMap(([zone, schedules]) =>
    nextChanges(zone, from).flatMap((change) => {
      const touched = schedules.flatMap(({ task, schedule }) => {
        const local = nextLocal(schedule, change.localFrom)
        return local !== undefined && local < change.localTo ? [{ task, local }] : []
      })
      return touched.length === 0 ? [] : [warningOf(change, touched)]
    }),
  )
}

/** The next gap and the next overlap, in their order. */
function nextChanges(zone: string, from: number): Change[] {
  const changes: Change[] = []
  let before: number | undefined
  for (const { from: at, offset } of spansIn(zone, from, from + maxAheadSeconds)) {
    if (before !== undefined && offset !== before) {
      const kind = offset > before ? 'gap' : 'overlap'
      const [low, high] = [Math.min(before, offset), Math.max(before, offset)]
      if (!changes.some((each) => each.kind === kind))
        changes.push({ kind, zone, at, localFrom: at + low, localTo: at + high })
    }
    before = offset
  }
  return changes
}

function warningOf(
  { kind, zone, at, localFrom, localTo }: Change,
  touched: readonly { readonly task: string; readonly local: number }[],
): Warning {
  const tasks = [...new Set(touched.map(({ task }) => task))]
  const locals = [...new Set(touched.map(({ local }) => local))].toSorted((a, b) => a - b)
  const times = someOf(locals.map(clockText), maxNamedTimes)
  const date = localText('UTC', locals[0] ?? localFrom).slice(0, 10)
  const where = `on ${date} in ${zone}`
  const [does, comes] = locals.length === 1 ? ['does', 'comes'] : ['do', 'come']
  const fires = tasks.length === 1 ? 'fires' : 'each task fires'
  const end = localText(zone, at).slice(11)
  return {
    kind,
    tasks,
    message:
      kind === 'gap'
        ? `${times} ${does} not exist ${where}: ${fires} once at ${end}`
        : `${times} ${comes} twice ${where}: ${fires} the first time only`,
    hint: `choose a time outside of ${clockText(localFrom)}-${clockText(localTo)}, or timezone: UTC`,
  }
}

/** `02:30`, and `02:30:15` where the seconds count. */
function clockText(local: number): string {
  return localText('UTC', local).slice(11, local % 60 === 0 ? 16 : 19)
}
