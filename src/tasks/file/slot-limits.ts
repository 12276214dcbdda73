import { secondOf } from '../../schedule/dates.ts'
import { builtInCalendars, cycleOf, uniteDays } from '../../schedule/day-sets.ts'
import { isOver, nextDue, withLimits } from '../../schedule/due.ts'
import type { Cycle, DaySet, Limits } from '../../schedule/limits.ts'
import { hasOpenDay } from '../../schedule/next-day.ts'
import type { Schedule } from '../../schedule/schedule.ts'
import type { TaskWhen } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import type { SettingsInput } from './schema.ts'
import type { Source } from './source.ts'

/** A calendar of the file: its days, and its entries as they are written. */
export interface FileCalendar {
  readonly days: DaySet
  readonly entries: readonly string[]
}

/** The calendars of the file by name; undefined for one with an error, which is reported. */
export type Calendars = ReadonlyMap<string, FileCalendar | undefined>

/** The keys that limit when the schedules of a task are due. */
export const limitKeys = ['from', 'until', 'cycle', 'only', 'except', 'on_excluded'] as const

type LimitInput = Pick<SettingsInput, (typeof limitKeys)[number]>

/** Reports parts of these keys that do not fit together, and unknown calendars, in a task or in the defaults. */
export function checkLimits(
  source: Source,
  path: KeyPath,
  input: LimitInput,
  calendars: Calendars | 'unclear',
): void {
  if (input.cycle !== undefined) checkCycle(source, [...path, 'cycle'], input.cycle)
  if (calendars === 'unclear') return
  const known = [...calendars.keys(), ...Object.keys(builtInCalendars)]
  for (const key of ['only', 'except'] as const) {
    for (const [at, name] of (input[key] ?? []).entries()) {
      if (known.includes(name)) continue
      const hint = source.guess(name, known) ?? 'write its days at the top of the file: calendars'
      const place = source.has([...path, key, at]) ? [...path, key, at] : [...path, key]
      source.report(place, `unknown calendar ${JSON.stringify(name)}`, { hint })
    }
  }
}

const units = ['weeks', 'days', 'months'] as const

function checkCycle(source: Source, path: KeyPath, cycle: NonNullable<LimitInput['cycle']>): void {
  const given = units.filter((unit) => cycle[unit] !== undefined)
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none of them' : given.join(' and ')
    const message = `expected one of weeks, days and months; got ${got}`
    source.report(path, message, { hint: 'for example { weeks: 2, from: 2026-01-05 }' })
  }
  if (cycle.from !== undefined) return
  const what = (given[0] ?? 'weeks').slice(0, -1)
  source.report(path, `from is missing: a date in the first ${what} that counts`, {
    hint: 'for example from: 2026-01-05',
  })
}

/** What limits the schedules of a task: compiled, and as written. undefined without limits, or if one is wrong. */
export interface ReadLimits {
  readonly limits: Limits
  readonly when: TaskWhen
}

/** Compiles the limits of tasks. Tasks with the same ones share the result. */
export function newLimitReader(
  calendars: Calendars | 'unclear',
  digest: (text: string) => string,
): (settings: LimitInput, zone: string) => ReadLimits | undefined {
  const known = new Map<string, ReadLimits | undefined>()
  return (settings, zone) => {
    const written = limitKeys.map((key) => settings[key] ?? null)
    if (written.every((value) => value === null)) return undefined
    const key = JSON.stringify([zone, ...written])
    if (!known.has(key)) known.set(key, compileLimits(settings, zone, { calendars, digest }))
    return known.get(key)
  }
}

function compileLimits(
  settings: LimitInput,
  zone: string,
  {
    calendars,
    digest,
  }: {
    readonly calendars: Calendars | 'unclear'
    readonly digest: (text: string) => string
  },
): ReadLimits | undefined {
  const { from, until, only = [], except = [], on_excluded: onExcluded = 'skip' } = settings
  const cycle = compileCycle(settings.cycle)
  const [onlyDays, exceptDays] = [daysOf(only, calendars), daysOf(except, calendars)]
  if (cycle === 'wrong' || onlyDays === 'wrong' || exceptDays === 'wrong') return undefined
  const hasCalendar = onlyDays !== undefined || exceptDays !== undefined
  const calendar = hasCalendar ? { only: onlyDays, except: exceptDays, onExcluded } : undefined
  if (calendar === undefined && cycle === undefined && from === undefined && until === undefined)
    return undefined
  const compiled = {
    zone,
    from: from && secondOf(from.moment, zone),
    until: until && secondOf(until.moment, zone),
    cycle,
    calendar,
  }
  const id = digest(JSON.stringify(compiled))
  const entries = [...new Set([...only, ...except])].flatMap((name) => {
    const own = calendars === 'unclear' ? undefined : calendars.get(name)
    return own === undefined ? [] : [[name, own.entries] as const]
  })
  return {
    limits: { ...compiled, id },
    when: {
      ...{ from: from?.text, until: until?.text, cycle: writtenCycle(settings.cycle) },
      ...{ only, except, onExcluded, calendars: Object.fromEntries(entries), id },
    },
  }
}

function unitOf(cycle: NonNullable<LimitInput['cycle']>) {
  const given = units.filter((unit) => cycle[unit] !== undefined)
  const [unit] = given
  const count = unit && cycle[unit]
  if (given.length !== 1 || unit === undefined || count === undefined || cycle.from === undefined)
    return undefined
  return { unit, count, from: cycle.from }
}

function compileCycle(cycle: LimitInput['cycle']): Cycle | 'wrong' | undefined {
  if (cycle === undefined) return undefined
  const read = unitOf(cycle)
  return read === undefined ? 'wrong' : cycleOf(read.unit, read.count, read.from.day)
}

function writtenCycle(cycle: LimitInput['cycle']): TaskWhen['cycle'] {
  const read = cycle && unitOf(cycle)
  return read && { ...read, from: read.from.text }
}

function daysOf(
  names: readonly string[],
  calendars: Calendars | 'unclear',
): DaySet | 'wrong' | undefined {
  if (names.length === 0) return undefined
  const sets = names.map((name) =>
    Object.hasOwn(builtInCalendars, name)
      ? builtInCalendars[name]
      : calendars === 'unclear'
        ? undefined
        : calendars.get(name)?.days,
  )
  const known = sets.filter((set) => set !== undefined)
  return known.length < names.length ? 'wrong' : uniteDays(known)
}

/** Reports limits of the task at a path that leave nothing, or have no effect. `settings` include the defaults. */
export function checkLeftSlots(
  source: Source,
  path: KeyPath,
  {
    own,
    settings,
    within,
  }: {
    readonly own: LimitInput
    readonly settings: LimitInput
    readonly within: ReadLimits | undefined
  },
): void {
  const hasCalendar = settings.only !== undefined || settings.except !== undefined
  if (own.on_excluded !== undefined && !hasCalendar)
    warn(source, [...path, 'on_excluded'], 'has no effect without only or except')
  if (within === undefined) return
  const { from, until, calendar } = within.limits
  if (from !== undefined && until !== undefined && until <= from) {
    const hint = 'from is the first time, and until the first one that no longer counts'
    source.report(writtenAt(source, path, ['until', 'from']), 'until is not after from', { hint })
  }
  if (calendar !== undefined && !hasOpenDay(calendar)) {
    const keys = (['only', 'except'] as const).filter((key) => calendar[key] !== undefined)
    const isBoth = keys.length === 2
    const message = `${keys.join(' and ')} ${isBoth ? 'leave' : 'leaves'} no day on which the task may start`
    source.report(writtenAt(source, path, keys.toReversed()), message, {
      hint: `${isBoth ? 'except is stronger than only; ' : ''}name other calendars`,
    })
  }
}

/** A schedule within the limits of its task; undefined if it cannot have them, which is reported. */
export function limited(
  source: Source,
  path: KeyPath,
  { schedule, neverFires }: { readonly schedule: Schedule; readonly neverFires: boolean },
  limits: Limits,
): Schedule | undefined {
  const hasDays = limits.cycle !== undefined || limits.calendar !== undefined
  if (schedule.kind === 'every' && schedule.seconds >= 86_400 && hasDays) {
    const message = `${JSON.stringify(schedule.text)} cannot be limited to days: it has no time of day`
    source.report(path, message, { hint: 'write a schedule with a time, such as "0 3 * * *"' })
    return undefined
  }
  const made = withLimits(schedule, limits)
  // If nothing at all is left, that is reported already.
  if (schedule.kind === 'reboot' || isEmpty(limits)) return made
  if (!neverFires && nextDue(made, -Infinity) === undefined) {
    const keys = keysOf(limits).join(' and ')
    warn(source, path, `${JSON.stringify(schedule.text)} never fires: ${keys} leave it no slot`)
  }
  return made
}

function isEmpty({ from = -Infinity, until = Infinity, calendar }: Limits): boolean {
  return until <= from || (calendar !== undefined && !hasOpenDay(calendar))
}

function keysOf({ from, until, cycle, calendar }: Limits): string[] {
  const values = { from, until, cycle, only: calendar?.only, except: calendar?.except }
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [key]))
}

/** Warns about a task whose last slot is over at the second `now`, and about each `@at` that is. */
export function warnAboutPast(
  source: Source,
  path: KeyPath,
  {
    texts,
    schedules,
  }: {
    /** As written. */
    readonly texts: string | readonly string[] | undefined
    readonly schedules: readonly Schedule[]
  },
  now: number | undefined,
): void {
  const mayEnd = schedules.some((each) => each.kind === 'once' || each.limits !== undefined)
  if (now === undefined || !mayEnd) return
  const isDone = isOver(schedules, now)
  const past = schedules.filter((each) => each.kind === 'once' && isOver([each], now))
  const hint = `remove ${isDone ? 'the task' : 'it'}, or write a later time`
  const options = { hint, severity: 'warning' } as const
  const ownPath = [...path, 'schedule']
  for (const { text } of past) {
    const at = typeof texts === 'object' ? [texts.indexOf(text)] : []
    const end = isDone ? ': the task is done' : ''
    source.report([...ownPath, ...at], `${JSON.stringify(text)} has passed${end}`, options)
  }
  if (!isDone || past.length > 0) return
  const until = schedules[0]?.limits?.until
  if (until !== undefined && until <= now)
    source.report(writtenAt(source, path, ['until']), 'until has passed: the task is done', options)
  else source.report(ownPath, 'its last time has passed: the task is done', options)
}

/** The first of these keys that the task itself has; what it inherits is reported at its schedule. */
function writtenAt(source: Source, path: KeyPath, keys: readonly string[]): KeyPath {
  const found = keys.find((key) => source.has([...path, key]))
  return [...path, found ?? 'schedule']
}

function warn(source: Source, path: KeyPath, message: string): void {
  source.report(path, message, { severity: 'warning' })
}
