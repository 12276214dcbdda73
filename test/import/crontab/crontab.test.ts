import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { importCrontab } from '../../../src/import/crontab/crontab.ts'
import { formatProblem } from '../../../src/tasks/file/problem.ts'
import { bodyOf, fromCrontab, tasksOf, warningsOf } from '../read.ts'

function fixture(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, name), 'utf8')
}

test('the example of crontab(5) becomes exactly this tasks file', () => {
  const text = `# use /bin/bash to run commands, instead of the default /bin/sh
SHELL=/bin/bash
# mail any output to \`paul', no matter whose crontab this is
MAILTO=paul
#
# run five minutes after midnight, every day
5 0 * * *       $HOME/bin/daily.job >> $HOME/tmp/out 2>&1
# run at 2:15pm on the first of every month -- output mailed to paul
15 14 1 * *     $HOME/bin/monthly
# run at 10 pm on weekdays, annoy Joe
0 22 * * 1-5    mail -s "It's 10pm" joe%Joe,%%Where are your kids?%
23 0-23/2 * * * echo "run 23 minutes after midn, 2am, 4am ..., everyday"
5 4 * * sun     echo "run at 5 after 4 every Sunday"
0 */4 1 * mon   echo "run every 4th hour on the 1st and on every Monday"
`
  const result = fromCrontab(text)
  expect(result.yaml).toBe(`# yaml-language-server: $schema=tasks.schema.json

defaults:
  # As in cron, a task starts again even if its last run has not ended. It is better to remove
  # this line: then torch skips such a start (see the keys max and overlap).
  max: unlimited
  # use /bin/bash to run commands, instead of the default /bin/sh
  shell: /bin/bash

tasks:
  # mail any output to \`paul', no matter whose crontab this is
  # Not imported: torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure
  # MAILTO=paul
  daily-job:
    description: run five minutes after midnight, every day
    schedule: '5 0 * * *'
    command: $HOME/bin/daily.job >> $HOME/tmp/out 2>&1
  monthly:
    description: run at 2:15pm on the first of every month -- output mailed to paul
    schedule: '15 14 1 * *'
    command: $HOME/bin/monthly
  mail:
    description: run at 10 pm on weekdays, annoy Joe
    schedule: '0 22 * * 1-5'
    command: |-
      exec <<'EOF'
      Joe,

      Where are your kids?
      EOF
      mail -s "It's 10pm" joe
  echo:
    schedule: '23 0-23/2 * * *'
    command: echo "run 23 minutes after midn, 2am, 4am ..., everyday"
  echo-2:
    schedule: '5 4 * * sun'
    command: echo "run at 5 after 4 every Sunday"
  echo-3:
    schedule: '0 */4 1 * mon'
    command: echo "run every 4th hour on the 1st and on every Monday"
`)
  expect(warningsOf(result)).toEqual([
    '4: not imported: torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
  ])
})

describe('variables', () => {
  test('a variable applies to the entries below it, until it is set again', () => {
    const result = fromCrontab('@daily a\nX=1\n@daily b\nX=2\nY=3\n@daily c\n')
    expect(tasksOf(result).map(({ env }) => env)).toEqual([{}, { X: '1' }, { X: '2', Y: '3' }])
    expect(bodyOf(result)).toBe(`a:
  schedule: '@daily'
  command: a
b:
  schedule: '@daily'
  command: b
  env:
    X: '1'
c:
  schedule: '@daily'
  command: c
  env:
    X: '2'
    Y: '3'
`)
  })

  test('a variable that all tasks have becomes a default, with the value of more than half of them', () => {
    const result = fromCrontab('# why\nX=1\n@daily a\n@daily b\n# and now\nX=2\n@daily c\n')
    expect(result.yaml).toContain(`  max: unlimited
  env:
    # why
    X: '1'

tasks:
  a:
    schedule: '@daily'
    command: a
  b:
    schedule: '@daily'
    command: b
  # and now
  c:
    schedule: '@daily'
    command: c
    env:
      X: '2'
`)
    expect(tasksOf(result).map(({ env }) => env)).toEqual([{ X: '1' }, { X: '1' }, { X: '2' }])
  })

  test('a variable that one task does not have becomes no default', () => {
    const result = fromCrontab('CRON_TZ=Japan\n@daily a\n@daily b\nCRON_TZ=\n@daily c\n')
    expect(tasksOf(result).map(({ timezone }) => timezone)).toEqual([
      'Asia/Tokyo',
      'Asia/Tokyo',
      'UTC',
    ])
    expect(result.yaml).not.toContain('\ntimezone:')
  })

  test('a variable becomes no default if only half of the tasks have the same value', () => {
    const { yaml } = fromCrontab('X=1\n@daily a\nX=2\n@daily b\n')
    expect(yaml).toContain('\n  max: unlimited\n\ntasks:')
    expect(yaml.match(/X: .*/g)).toEqual(["X: '1'", "X: '2'"])
  })

  test.each([
    ['A=1', { A: '1' }],
    ['  A \t= \t a b \t ', { A: 'a b' }],
    ['A=" a b "', { A: ' a b ' }],
    ['A = \' a "b" \'  ', { A: ' a "b" ' }],
    ['"A"=\'1\'', { A: '1' }],
    ['A=', { A: '' }],
    ['A=""', { A: '' }],
    ['A=a"b"', { A: 'a"b"' }],
    ['A=$HOME/x # no comment', { A: '$HOME/x # no comment' }],
    ['A=b = c', { A: 'b = c' }],
    ["A=b 'c", { A: "b 'c" }],
    ['A=\u00a0x\u00a0', { A: '\u00a0x\u00a0' }],
    ['A=1.10', { A: '1.10' }],
    ['TZ=Asia/Tokyo', { TZ: 'Asia/Tokyo' }],
    ['HOME=/srv', { HOME: '/srv' }],
    ['MAILTO=""', {}],
  ])('the variable %s sets the environment %j', (line, env) => {
    const result = fromCrontab(`${line}\n@daily x\n`)
    expect(tasksOf(result)[0]?.env).toEqual(env)
    expect(warningsOf(result)).toEqual([])
  })

  test.each([
    ['SHELL=/bin/bash', { shell: '/bin/bash' }],
    ['HOME=/srv', { cwd: '/srv' }],
    ['CRON_TZ=Japan', { timezone: 'Asia/Tokyo' }],
    ['CRON_TZ=Japan\nCRON_TZ=', { timezone: 'UTC' }],
    ['RANDOM_DELAY=90', { jitterMs: 90 * 60_000 }],
    ['RANDOM_DELAY=90\nRANDOM_DELAY=0', { jitterMs: 0 }],
  ])('the variable %j becomes the key %j', (lines, key) => {
    expect(tasksOf(fromCrontab(`${lines}\n@daily x\n`))[0]).toMatchObject(key)
  })

  test('a time zone of all tasks becomes the timezone of the file', () => {
    const { yaml, warnings } = fromCrontab('CRON_TZ=Japan\n@daily x\n')
    expect(yaml).toContain(
      "\n# Note: CRON_TZ becomes timezone, which also sets TZ for the runs; cronie uses this zone too, but Debian's cron ignores it and uses the zone of the machine\ntimezone: Asia/Tokyo\n\ndefaults:",
    )
    expect(warnings).toHaveLength(1)
  })

  test.each([
    [
      'MAILTO=paul',
      'torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
    ],
    [
      'CONTENT_TYPE="text/html"',
      'torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
    ],
    ['MLS_LEVEL=SystemHigh', 'torch does not set SELinux contexts'],
    ['LOGNAME=paul', 'LOGNAME cannot be set; it is always the user of the task'],
    ['USER=paul', 'USER cannot be set; it is always the user of the task'],
    ['SHELL=bash', 'SHELL must be an absolute path'],
    ['HOME=~/x', 'HOME must be an absolute path'],
    ['CRON_TZ=BST', 'torch does not know the time zone "BST"; did you mean "Europe/London"?'],
    [
      'START_HOURS_RANGE=3-22',
      'START_HOURS_RANGE is for anacron; in torch the hours are a part of the schedule',
    ],
    ['RANDOM_DELAY=soon', 'RANDOM_DELAY must be a number of minutes from 0 to 1440'],
    ['RANDOM_DELAY=1441', 'RANDOM_DELAY must be a number of minutes from 0 to 1440'],
    ['TORCH_TASK=x', 'names that begin with TORCH_ are reserved for torch'],
    ['__proto__=x', 'a task cannot have a variable with the name __proto__'],
    ['"A B"=1', 'a variable name has only letters, digits and _, and does not begin with a digit'],
    ['=1', 'a variable name has only letters, digits and _, and does not begin with a digit'],
    ['A=caf\ufffd', 'it contains bytes that are not UTF-8'],
  ])('the variable %s stays as a comment: %s', (line, message) => {
    const result = fromCrontab(`${line}\n@daily x\n`)
    expect(warningsOf(result)).toEqual([`1: not imported: ${message}`])
    expect(bodyOf(result)).toContain(
      `# Not imported: ${message}\n# ${line.replace('\ufffd', '?')}\n`,
    )
    expect(tasksOf(result)[0]?.env).toEqual({})
  })

  test('variables for mail are reported once, and all stay as comments', () => {
    const result = fromCrontab('MAILTO=a\n@daily x\nMAILTO=b\nMAILFROM=c\n@daily y\n')
    expect(warningsOf(result)).toHaveLength(1)
    expect(bodyOf(result)).toMatch(/# MAILTO=a\n[^]*# MAILTO=b\n[^]*# MAILFROM=c\n/)
  })

  test('a variable that no task uses stays as a comment', () => {
    const result = fromCrontab('X=1\nX=2\n@daily x\n# why\nY=3\n')
    expect(bodyOf(result)).toBe(`# Not used by any task: X=1
x:
  schedule: '@daily'
  command: x
# why
# Not used by any task: Y=3
`)
  })

  test('variables above the 200th are not imported', () => {
    const lines = Array.from({ length: 202 }, (_, at) => `V${at}=${at}\n`).join('')
    const result = fromCrontab(`${lines}V7=seven\n@daily x\n`)
    expect(warningsOf(result)).toEqual(['201: not imported: more than 200 variables are set'])
    expect(Object.keys(tasksOf(result)[0]?.env ?? {})).toHaveLength(200)
    expect(tasksOf(result)[0]?.env).toMatchObject({ V7: 'seven' })
  })
})

describe('a crontab with users', () => {
  const lines = (...users: string[]): string =>
    users.map((user) => `*/5 * * * *\t${user}   cd / && x\n`).join('')

  test('a user of all tasks becomes a default', () => {
    const result = fromCrontab(lines('root', 'root'), true)
    expect(result.yaml).toContain('  max: unlimited\n  user: root\n')
    expect(tasksOf(result).map(({ user, command }) => `${user}: ${String(command)}`)).toEqual([
      'root: cd / && x',
      'root: cd / && x',
    ])
  })

  test('each task has its own user if there are several users', () => {
    const result = fromCrontab(lines('root', 'root', 'www-data'), true)
    expect(bodyOf(result).match(/^ {2}user: .*$/gm)).toEqual([
      '  user: root',
      '  user: root',
      '  user: www-data',
    ])
  })

  test.each([
    ['* * * * * root', 'there is no command after the user'],
    ['@daily * x', 'expected five fields and a command; got a sixth field'],
    ['@daily root:wheel x', '"root:wheel" is not a user name'],
  ])('the entry with a user %s is not imported: %s', (line, message) => {
    expect(warningsOf(fromCrontab(`${line}\n`, true))).toEqual([`1: not imported: ${message}`])
  })

  test('the /etc/crontab of Debian is imported without warnings', () => {
    const { yaml, warnings } = fromCrontab(fixture('system-crontab.txt'), true)
    expect(yaml).toContain(`
  # |  |  |  |  |
  # *  *  *  *  * user-name command to be executed
  cron-hourly:
    schedule: '17 * * * *'
    command: cd / && run-parts --report /etc/cron.hourly
    user: root
  cron-daily:
    schedule: '25 6 * * *'
    command: test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
    user: root
`)
    expect(warnings).toEqual([])
  })
})

describe('comments', () => {
  test.each([
    ['# makes it\n', 'makes it'],
    ['### makes it ###\n', 'makes it'],
    ['# makes it,\n#   and more\n', 'makes it, and more'],
    ['# other\n\n# makes it\n', 'makes it'],
    ['# other\n#\n# makes it\n', 'makes it'],
    ['# --- other ---\n# makes it\n', 'makes it'],
    ['#0 5 * * * /old/job\n# makes it\n', 'makes it'],
    ['# MAILTO=paul\n# makes it\n', 'makes it'],
    ['# makes it\n\n', undefined],
    ['# makes it\nX=1\n', undefined],
    ['# makes it\n# ------------\n', undefined],
    ['# makes it\n# m h  dom mon dow   command\n', undefined],
    ['# makes it\n# *  *  *  *  * user-name command\n', undefined],
    ['# makes it\n# @daily /old/job\n', undefined],
    ['# DO NOT EDIT THIS FILE - edit the master and reinstall.\n', undefined],
    ['# Clear\u001b[2J the\u007f cache.\n', 'Clear?[2J the? cache.'],
  ])('the comment %j above an entry gives the description %j', (above, description) => {
    expect(tasksOf(fromCrontab(`${above}0 1 * * * x\n`))[0]?.description).toBe(description)
  })

  test('comments that describe no entry stay in their place, and blank lines stay between groups', () => {
    const text = `

# ---- one
0 1 * * * a


# about b
0 2 * * * b
#0 3 * * * c

#
# nothing follows
#
`
    expect(bodyOf(fromCrontab(text))).toBe(`# ---- one
a:
  schedule: '0 1 * * *'
  command: a

b:
  description: about b
  schedule: '0 2 * * *'
  command: b
#0 3 * * * c

# nothing follows
`)
  })

  test('comments at the top of a crontab stay at the top of the file', () => {
    const { yaml } = fromCrontab('# Of the web servers.\n# Ask ops.\n\nX=1\n@daily x\n')
    expect(yaml.split('\n').slice(0, 6)).toEqual([
      '# yaml-language-server: $schema=tasks.schema.json',
      '',
      '# Of the web servers.',
      '# Ask ops.',
      '',
      'defaults:',
    ])
  })

  test('a long description is folded over several lines', () => {
    const words = Array.from({ length: 40 }, (_, at) => `word${at}`).join(' ')
    const result = fromCrontab(`# ${words}\n@daily x\n`)
    expect(result.yaml).toContain('    description: >-\n      word0 word1')
    expect(Math.max(...result.yaml.split('\n').map((line) => line.length))).toBeLessThanOrEqual(102)
    expect(tasksOf(result)[0]?.description).toBe(words)
  })

  test('characters that a tasks file cannot contain are replaced in comments', () => {
    const { yaml } = fromCrontab('# caf\ufffd \u001b[31m\n\n# r\u00e9sum\u00e9\n@daily x\n')
    expect(yaml).toContain('\n# caf? ?[31m\n')
    expect(yaml).toContain('description: r\u00e9sum\u00e9')
  })
})

describe('a text that is nearly a crontab', () => {
  test('a crontab without jobs becomes a tasks file without tasks', () => {
    const empty = '# yaml-language-server: $schema=tasks.schema.json\n\ntasks: {}\n'
    expect(fromCrontab('')).toEqual({ ok: true, yaml: empty, tasks: 0, warnings: [] })
    expect(fromCrontab('\n \n\t\n').yaml).toBe(empty)
    expect(fromCrontab('# m h  dom mon dow   command\n').yaml).toContain(
      '\n# m h  dom mon dow   command\n\ntasks: {}\n',
    )
  })

  test('a crontab may set TORCH_HOME, as a tasks file may', () => {
    const result = fromCrontab('TORCH_HOME=/x\n@daily y\n')
    expect(tasksOf(result)[0]).toMatchObject({ env: { TORCH_HOME: '/x' } })
    expect(warningsOf(result)).toEqual([])
  })

  test('a crontab may have a byte order mark and the line ends of Windows', () => {
    const result = fromCrontab('\ufeffX=1\r\n\r\n# it\r\n@daily x\r\n')
    expect(tasksOf(result)[0]).toMatchObject({ command: 'x', env: { X: '1' }, description: 'it' })
    expect(warningsOf(result)).toEqual([
      '1: the carriage return at the end is removed; cron would pass it to the command',
    ])
  })

  test('a crontab may lack the last line break', () => {
    const result = fromCrontab('@daily x\n@daily y')
    expect(tasksOf(result).map(({ name }) => name)).toEqual(['x', 'y'])
    expect(warningsOf(result)).toEqual([
      '2: cron ignores a last line without a line break; torch imports it',
    ])
  })

  test('a backslash at the end of a line does not continue it', () => {
    const result = fromCrontab('@daily x \\\n  --more\n')
    expect(tasksOf(result).map(({ command }) => command)).toEqual(['x \\'])
    expect(warningsOf(result)).toEqual(['2: not imported: expected five fields and a command'])
  })

  test.each([
    {
      message: 'crontab: this is not a crontab: it contains the control character U+0000',
      text: '@daily \0x\n',
    },
    { message: 'crontab: expected at most 10000 lines; got 10001', text: '#\n'.repeat(10_001) },
    {
      message: 'crontab: the tasks file would be larger than 10 MB',
      text: `@daily a\nX=${'x'.repeat(2000)}\n${'@daily b\n'.repeat(9000)}`,
    },
  ])('a crontab is refused: $message', ({ message, text }) => {
    const result = importCrontab({ path: 'crontab', text }, { system: false })
    const said = result.ok ? undefined : result.problems.map(formatProblem).join('\n')
    expect(said).toBe(message)
  })
})

test('a realistic crontab of 93 jobs is imported with three warnings', () => {
  const result = fromCrontab(fixture('crontab.txt'))
  expect(result.tasks).toBe(93)
  expect(warningsOf(result)).toEqual([
    '7: not imported: torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
    '77: the command tests for the last day of the month; the schedule "0 12 L * *" is due only on that day',
    '123: the text after % is input for the command, as in cron, but a quote before it is not closed',
  ])
  const names = tasksOf(result).map(({ name }) => name)
  expect(names.filter((name) => /^task|-\d+$/.test(name))).toEqual([
    'find-2',
    'find-3',
    'find-4',
    'mail-2',
    'sendmail-2',
    'holiday-mode-2',
    'mail-3',
    'psql-2',
  ])
})

describe('a line with an extension of one cron', () => {
  test.each([
    [
      '-n x',
      'the flag -n (mail only after a failure) is left out: notify sends a message after a failure',
      Infinity,
    ],
    [
      '-q  x',
      'the flag -q (no line in the log of cron) is left out; torch records every run',
      Infinity,
    ],
    ['-s\tx', 'the flag -s (only one run at the same time) becomes max: 1', 1],
  ])('the flag of "%s" is not part of the command', (command, note, max) => {
    const result = fromCrontab(`@daily ${command}\n`)
    expect(tasksOf(result)[0]).toMatchObject({ command: 'x', max })
    expect(warningsOf(result)).toEqual([`1: ${note}`])
  })

  test.each([
    ['0 3 15W * *', 'day: cron on Linux refuses "15W"'],
    ['0 3 1,L-3 * *', 'day: cron on Linux refuses "1,L-3"'],
    ['0 3 * * 5L', 'weekday: cron on Linux refuses "5L"'],
    ['0 3 * * fri#2', 'weekday: cron on Linux refuses "fri#2"'],
  ])('the schedule %s of supercronic is imported, with a note: %s', (when, note) => {
    const result = fromCrontab(`${when} x\n`)
    expect(tasksOf(result)[0]?.schedules.map(({ text }) => text)).toEqual([when])
    expect(warningsOf(result)).toEqual([`1: ${note}; torch reads it as Quartz and supercronic do`])
  })

  test('a form of Quartz that does not exist stays as a comment', () => {
    expect(warningsOf(fromCrontab('0 3 0W * * x\n'))).toEqual([
      '1: not imported: day: "0W" is out of range; days are 1-31; write "1W" for the first working day of the month',
    ])
  })

  test('several flags may stand between the user and the command', () => {
    const result = fromCrontab('@daily root -n -q x -n\n@hourly root -nq y\n', true)
    expect(tasksOf(result).map(({ user, command }) => [user, command])).toEqual([
      ['root', 'x -n'],
      ['root', 'y'],
    ])
  })

  test.each(['-nx y', '-v y', '-'])('the command %s has no flag of cron', (command) => {
    const result = fromCrontab(`@daily ${command}\n`)
    expect([tasksOf(result)[0]?.command, warningsOf(result)]).toEqual([command, []])
  })

  test('a blank of Unicode at the end is a part of the last word', () => {
    expect(tasksOf(fromCrontab('@daily touch a\u00a0 \n'))[0]?.command).toBe('touch a\u00a0')
  })
})

describe('users', () => {
  test('each user that this machine does not have gives one warning', () => {
    const text = '@daily root a\n@daily app b\n@daily app c\n@daily db d\n'
    const isAccount = (name: string): boolean => name === 'root'
    const result = importCrontab({ path: 'crontab', text }, { system: true, isAccount })
    if (!result.ok) throw new Error('refused')
    const note = (user: string) =>
      `this machine has no user "${user}"; a machine that runs the task needs it`
    expect(result.tasks).toBe(4)
    expect(warningsOf(result)).toEqual([`2: ${note('app')}`, `4: ${note('db')}`])
    expect(result.yaml).toContain(`  # Note: ${note('db')}\n  d:\n`)
  })

  test('only a few users are looked up in a long crontab', () => {
    const asked: string[] = []
    const text = Array.from({ length: 2000 }, (_, at) => `@daily u${at} x\n`).join('')
    const isAccount = (name: string): boolean => asked.push(name) > 0
    importCrontab({ path: 'crontab', text }, { system: true, isAccount })
    expect(asked.length).toBe(100)
  })
})

describe('an anacrontab', () => {
  const jobs = '1\t5\tcron.daily\tnice run-parts /etc/cron.daily\n@monthly 45\tm.x\trun\n'

  test.each([jobs, `START_HOURS_RANGE=3-22\n# x\n\n${jobs}`])(
    '%j is refused as a whole',
    (text) => {
      expect(importCrontab({ path: 'x', text }, { system: false })).toMatchObject({
        ok: false,
        problems: [{ message: expect.stringMatching(/^this is an anacrontab: /) }],
      })
    },
  )

  test('lines of an anacrontab within a crontab are not imported', () => {
    const result = fromCrontab(`@daily x\n${jobs}`)
    const message = 'not imported: this is a line of an anacrontab: period, delay, id and command'
    expect(warningsOf(result)).toEqual([`2: ${message}`, `3: ${message}`])
  })
})
