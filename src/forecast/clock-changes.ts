import { nextLocal, secondsPerDay } from '../schedule/calendar.ts'
import { localText, spansIn } from '../schedule/timezone.ts'
import { someOf } from '../text/plural.ts'
import { isHashed } from '../tasks/host-schedules.ts'
import { grouped } from '../text/grouped.ts'
import type { TaskForecast, Warning } from './forecast.ts'

/** Within this time every zone with daylight saving changes its clock twice. */
const maxAheadSeconds = 400 * secondsPerDay
/** A warning names this many local times and counts the rest. */
const maxNamedTimes = 4

/** A change of a zone's clock. Local times are in seconds, read as if the clock were in UTC. */
interface Change {
  readonly kind: 'gap' | 'overlap'
  readonly zone: string
  /** The first second with the new offset. */
  readonly at: number
  /** The local times that the clock skips or repeats: from `localFrom`, before `localTo`. */
  readonly localFrom: number
  readonly localTo: number
}

/**
 * Warns about fixed-time schedules that the next changes of their zone's clock affect: one warning
 * for each change. Interval schedules follow real time and are not affected. With `isName`, the
 * schedules are those of one host; otherwise schedules with `H` are left out, because their times
 * differ from host to host.
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
      const affected = schedules.flatMap(({ task, schedule }) => {
        const local = nextLocal(schedule, change.localFrom)
        return local !== undefined && local < change.localTo ? [{ task, local }] : []
      })
      return affected.length === 0 ? [] : [warningOf(change, affected)]
    }),
  )
}

/** The next gap and the next overlap, in order of time. */
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
  affected: readonly { readonly task: string; readonly local: number }[],
): Warning {
  const tasks = [...new Set(affected.map(({ task }) => task))]
  const locals = [...new Set(affected.map(({ local }) => local))].toSorted((a, b) => a - b)
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
    hint: `choose a time outside ${clockText(localFrom)}-${clockText(localTo)}, or set timezone: UTC`,
  }
}

/** `02:30`, or `02:30:15` if the seconds are not zero. */
function clockText(local: number): string {
  return localText('UTC', local).slice(11, local % 60 === 0 ? 16 : 19)
}
