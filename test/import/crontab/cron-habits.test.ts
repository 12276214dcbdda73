import { describe, expect, test } from 'vitest'
import { bodyOf, fromCrontab, tasksOf, warningsOf } from '../read.ts'

describe('jobs that take turns with flock', () => {
  test('get a note about pools at the first of them, and keep their commands', () => {
    const result = fromCrontab(
      '5 * * * * flock -w 600 /run/db.lock backup\n6 * * * * vacuum\n' +
        "7 * * * * nice flock --nonblock '/run/db.lock' -c report\n",
    )
    const note =
      '2 jobs lock "/run/db.lock" with flock, so only one of them runs at a time; a pool with one place does the same, and torch status shows what waits: see the keys pool and overlap'
    expect(warningsOf(result)).toEqual([`1: ${note}`])
    expect(bodyOf(result).split('\n')[0]).toBe(`# Note: ${note}`)
    expect(tasksOf(result).map(({ command }) => command)).toEqual([
      'flock -w 600 /run/db.lock backup',
      'vacuum',
      "nice flock --nonblock '/run/db.lock' -c report",
    ])
  })

  test.each([
    ['one job with its own file', 'flock -n /run/a a', 'flock -n /run/b b'],
    ['locks that several may have', 'flock -s /run/a a', 'flock -sn /run/a b'],
    ['locks on descriptors', '(flock -n 9; a) 9>/run/a', '(flock -n 9; b) 9>/run/b'],
    ['a file of that name', 'cat flock /run/a', 'cat my-flock /run/a'],
    ['a job that is commented out', 'flock /run/a a', 'true\n#* * * * * flock /run/a b'],
  ])('get no note: %s', (_, ...commands) => {
    const lines = commands.map((command) => `* * * * * ${command}\n`)
    expect(warningsOf(fromCrontab(lines.join('')))).toEqual([])
  })
})

describe('a test for the last day of the month', () => {
  test.each([
    ['55 23 28-31 * *', '[ "$(date -d tomorrow +\\%d)" = 01 ] && report', '55 23 L * *'],
    ['0 8 * 3,6 *', '[ $(date +\\%d -d tomorrow) -eq 1 ] && report', '0 8 L 3,6 *'],
    ['0 8 28,29,30,31 * *', 'test `date --date=tomorrow +\\%-d` == 1 && report', '0 8 L * *'],
    ['0 8 28-31 * *', '[[ "$(date -d "tomorrow" "+\\%d")" == "01" ]] && a', '0 8 L * *'],
  ])('gets a note about L, and stays: %s %s', (when, command, better) => {
    const result = fromCrontab(`${when} ${command}\n`)
    expect(warningsOf(result)).toEqual([
      `1: the command tests for the last day of the month; the schedule "${better}" is due only on that day`,
    ])
    expect(tasksOf(result)[0]?.command).toBe(command.replaceAll('\\%', '%'))
  })

  test.each([
    ['another day', '0 8 28-31 * * [ "$(date -d tomorrow +\\%d)" = 15 ] && report'],
    ['a weekday, too', '0 8 28-31 * 1 [ "$(date -d tomorrow +\\%d)" = 01 ] && report'],
    ['not all last days', '0 8 30,31 * * [ "$(date -d tomorrow +\\%d)" = 01 ] && report'],
    ['a nickname', '@daily [ "$(date -d tomorrow +\\%d)" = 01 ] && report'],
    ['the date in a name', '0 8 28-31 * * tar cf $(date -d tomorrow +\\%d).tar /srv'],
  ])('gets no note: %s', (_, line) => {
    expect(warningsOf(fromCrontab(`${line}\n`))).toEqual([])
  })
})
