import { nextDue, withLimits } from '../dist/schedule/due.js'
import { builtInCalendars, cycleOf, daySetOf, parseDays } from '../dist/schedule/day-sets.js'
import { parseSchedule } from '../dist/schedule/parse.js'
import { percentile, round } from './figures.js'

/** The promise: the next slot of any schedule is found in this time. */
const goalMs = 5
const tries = [1, 2, 3]
const from = Date.parse('2026-11-29T00:00:00Z') / 1000
const today = Math.floor(from / 86_400)
const zones = ['UTC', 'America/New_York', 'Australia/Lord_Howe']
const texts = [
  '0 9 * * mon-fri',
  '*/7 * * * * *',
  '0 0 29 2 *',
  '0 0 29 2 */7',
  '0 0 31W 2,4 *',
  '0 0 L-30 * *',
  '0 0 15W,LW * 5#5',
  '30 2 * * 0L',
  '@every 90s',
  '@at 2030-02-28T02:30',
]
const days = (...entries) => daySetOf(entries.map((text) => parseDays(text).entry))
const cycles = [
  undefined,
  cycleOf('weeks', 2, today),
  cycleOf('days', 997, today),
  cycleOf('days', 30, today),
  cycleOf('months', 997, today),
  cycleOf('months', 12, today),
]
const sets = [
  undefined,
  builtInCalendars.weekends,
  builtInCalendars.workdays,
  days('12-24..01-01', '2026-12-01..2026-12-20'),
  days('02-29'),
  days(
    ...Array.from({ length: 5000 }, (_, at) =>
      new Date((today + at * 3) * 86_400_000).toISOString().slice(0, 10),
    ),
  ),
]

/** How long the next slot of a schedule takes, with each combination of limits: the first search, and the next ones. */
export async function schedules(_, say) {
  const calls = []
  let worst = { ms: 0, what: '' }
  for (const zone of zones) {
    for (const text of texts) {
      say(`${text} in ${zone} ...`)
      const { schedule } = parseSchedule(text, { zone, seed: 'bench' })
      // The clock changes of the zone are found once, not for each schedule.
      nextDue(schedule, from)
      for (const limits of combinations(zone)) {
        // The least of some tries: the machine may be busy with something else.
        const ms = Math.min(...tries.map(() => slowestOf(withLimits(schedule, limits))))
        calls.push(ms)
        if (ms > worst.ms) worst = { ms, what: `${text} in ${zone} with ${shown(limits)}` }
      }
    }
  }
  const row = {
    combinations: calls.length,
    p50: round(percentile(calls, 0.5), 4),
    p99: round(percentile(calls, 0.99), 4),
    max: round(worst.ms, 2),
    slowest: worst.what,
  }
  return {
    tables: [{ title: 'The next slot of a schedule within limits, ms', rows: [row] }],
    breaches:
      worst.ms < goalMs
        ? []
        : [`${worst.what} takes ${round(worst.ms, 1)} ms, not under ${goalMs} ms`],
  }
}

/** The slowest of the next few slots. The first search may go through centuries. */
function slowestOf(schedule) {
  let slowest = 0
  for (let after = from, count = 0; after !== undefined && count < 5; count++) {
    const begin = performance.now()
    after = nextDue(schedule, after)
    slowest = Math.max(slowest, performance.now() - begin)
  }
  return slowest
}

function* combinations(zone) {
  for (const cycle of cycles)
    for (const only of sets)
      for (const except of sets)
        for (const onExcluded of ['skip', 'next-day', 'previous-day']) {
          const calendar = only || except ? { only, except, onExcluded } : undefined
          if (calendar === undefined && onExcluded !== 'skip') continue
          yield { zone, from: undefined, until: undefined, cycle, calendar, id: '' }
        }
}

function shown({ cycle, calendar }) {
  const name = (set) => (set === undefined ? 'none' : `set ${sets.indexOf(set)}`)
  const parts =
    calendar &&
    `only ${name(calendar.only)}, except ${name(calendar.except)}, ${calendar.onExcluded}`
  return [cycle && JSON.stringify(cycle), parts].filter(Boolean).join('; ') || 'no limits'
}
