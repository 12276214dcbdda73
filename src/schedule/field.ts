/** One of the six fields of a schedule, and what it allows. */
export interface Field {
  readonly name: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday'
  readonly min: number
  /** The highest number that may be written. */
  readonly max: number
  /** `*` means min to last. That is 6 for weekdays, because 7 is another name for Sunday, 0. */
  readonly last: number
  /** `H` means a value from min to hashMax. That is 28 for days, because every month has a 28th. */
  readonly hashMax: number
  /** names[n] is the name of value n. */
  readonly names: readonly (string | undefined)[]
  /** The end of most messages: `minutes are 0-59`. */
  readonly allows: string
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const weekdays = 'sun mon tue wed thu fri sat'.split(' ')

/** In the order of a schedule with 6 fields. */
export const fields: readonly Field[] = [
  numbers('second', 0, 59),
  numbers('minute', 0, 59),
  numbers('hour', 0, 23),
  { ...numbers('day', 1, 31), hashMax: 28 },
  {
    ...numbers('month', 1, 12),
    names: [undefined, ...months],
    allows: 'months are 1-12 or jan-dec',
  },
  {
    ...numbers('weekday', 0, 7),
    last: 6,
    hashMax: 6,
    names: weekdays,
    allows: 'weekdays are 0-7 or sun-sat',
  },
]

/** Something wrong with a schedule. */
export interface Mistake {
  readonly message: string
  /** What to write instead. */
  readonly hint: string | null
}

/** The first mistake, and all others. */
export interface Refused extends Mistake {
  readonly ok: false
  readonly others?: readonly Mistake[]
}

/** All mistakes of something refused. */
export function mistakesOf({ message, hint, others = [] }: Refused): readonly Mistake[] {
  return [{ message, hint }, ...others]
}

/** The refusal for a list of mistakes; undefined if there are none. Each one is in it once. */
export function refusalOf(mistakes: readonly Mistake[]): Refused | undefined {
  const [first, ...others] = new Map(mistakes.map((each) => [each.message, each])).values()
  return first && { ok: false, ...first, others }
}

/** A message about a field. It ends with what the field allows. */
export function refuse(field: Field, problem: string, hint: string | null = null): Refused {
  return { ok: false, message: `${field.name}: ${problem}; ${field.allows}`, hint }
}

/** `a minute`, `an hour`. */
export function withArticle({ name }: Field): string {
  return `${name === 'hour' ? 'an' : 'a'} ${name}`
}

/** Some other crons have a year as their last field. */
export const noYear =
  'a schedule has no year; its 6 fields are second minute hour day month weekday'

function numbers(name: Field['name'], min: number, max: number): Field {
  return {
    name,
    min,
    max,
    last: max,
    hashMax: max,
    names: [],
    allows: `${name}s are ${min}-${max}`,
  }
}
