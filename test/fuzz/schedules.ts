import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  countDue,
  dueSeconds,
  isDue,
  latestDue,
  maxWalkedSlots,
  nextDue,
} from '../../src/schedule/due.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import type { Schedule } from '../../src/schedule/schedule.ts'
import { offsetAt } from '../../src/schedule/timezone.ts'
import { referenceDue, wallClock } from '../support/schedule-reference.ts'
import { anySchedule } from '../support/schedule-texts.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'

const day = 86_400
const options = { zone: 'UTC', seed: 'task@host' }

const tokens = [
  ...['*', '?', 'L', '5L', '5#2', 'H', 'H/15', 'H(0-29)', '*/5', '1-5', '0,30', 'jan', 'MON-fri'],
  ...[
    '*/0',
    '61',
    '22-4',
    '1-',
    '-',
    '/',
    ',',
    '#',
    '7',
    '0-7',
    '5-7',
    '0#6',
    '8L',
    'H(',
    'H(9-3)',
  ],
  ...[
    '2026',
    '99999999999',
    '١',
    '1/2',
    '*,*',
    'w',
    '15W',
    'LW',
    'L-3',
    'L-2w',
    '31W,l-30',
    '0W',
    'L-31',
    '1-5W',
    '@daily',
    '@every',
    '90s',
    '@reboot',
  ],
  ...[
    '@EVERY 1h',
    '@every 0s',
    '@every 36500d',
    '@every 1ms',
    '@yearly',
    '\u0000',
    '\n',
    '\t',
    '  ',
  ],
]
const lines = [
  '*/5 0-23/2 1,15 * *',
  '0 H(1-4) * jan-MAR,nov sun,Mon-fri',
  '30 2 29 2 5#5,0L',
  '@every 1h30m',
  '0 6 1W,15W,LW,L-3 */2 ?',
  'H/20 H H(1-28) H/3 H',
]
const fields = fc
  .array(fc.constantFrom(...tokens), { minLength: 1, maxLength: 7 })
  .map((all) => all.join(' '))
const texts = fc.oneof(fields, damaged(lines, 3), fc.string({ unit: 'binary', maxLength: 30 }))
const anyTime = fc.integer({ min: -2_208_988_800, max: 7_258_118_400 })

/** Any text is a schedule whose due times move forward, or is refused with a message on one line. */
export const schedules = pure('schedules', 250, fc.tuple(texts, anyTime), ([text, after]) => {
  const parsed = parseSchedule(text, options)
  if (!parsed.ok) {
    assert.match(parsed.message, /^[^\n\r\t]+$/, 'the message is on one line')
    return
  }
  const { schedule, neverFires } = parsed
  const again = parseSchedule(schedule.text, options)
  assert.deepEqual(again, parsed, 'the text of a schedule gives the same schedule')
  const next = nextDue(schedule, after)
  if (schedule.kind === 'cron')
    assert.equal(neverFires, next === undefined, 'it is due at some time unless it never fires')
  if (next === undefined) return
  assert.ok(next > after && isDue(schedule, next), 'the next due second is later, and due')
  const words = text.trim().split(/\s+/)
  if (schedule.kind !== 'cron' || !isOfReference(text)) return
  const six = (words.length === 5 ? ['0', ...words] : words).join(' ').toUpperCase()
  const from = next - 40
  const walls = Array.from({ length: 80 }, (_, at) => from + at)
  const due = chain(schedule, from, from + 79)
  assert.deepEqual(due, referenceDue(six, walls, from, 1), 'it is due when the reference says')
})

/** True if the reference can read it: it knows no nicknames, no H and no step after a single value. */
function isOfReference(text: string): boolean {
  return !/@|(?:^|[\s,])(?:h|\w+\/)/i.test(text)
}

const zones = [
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Havana',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Europe/Berlin',
  'Asia/Gaza',
  'Pacific/Apia',
  'UTC',
]

/** Times at clock changes of two years (which are on a quarter of an hour), and any other times. */
const windows = fc.constantFrom(...zones).chain((zone) => {
  const first = Date.UTC(2026, 0, 1) / 1000
  return fc.record({
    zone: fc.constant(zone),
    at: fc.oneof(
      fc.integer({ min: 0, max: 730 * 24 }).map((hour) => first + hour * 3600),
      fc
        .nat(7)
        .map(
          (which) =>
            changesOf(zone, first)[which % Math.max(1, changesOf(zone, first).length)] ?? first,
        ),
    ),
  })
})

/** In any zone, around any time, every function of due.ts agrees with the slow reference. */
export const due = pure(
  'schedules-due',
  15,
  fc.tuple(windows, anySchedule({ seconds: '0' })),
  ([{ zone, at }, text]) => {
    const parsed = parseSchedule(text, { ...options, zone })
    assert.ok(parsed.ok)
    const { schedule } = parsed
    const [from, until] = [at - 1.5 * day, at + day]
    const expected = referenceDue(text, wallsOf(zone, from, until), from, 60)
    assert.deepEqual(chain(schedule, from, until), expected, 'nextDue agrees')
    assert.deepEqual([...dueSeconds(schedule, from, until)], expected, 'dueSeconds agrees')
    assert.equal(countDue(schedule, from, until), expected.length, 'countDue agrees')
    const slots = latestDue([schedule], from, until)
    const { first, last, count } = slots ?? {}
    assert.deepEqual(
      [first, last, count],
      [expected[0], expected.at(-1), expected.length || undefined],
      `latestDue agrees (it walks up to ${maxWalkedSlots} slots)`,
    )
  },
)

function chain(schedule: Schedule, after: number, until: number): number[] {
  const all: number[] = []
  for (let next = nextDue(schedule, after); next !== undefined && next <= until;) {
    all.push(next)
    const later = nextDue(schedule, next)
    assert.ok(later === undefined || later > next, 'due times move forward')
    next = later
  }
  return all
}

const changes = new Map<string, number[]>()

function changesOf(zone: string, first: number): number[] {
  const known = changes.get(zone)
  if (known !== undefined) return known
  const found: number[] = []
  for (let second = first; second < first + 730 * day; second += 900)
    if (offsetAt(zone, second - 900) !== offsetAt(zone, second)) found.push(second)
  changes.set(zone, found)
  return found
}

/** Reading the wall clock takes most of the time, so its days are cached. */
const walls = new Map<string, number[]>()
const maxKeptWalls = 400

function wallsOf(zone: string, from: number, until: number): number[] {
  const key = `${zone} ${from}`
  const known = walls.get(key) ?? wallClock(zone, from, until, 60)
  if (walls.size > maxKeptWalls) walls.clear()
  walls.set(key, known)
  return known
}
