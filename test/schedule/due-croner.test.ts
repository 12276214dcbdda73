import { Cron } from 'croner'
import { describe, expect, test } from 'vitest'
import { nextDue } from '../../src/schedule/due.ts'
import { offsetAt } from '../../src/schedule/timezone.ts'
import { at, read } from '../support/schedules.ts'

/*
 * croner is another implementation of the same calendar. Its rules for clock changes and for steps after a
 * star in the day fields differ, so this test avoids both.
 */

const texts = [
  '* * * * *',
  '*/7 * * * *',
  '13 */3 * * *',
  '0,20,40 8-18/2 * * 1-5',
  '0 0 1 * *',
  '0 12 L * *',
  '0 12 * * 5L',
  '30 6 * * 2#3',
  '0 4 13 * 5',
  '0 5 31 * *',
  '15 9 1-7 jan-JUN mon',
  '0 0 29 2 *',
  '0 22 * 2,4,6 sun,7',
  '*/20 30 17 * * *',
  '5 5 5 5 5 *',
]
const zones = [
  'UTC',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
]

/** True if the offset does not change from a day before to a day after. */
function isQuiet(zone: string, second: number): boolean {
  return offsetAt(zone, second - 86_400) === offsetAt(zone, second + 86_400)
}

describe.each(zones)('in %s', (zone) => {
  test.each(texts)(`the schedule %s in ${zone} is due when croner says`, (text) => {
    const schedule = read(text, zone)
    const cron = new Cron(text, { timezone: zone, paused: true })
    let compared = 0
    for (let start = at('2026-01-05T03:21:07Z'); compared < 25; start += 9 * 86_400 + 12_345) {
      const theirs = cron.nextRun(new Date(start * 1000))?.getTime()
      const ours = nextDue(schedule, start) ?? expect.fail(`${text} is never due`)
      if (!isQuiet(zone, start) || !isQuiet(zone, ours)) continue
      expect([start, ours * 1000]).toEqual([start, theirs])
      compared++
    }
  })
})
