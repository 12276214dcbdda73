import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromCrontab, tasksOf, told } from '../read.ts'
import { cronPercent } from './reference.ts'

/** The command of the one task of `* * * * * LINE`. */
function commandOf(line: string): string {
  const [task] = tasksOf(fromCrontab(`* * * * * ${line}\n`))
  return String(task?.command)
}

describe('the first % ends a command, and what is behind it is its input', () => {
  test.each([
    ['date +\\%F', 'date +%F'],
    ['cat%', 'cat'],
    ['cat%abc', "exec <<'EOF'\nabc\nEOF\ncat"],
    ['cat %a%%b\\%c%', "exec <<'EOF'\na\n\nb%c\nEOF\ncat"],
    ['cat%%', "exec <<'EOF'\n\nEOF\ncat"],
    ['cat%EOF%EOF2', "exec <<'EOF3'\nEOF\nEOF2\nEOF3\ncat"],
    ['echo a\\\\%b', "exec <<'EOF'\nb\nEOF\necho a\\\\"],
  ])('%s', (line, command) => {
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
  ])('a shell that runs %s', (line, output) => {
    const shells = ['/bin/sh', '/bin/bash', '/bin/dash'].filter((shell) => fs.existsSync(shell))
    for (const shell of shells) {
      const { stdout, stderr } = spawnSync(shell, ['-c', commandOf(line)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      expect([shell, stdout.toString(), stderr.toString()]).toEqual([shell, output, ''])
    }
  })

  test('for any text, as in the loops of cron', () => {
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

describe('what is said about a command', () => {
  test('once, of two backslashes', () => {
    expect(told(fromCrontab('@daily a\\\\b\n@daily a\\\\c\n'))).toEqual([
      "1: Debian's cron makes one backslash of two, cronie does not, and nor does torch",
    ])
  })

  test('of a % that was probably meant as one', () => {
    const note = 'what is behind the % is its input, as in cron, but a quote before it is left open'
    expect(told(fromCrontab("@daily date '+%F'\n"))).toEqual([`1: ${note}`])
    expect(told(fromCrontab('@daily mail -s "It\'s 10pm" joe%Joe\n'))).toEqual([])
  })

  test('of input for a shell that has no here-documents', () => {
    const result = fromCrontab('SHELL=/usr/bin/fish\n@daily cat%x\n@daily cat\n')
    expect(told(result)).toEqual([
      '2: not imported: what is behind % is input, and /usr/bin/fish is no shell like sh',
    ])
    expect(tasksOf(result).map(({ command, shell }) => [command, shell])).toEqual([
      ['cat', '/usr/bin/fish'],
    ])
  })

  test.each([
    ['x'.repeat(32_769), 'a command has at most 32768 characters'],
    ['echo \u001b[0m', 'it holds the control character U+001B'],
    ['ls caf\ufffd', 'it holds bytes that are not UTF-8'],
  ])('%.20s is not imported', (command, message) => {
    expect(told(fromCrontab(`@daily ${command}\n`))).toEqual([`1: not imported: ${message}`])
  })

  test('of a - before it, which cronie keeps out of syslog', () => {
    const result = fromCrontab('-*/5 * * * * x\n-@daily y\n')
    expect(told(result)).toEqual([
      '1: the - before it keeps it out of syslog; torch has each run on record',
    ])
    expect(tasksOf(result).map(({ schedules }) => schedules[0]?.text)).toEqual([
      '*/5 * * * *',
      '@daily',
    ])
  })
})
