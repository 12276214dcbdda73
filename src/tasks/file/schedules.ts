import { remembered } from '../../text/cache.ts'
import { type ParsedSchedule, parseSchedule } from '../../schedule/parse.ts'
import type { Schedule } from '../../schedule/schedule.ts'
import type { Path } from './key-path.ts'
import { isMisspelt } from './validate.ts'
import type { Source } from './source.ts'
import type { Task } from '../task.ts'

/** Schedules that were compiled, by zone and text; most tasks have one that others have too. */
export type KnownSchedules = Map<string, ParsedSchedule & { readonly alone: readonly Schedule[] }>

/** Schedules whose compiled form is kept. */
const maxKnownSchedules = 10_000

export interface ScheduleOptions {
  readonly type: Task['type']
  readonly zone: string
  readonly seed: string
  readonly known: KnownSchedules
}

/** Compiles the `schedule` of the task at a path, and tells what is wrong with it. */
export function readSchedules(
  source: Source,
  around: Path,
  written: string | readonly string[] | undefined,
  options: ScheduleOptions,
): readonly Schedule[] {
  const path = [...around, 'schedule']
  const there = source.has(path)
  if (options.type === 'daemon') {
    const message = 'not allowed for a daemon, which is kept running always'
    if (there) source.tell(path, message)
    return []
  }
  if (!there && !isMisspelt(source, path)) {
    source.tell(path, 'expected a schedule; got nothing', { hint: 'only a daemon has none' })
  }
  if (typeof written === 'string') return readSchedule(source, path, written, options)
  return (written ?? []).flatMap((text, at) => readSchedule(source, [...path, at], text, options))
}

/** The list of the one, or of none where it is wrong: the same list for the same text. */
function readSchedule(
  source: Source,
  path: Path,
  text: string,
  options: ScheduleOptions,
): readonly Schedule[] {
  const parsed = compile(text, options)
  if (!parsed.ok) source.tell(path, parsed.message, { hint: parsed.hint })
  else if (parsed.neverFires) {
    source.tell(path, `${JSON.stringify(text)} never fires`, { severity: 'warning' })
  }
  return parsed.alone
}

function compile(text: string, { zone, seed, known }: ScheduleOptions) {
  const make = () => {
    const parsed = parseSchedule(text, { zone, seed })
    return { ...parsed, alone: parsed.ok ? [parsed.schedule] : [] }
  }
  // An H is another value for each task.
  if (/(?:^|[\s,])h/i.test(text)) return make()
  return remembered(known, maxKnownSchedules, `${zone} ${text}`, make)
}
