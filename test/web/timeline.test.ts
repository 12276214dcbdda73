import { describe, expect, test } from 'vitest'
import type { TimelineRow, TimelineRun } from '../../src/http/api.ts'
import { markAt, marksOf } from '../../src/web/timeline/marks.ts'
import { markWords, shortRevision } from '../../src/web/timeline/mark-words.ts'
import { withRecent, withRow } from '../../src/web/timeline/rows.ts'
import { type Scale, scaleAround, ticksOf, xOf } from '../../src/web/timeline/scale.ts'
import { shapesOf } from '../../src/web/timeline/shapes.ts'
import { historyRow } from './rows.ts'

const hour = 3_600_000
const noon = Date.UTC(2026, 2, 8, 12)
const scale: Scale = { from: noon - 6 * hour, to: noon + 6 * hour, width: 720 }

const empty: TimelineRow = { runs: [], density: null, gaps: [], planned: [], plannedIsCut: false }
const run = (change: Partial<TimelineRun>): TimelineRun => ({
  run: 'r1',
  startMs: noon - hour,
  endMs: noon - hour / 2,
  outcome: 'ok',
  exitCode: 0,
  signal: null,
  lateMs: null,
  attempt: 1,
  revision: null,
  ...change,
})
const places = (row: Partial<TimelineRow>): [string, number, number][] =>
  marksOf({ ...empty, ...row }, scale, noon).map(({ kind, x, width }) => [kind, x, width])

describe('the time axis', () => {
  test('the scale stays the same until something moves by one px', () => {
    const step = (12 * hour) / 720
    const first = scaleAround(noon, 6 * hour, 720)
    expect(scaleAround(noon + step - 1, 6 * hour, 720)).toEqual(first)
    expect(scaleAround(noon + step, 6 * hour, 720)).not.toEqual(first)
    expect(xOf(first, noon)).toBe(360)
  })

  test.each([
    ['UTC', ['06:00', '08:00', '10:00', '12:00', '14:00', '16:00', '18:00']],
    ['Asia/Kolkata', ['12:00', '14:00', '16:00', '18:00', '20:00', '22:00']],
  ])('has round hours of %s', (zone, labels) => {
    const ticks = ticksOf(scale, zone, 100)
    expect(ticks.map(({ label }) => label).slice(0, labels.length)).toEqual(labels)
  })

  // On 2026-03-08 at 02:00 the clocks of New York go to 03:00.
  test('leaves out the hour that a change of the clock skips', () => {
    const night = { from: Date.UTC(2026, 2, 8, 4), to: Date.UTC(2026, 2, 8, 10), width: 720 }
    const labels = ticksOf(night, 'America/New_York', 100).map(({ label }) => label)
    expect(labels).toEqual(['23:00', 'Sun 8', '01:00', '03:00', '04:00', '05:00', '06:00'])
  })

  test('names the day at midnight', () => {
    const week = { from: noon - 84 * hour, to: noon + 84 * hour, width: 720 }
    expect(ticksOf(week, 'UTC', 56).every(({ isDay }) => isDay)).toBe(true)
  })
})

describe('the marks of a task', () => {
  test.each<[string, Partial<TimelineRow>, [string, number, number][]]>([
    ['a run of its true length', { runs: [run({})] }, [['ok', 300, 30]]],
    ['a short run of two px', { runs: [run({ endMs: noon - hour + 1 })] }, [['ok', 300, 2]]],
    [
      'a run that is not over up to now',
      { runs: [run({ endMs: null, outcome: 'running' })] },
      [['running', 300, 60]],
    ],
    ['no run outside the view', { runs: [run({ startMs: 0, endMs: 1 })] }, []],
    ['a planned start', { planned: [noon + hour] }, [['planned', 420, 0]]],
    ['no planned start in the past', { planned: [noon - 1, noon] }, []],
    [
      'planned starts that are close as one band',
      { planned: [noon + 60_000, noon + 120_000, noon + 180_000, noon + 3 * hour] },
      [
        ['planned', 361, 2],
        ['planned', 540, 0],
      ],
    ],
    [
      'a band up to the edge if there are more planned starts',
      { planned: [noon + 60_000], plannedIsCut: true },
      [['planned', 361, 359]],
    ],
    ['missed slots', { gaps: [[noon - hour, noon, 5, 'missed', 'down']] }, [['gap', 300, 60]]],
  ])('are %s', (_, row, expected) => {
    expect(places(row)).toEqual(expected)
  })

  test('are columns where there are too many runs, the fullest one the highest', () => {
    const density = {
      stepMs: hour,
      parts: [[noon - hour, 4, 1] as const, [noon - 2 * hour, 100, 0] as const],
    }
    const marks = marksOf({ ...empty, density }, scale, noon)
    expect(marks.map((mark) => (mark.kind === 'dense' ? mark.part.level : -1))).toEqual([1, 0.2])
  })

  test('a failure wins over a mark that is as near', () => {
    const runs = [run({}), run({ run: 'r2', outcome: 'failed' })]
    const marks = marksOf({ ...empty, runs }, scale, noon)
    expect(marks[markAt(marks, 310, 8) ?? -1]?.kind).toBe('failed')
    expect(markAt(marks, 339, 8)).toBeUndefined()
    expect(markAt(marks, 337, 8)).toBeDefined()
  })

  test('have another shape for each outcome, not only another colour', () => {
    const outcomes = ['ok', 'failed', 'timeout', 'killed', 'spawn-failed', 'unknown', 'running']
    const paths = outcomes.map((outcome) => {
      const runs = [run({ outcome: outcome as TimelineRun['outcome'] })]
      return Object.values(shapesOf(marksOf({ ...empty, runs }, scale, noon))).join('')
    })
    expect(new Set(paths).size).toBe(outcomes.length)
  })
})

describe('the words of a mark', () => {
  const words = (row: Partial<TimelineRow>): string[] => {
    const [mark] = marksOf({ ...empty, ...row }, scale, noon)
    return mark === undefined ? [] : markWords(mark, 'UTC', noon)
  }

  test('say times, outcome, exit code, lateness, attempt and revision of a run', () => {
    const facts = { outcome: 'failed', exitCode: 3, lateMs: 2400, attempt: 2 } as const
    const revision = '3f2a91c0b1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f6-dirty'
    expect(words({ runs: [run({ ...facts, revision })] })).toEqual([
      'failed 3, 30m',
      '2026-03-08 11:00:00 to 11:30:00',
      '2.4s late',
      'attempt 2',
      'revision 3f2a91c, dirty',
    ])
  })

  test('say why slots were missed', () => {
    expect(words({ gaps: [[noon - hour, noon, 5, 'missed', 'down']] })).toEqual([
      'missed 5 slots',
      '2026-03-08 11:00:00 to 12:00:00',
      'torch was down',
    ])
  })

  test('a revision that is not a hash is shown as it is, without control characters', () => {
    expect(shortRevision('v1.2\u0007')).toBe('v1.2\ufffd')
  })
})

describe('a new row of the history', () => {
  const started = historyRow({ run: 'r9', endedAt: null, durationMs: null, outcome: 'running' })
  const ended = historyRow({ run: 'r9' })

  test('adds a run to the timeline and later ends it', () => {
    const first = withRow(empty, started)
    expect(first?.runs.map(({ outcome }) => outcome)).toEqual(['running'])
    expect(withRow(first ?? empty, ended)?.runs.map(({ outcome }) => outcome)).toEqual(['ok'])
  })

  test('is left to the server where runs are only counted', () => {
    expect(withRow({ ...empty, density: { stepMs: 1, parts: [] } }, ended)).toBeUndefined()
    const runs = Array.from({ length: 200 }, (_, index) => run({ run: `x${index}` }))
    expect(withRow({ ...empty, runs }, ended)).toBeUndefined()
  })

  test('replaces the missed slots that it makes longer', () => {
    const missed = { run: null, outcome: 'missed', reason: 'down', startedAt: null } as const
    const first = withRow(empty, historyRow({ ...missed, count: 1 })) ?? empty
    const second = withRow(
      first,
      historyRow({ ...missed, count: 2, lastSlot: '2026-03-08T12:00:00Z' }),
    )
    expect(second?.gaps).toEqual([[noon - hour, noon, 2, 'missed', 'down', 'db-1']])
  })

  test('is the last of thirty recent runs', () => {
    const many = Array.from({ length: 30 }, (_, index) => [`x${index}`, 'ok', 0, 1] as const)
    const recent = withRecent(many, started)
    expect([recent.length, recent.at(-1)?.[0]]).toEqual([30, 'r9'])
    expect(withRecent(recent, ended).at(-1)).toEqual(['r9', 'ok', noon - hour, 300_000])
  })
})
