import * as fc from 'fast-check'

/**
 * Schedules of six fields that the slow reference can read: no `H`, and weekdays up to 6 in ranges.
 * Most are due often, and at night, when clocks change.
 */
export function anySchedule(fixed: { seconds?: string } = {}): fc.Arbitrary<string> {
  const seconds = fixed.seconds === undefined ? field(0, 59) : fc.constant(fixed.seconds)
  return fc
    .tuple(seconds, field(0, 59), hours, days, months, weekdays)
    .map((fields) => fields.join(' '))
}

function item(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.integer({ min: 1, max: max - min + 1 })
  return fc.oneof(
    value.map(String),
    range,
    fc.tuple(fc.oneof(range, fc.constant('*')), step).map(([what, by]) => `${what}/${by}`),
  )
}

function field(min: number, max: number): fc.Arbitrary<string> {
  const list = fc.array(item(min, max), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    fc.constant('*'),
    fc.constant(max === 59 ? '0,30' : '*/2'),
    list.map((items) => items.join(',')),
  )
}

const hours = fc.oneof(
  { weight: 2, arbitrary: fc.constant('*') },
  { weight: 3, arbitrary: fc.constantFrom('0', '1', '2', '3', '0-3', '1,2', '2-3', '*/2', '23,0') },
  { weight: 2, arbitrary: field(0, 23) },
)

const days = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('*', '?') },
  { weight: 2, arbitrary: field(1, 31) },
  { weight: 1, arbitrary: fc.constantFrom('L', '1,L', '*/2', '15-20,L') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('15W', '1W,16W', 'LW', '31W', 'L-3', 'L-30', 'L-2W,LW', '8,L-27W'),
  },
)

const months = fc.oneof(
  { weight: 5, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: field(1, 12) },
  { weight: 1, arbitrary: fc.constantFrom('mar-APR,oct-nov', 'jan-jun', 'JUL-dec', '*/2') },
)

const weekdays = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('*', '?') },
  { weight: 2, arbitrary: field(0, 6) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('sat-sat,0', '7', '5L', '0L,1', '0#1,0#2', '6#5,sun', '*/2'),
  },
)
