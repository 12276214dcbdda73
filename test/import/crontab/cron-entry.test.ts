import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromCrontab, tasksOf, warningsOf } from '../read.ts'
import { cronPercent } from './reference.ts'

/** The command of the task that `* * * * * LINE` becomes. */
function commandOf(line: string): string {
  const [task] = tasksOf(fromCrontab(`* * * * * ${line}\n`))
  return String(task?.command)
}

describe('the first % of an entry', () => {
  test.each([
    ['date +\\%F', 'date +%F'],
    ['cat%', 'cat'],
    ['cat%abc', "exec <<'EOF'\nabc\nEOF\ncat"],
    ['cat %a%%b\\%c%', "exec <<'EOF'\na\n\nb%c\nEOF\ncat"],
    ['cat%%', "exec <<'EOF'\n\nEOF\ncat"],
    ['cat%EOF%EOF2', "exec <<'EOF3'\nEOF\nEOF2\nEOF3\ncat"],
    ['echo a\\\\%b', "exec <<'EOF'\nb\nEOF\necho a\\\\"],
  ])('the entry %s becomes the command %j', (line, command) => {
    expect(commandOf(line)).toBe(command)
  })

  // What the real cron of Debian 12 (3.0pl1-162) did with these lines.
  test.each([
    ['cat%line1%%li\\%ne3\\\\%x\\q', 'line1\n\nli%ne3\\%x\\q\n'],
    ['cat%abc%', 'abc\n'],
    ['cat%', ''],
    ["printf '[\\%s]' 'a\\\\\\%b' 'c\\d'", '[a\\\\%b][c\\d]'],
    ['echo   two  blanks   ', 'two blanks\n'],
    ['cat; cat% leading and trailing %\t$HOME `x` "%', ' leading and trailing \n\t$HOME `x` "\n'],
    ['read one; read two; echo "$two-$one"; cat%1%2%3%4', '2-1\n3\n4\n'],
    ['sh -c "cat | tr a-z A-Z" && cat%all of it', 'ALL OF IT\n'],
  ])('a shell prints for the imported entry %s what cron printed: %j', (line, output) => {
    const shells = ['/bin/sh', '/bin/bash', '/bin/dash'].filter((shell) => fs.existsSync(shell))
    for (const shell of shells) {
      const { stdout, stderr } = spawnSync(shell, ['-c', commandOf(line)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      expect([shell, stdout.toString(), stderr.toString()]).toEqual([shell, output, ''])
    }
  })

  test('any entry is split at % like in the source code of cron', () => {
    const parts = fc.constantFrom(
      '%',
      '%',
      '\\',
      '\\',
      'a',
      ' ',
      "'",
      '"',
      'EOF',
      '\t',
      '#',
      'é',
      ':',
    )
    const lines = fc.array(parts, { maxLength: 20 }).map((words) => words.join(''))
    fc.assert(
      fc.property(lines, (line) => {
        const { command, input } = cronPercent(`cat ${line}`)
        const [, end = 'EOF'] = /^exec <<'(EOF\d*)'\n/.exec(commandOf(`cat ${line}`)) ?? []
        const here = input === '' ? '' : `exec <<'${end}'\n${input}${end}\n`
        expect(input.split('\n')).not.toContain(end)
        const bare = /\\\s+$/.test(command) ? command : command.trim()
        expect(commandOf(`cat ${line}`)).toBe(here + bare)
      }),
      { numRuns: 150 },
    )
  })
})

describe('a warning about a command', () => {
  test('two backslashes in a row are reported once', () => {
    expect(warningsOf(fromCrontab('@daily a\\\\b\n@daily a\\\\c\n'))).toEqual([
      "1: Debian's cron turns two backslashes into one; cronie and torch keep both",
    ])
  })

  test('a % after an open quote is reported, because it is probably part of the command', () => {
    const note =
      'the text after % is input for the command, as in cron, but a quote before it is not closed'
    expect(warningsOf(fromCrontab("@daily date '+%F'\n"))).toEqual([`1: ${note}`])
    expect(warningsOf(fromCrontab('@daily mail -s "It\'s 10pm" joe%Joe\n'))).toEqual([])
  })

  test('an entry with input is not imported if its shell has no here-documents', () => {
    const result = fromCrontab('SHELL=/usr/bin/fish\n@daily cat%x\n@daily cat\n')
    expect(warningsOf(result)).toEqual([
      '2: not imported: the text after % is input, which torch cannot pass to a command of /usr/bin/fish',
    ])
    expect(tasksOf(result).map(({ command, shell }) => [command, shell])).toEqual([
      ['cat', '/usr/bin/fish'],
    ])
  })

  test.each([
    ['x'.repeat(32_769), 'a command may have at most 32768 characters'],
    ['echo \u001b[0m', 'it contains the control character U+001B'],
    ['ls caf\ufffd', 'it contains bytes that are not UTF-8'],
  ])('the command %.20s is not imported: %s', (command, message) => {
    expect(warningsOf(fromCrontab(`@daily ${command}\n`))).toEqual([`1: not imported: ${message}`])
  })

  test('a leading - is reported once and removed', () => {
    const result = fromCrontab('-*/5 * * * * x\n-@daily y\n')
    expect(warningsOf(result)).toEqual([
      '1: the leading - keeps this job out of the log of cron; torch records every run',
    ])
    expect(tasksOf(result).map(({ schedules }) => schedules[0]?.text)).toEqual([
      '*/5 * * * *',
      '@daily',
    ])
  })
})

/** The schedule that an entry with this time gets, and the warnings about it. */
function imported(when: string) {
  const result = fromCrontab(`${when} x\n`)
  return { schedule: tasksOf(result)[0]?.schedules[0]?.text, warnings: warningsOf(result) }
}

describe('the time of an entry', () => {
  test.each([
    '* * * * *',
    '*/5 0-23/2 1,15 * *',
    '05 007 * jan-MAR,Nov sun,Mon-fri',
    '0 0 * * 5-7',
    '0 0 *,5 * 1',
    '0 0 5,* * 1',
    '59 23 31 12 7',
    '@reboot',
    '@midnight',
  ])('the time %s is imported unchanged', (when) => {
    expect(imported(when)).toEqual({ schedule: when, warnings: [] })
  })

  test('the time of an entry is imported with single blanks', () => {
    expect(imported(' \t 0\t1  2 \t3   *').schedule).toBe('0 1 2 3 *')
  })
})

describe('a step that torch does not accept', () => {
  test.each([
    ['*/60 * * * *', '*/60 * * * *'],
    ['*/61 */25 */32 */13 */8', '*/60 */24 */31 */12 */7'],
    ['10-50/60 * * * *', '10-50/60 * * * *'],
    ['10-50/99 0-23/24 2-31/32 * 1-5/8', '10 0-23/24 2 * 1'],
  ])('the time %s is imported as %s', (when, schedule) => {
    expect(imported(when)).toEqual({ schedule, warnings: [] })
  })
})

describe('a random range of cronie', () => {
  test.each([
    ['10~30 * * * *', 'H(10-30) * * * *', 'minute: "10~30"', 'H(10-30)'],
    ['~ * * * *', 'H * * * *', 'minute: "~"', 'H'],
    ['0 ~6 * * *', '0 H(0-6) * * *', 'hour: "~6"', 'H(0-6)'],
    ['0 20~ * * *', '0 H(20-23) * * *', 'hour: "20~"', 'H(20-23)'],
    ['0 0 ~ * *', '0 0 H(1-31) * *', 'day: "~"', 'H(1-31)'],
    ['0 0 * * mon~fri', '0 0 * * H(mon-fri)', 'weekday: "mon~fri"', 'H(mon-fri)'],
    ['0~59/10 * * * *', 'H(0-59)/10 * * * *', 'minute: "0~59/10"', 'H(0-59)/10'],
    ['~/99 * * * *', 'H/60 * * * *', 'minute: "~/99"', 'H/60'],
  ])('the random time %s is imported as %s', (when, schedule, what, range) => {
    const note = `1: ${what.replace(': ', ': cron picks a value of ')} each time it starts; ${range} is one fixed value for each machine`
    expect(imported(when)).toEqual({ schedule, warnings: [note] })
  })
})

test.each([
  ['*5 * * * *', '* * * * *', 'minute: cron reads "*5" as *, so the task has *'],
  ['0 *-5,7 * * *', '0 * * * *', 'hour: cron reads "*-5" as *, so the task has *'],
  ['0 0 30 feb *', '0 0 30 feb *', 'it is never due, because no such day exists'],
])('the time %s is imported as %s with a warning: %s', (when, schedule, note) => {
  expect(imported(when)).toEqual({ schedule, warnings: [`1: ${note}`] })
})

test.each([
  ['fri-sun', 'fri-7'],
  ['5-0', '5-7'],
  ['mon-Sun/2', 'mon-7/2'],
  ['1,6-0', '1,6-7'],
])('the weekdays %s end on Sunday, and a note says that not each cron runs them', (text, days) => {
  const range = text.replace('1,', '')
  const note = `1: weekday: "${range}" ends on Sunday, as in recent versions of cronie; other crons refuse the line`
  expect(imported(`0 0 * * ${text}`)).toEqual({ schedule: `0 0 * * ${days}`, warnings: [note] })
})

describe('an entry that cron refuses or misreads', () => {
  test.each([
    ['60 * * * *', 'minute: "60" is out of range; minutes are 0-59'],
    ['0 24 * * *', 'hour: "24" is out of range; hours are 0-23'],
    ['0 0 0 * *', 'day: "0" is out of range; days are 1-31'],
    ['0 0 * 13 *', 'month: "13" is out of range; months are 1-12 or jan-dec'],
    ['0 0 * * 8', 'weekday: "8" is out of range; weekdays are 0-7 or sun-sat'],
    ['0 0 * january *', 'month: "january" is not a month; months are 1-12 or jan-dec'],
    ['0 mon * * *', 'hour: "mon" is not an hour; hours are 0-23'],
    ['0 0 mon * *', 'day: "mon" is not a day; days are 1-31'],
    ['*/0 * * * *', 'minute: "0" is not a step; a step is a whole number above 0'],
    ['*/x * * * *', 'minute: "x" is not a step; a step is a whole number above 0'],
    ['*/5-7 * * * *', 'minute: "5-7" is not a step; a step is a whole number above 0'],
    ['1-5/0 * * * *', 'minute: "0" is not a step; a step is a whole number above 0'],
    ['0 22-4 * * *', 'hour: "22-4" runs backwards, so it matches nothing; hours are 0-23'],
    [
      '0 0 * * fri-mon',
      'weekday: "fri-mon" runs backwards, so it matches nothing; weekdays are 0-7 or sun-sat',
    ],
    ['0 5-0 * * *', 'hour: "5-0" runs backwards, so it matches nothing; hours are 0-23'],
    ['30~10 * * * *', 'minute: "30~10" runs backwards; minutes are 0-59'],
    [
      '5/15 * * * *',
      'minute: "5/15" has a step but no range; minutes are 0-59; did you mean "5-59/15"?',
    ],
    ['1-2-3 * * * *', 'minute: "1-2-3" cannot be read; minutes are 0-59'],
    ['1,,2 * * * *', 'minute: "" cannot be read; minutes are 0-59'],
    ['? * * * *', 'minute: "?" cannot be read; minutes are 0-59'],
    ['L * * * *', 'minute: "L" is not a minute; minutes are 0-59'],
    ['@Daily', 'cron does not know "@Daily"; did you mean @daily?'],
    ['@every_minute', 'cron on Linux does not know "@every_minute"; in torch write @minutely'],
    ['@90', 'cron on Linux does not know "@90"; in torch write @every 90s'],
    ['@never', 'cron on Linux does not know "@never"'],
  ])('an entry with the time %s is not imported: %s', (when, message) => {
    expect(imported(when)).toEqual({
      schedule: undefined,
      warnings: [`1: not imported: ${message}`],
    })
  })

  test.each([
    ['* * * * * *', 'expected five fields and a command; got a sixth field'],
    ['* * * * *', 'there is no command'],
    ['@daily', 'there is no command'],
    ['@daily %input', 'there is no command'],
    ['@reboot \u00a0', 'there is no command'],
    ['* * * *', 'expected five fields and a command'],
    ['hello', 'expected five fields and a command'],
    ['A="b', 'the quote is not closed'],
    ["A= 'x", 'the quote is not closed'],
    ['0 0 * * * -n', 'there is no command'],
  ])('the line %s is not imported: %s', (line, message) => {
    const result = fromCrontab(`${line}\n`)
    expect(warningsOf(result)).toEqual([`1: not imported: ${message}`])
    expect(result.yaml).toContain(`\n# Not imported: ${message}\n# ${line}\n\ntasks: {}\n`)
  })
})
