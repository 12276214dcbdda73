/** One field of a schedule: what it is called, and what it allows. */
export interface Field {
  readonly name: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday'
  readonly min: number
  /** The highest that may be written. */
  readonly max: number
  /** `*` stands for min up to this: 6 for weekdays, of which 7 is another name of 0. */
  readonly last: number
  /** `H` without a range is hashed into min up to this: a day that every month has. */
  readonly hashMax: number
  /** names[n] is value n. */
  readonly names: readonly (string | undefined)[]
  /** Ends the messages: `minutes are 0-59`. */
  readonly allows: string
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const weekdays = 'sun mon tue wed thu fri sat'.split(' ')

/** In the order of a schedule of 6 fields. */
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
