import { expect, test } from 'vitest'
import { nextOf } from '../../../src/schedule/due.ts'
import { good, oneLine, parse, problemsOf } from '../../support/tasks.ts'

const now = Date.parse('2026-06-01T00:00:00Z') / 1000

/** A file with one task of every day at 9, and these lines in it and above it. */
function file(
  own: readonly string[],
  top: readonly string[] = [],
  schedule = '"0 9 * * *"',
): string {
  const lines = [`schedule: ${schedule}`, 'command: run', ...own]
  return [...top, 'tasks:', '  backup:', ...lines.map((line) => `    ${line}`), ''].join('\n')
}

function problems(...args: Parameters<typeof file>): string[] {
  return problemsOf(file(...args), { now }).map(oneLine)
}

/** The next local dates after June 1st 2026. */
function dates(count: number, ...args: Parameters<typeof file>): string[] {
  const { tasks } = good(file(...args), { now })
  const found: string[] = []
  for (let at: number | undefined = now; found.length < count;) {
    at = nextOf(tasks[0]?.schedules ?? [], at)
    if (at === undefined) break
    found.push(new Date(at * 1000).toISOString().slice(0, 16))
  }
  return found
}

test.each<[string[], string[], string[]]>([
  [['from: 2026-06-10'], [], ['2026-06-10T09:00', '2026-06-11T09:00']],
  [['until: 2026-06-02T09:00'], [], ['2026-06-01T09:00']],
  [['cycle: { weeks: 2, from: 2026-06-10 }'], [], ['2026-06-08T09:00', '2026-06-09T09:00']],
  [['cycle: { days: 10, from: 2026-06-01 }'], [], ['2026-06-01T09:00', '2026-06-11T09:00']],
  [['cycle: { months: 5, from: 2026-08-31 }'], [], ['2026-08-01T09:00', '2026-08-02T09:00']],
  [['only: weekends'], [], ['2026-06-06T09:00', '2026-06-07T09:00']],
  [['except: [workdays]'], [], ['2026-06-06T09:00', '2026-06-07T09:00']],
  [
    ['except: holidays'],
    ['calendars: { holidays: [2026-06-01, "06-02", 06-04..06-05] }'],
    ['2026-06-03T09:00', '2026-06-06T09:00'],
  ],
  [
    ['only: [fair, weekends]', 'except: [holidays]'],
    ['calendars: { fair: { file: good.dates }, holidays: ["2026-06-06..2026-12-24"] }'],
    ['2026-12-25T09:00', '2026-12-26T09:00', '2026-12-27T09:00', '2026-12-28T09:00'],
  ],
  [
    ['except: weekends', 'on_excluded: next-day', 'from: 2026-06-06'],
    [],
    ['2026-06-08T09:00', '2026-06-09T09:00'],
  ],
  [
    ['from: 2026-06-05'],
    ['defaults: { from: 2026-07-01, except: weekends }'],
    ['2026-06-05T09:00', '2026-06-08T09:00'],
  ],
  [['except: []'], ['defaults: { except: [workdays] }'], ['2026-06-01T09:00', '2026-06-02T09:00']],
])('with %j in a task and %j above it, the task is due at %j', (own, top, times) => {
  expect(dates(times.length + (own[0]?.startsWith('until') ? 1 : 0), own, top)).toEqual(times)
})

test('from and until are in the time zone of the task, or have an offset', () => {
  const zone = 'timezone: America/New_York'
  expect(dates(1, ['from: 2026-06-05T09:00', zone])).toEqual(['2026-06-05T13:00'])
  expect(dates(1, ['from: 2026-06-05T09:00:01Z', zone])).toEqual(['2026-06-05T13:00'])
  expect(dates(1, ['from: 2026-06-05T23:00+09:00', zone])).toEqual(['2026-06-06T13:00'])
})

const moment = 'expected a date such as 2026-12-01, or a time such as 2026-12-01T08:00'
const entry =
  'expected a date such as 2026-12-25 or 12-25, or a range such as 2026-12-24..2027-01-01'
test.each<[string[], string[], string[]]>([
  [
    ['cycle: { weeks: 2 }'],
    [],
    [
      'tasks.backup.cycle: from is missing: a date in the first week that counts (for example from: 2026-01-05)',
    ],
  ],
  [
    ['cycle: { from: 2026-01-05 }'],
    [],
    [
      'tasks.backup.cycle: expected one of weeks, days and months; got none of them (for example { weeks: 2, from: 2026-01-05 })',
    ],
  ],
  [
    ['cycle: { weeks: 2, days: 3, from: 2026-01-05 }'],
    [],
    [
      'tasks.backup.cycle: expected one of weeks, days and months; got weeks and days (for example { weeks: 2, from: 2026-01-05 })',
    ],
  ],
  [
    ['cycle: { weeks: 1, from: 2026-01-05 }'],
    [],
    ['tasks.backup.cycle.weeks: expected a whole number from 2 to 1000; got 1'],
  ],
  [
    ['cycle: { week: 2, from: 2026-01-05 }'],
    [],
    ['tasks.backup.cycle.week: unknown key "week" (did you mean "weeks"?)'],
  ],
  [
    ['cycle: 2w'],
    [],
    ['tasks.backup.cycle: expected a map such as { weeks: 2, from: 2026-01-05 }; got "2w"'],
  ],
  [
    ['cycle: { weeks: 2, from: 2026-1-5 }'],
    [],
    [
      'tasks.backup.cycle.from: expected a date such as 2026-01-05; got "2026-1-5" (did you mean "2026-01-05"?)',
    ],
  ],
  [
    ['from: 2026-02-30'],
    [],
    [`tasks.backup.from: ${moment}; got "2026-02-30" (there is no such day or time)`],
  ],
  [
    ['until: 2026-12-01 08:00'],
    [],
    [`tasks.backup.until: ${moment}; got "2026-12-01 08:00" (did you mean "2026-12-01T08:00"?)`],
  ],
  [
    ['from: 2027-01-01', 'until: 2026-12-01'],
    [],
    [
      'tasks.backup.until: until is not after from (from is the first time, and until the first one that no longer counts)',
    ],
  ],
  [
    ['until: 2026-05-31'],
    [],
    [
      'warning: tasks.backup.until: until has passed: the task is done (remove the task, or write a later time)',
    ],
  ],
  [
    ['except: holiday'],
    ['calendars: { holidays: [12-25] }'],
    ['tasks.backup.except: unknown calendar "holiday" (did you mean "holidays"?)'],
  ],
  [
    ['only: [weekdays, x]'],
    [],
    [
      'tasks.backup.only[0]: unknown calendar "weekdays" (did you mean "workdays"?)',
      'tasks.backup.only[1]: unknown calendar "x" (write its days at the top of the file: calendars)',
    ],
  ],
  [
    ['only: [weekends]', 'except: [weekends]'],
    [],
    [
      'tasks.backup.except: only and except leave no day on which the task may start (except is stronger than only; name other calendars)',
    ],
  ],
  [
    ['only: none'],
    ['calendars: { none: [] }'],
    [
      'warning: calendars.none: has no days (write a date in it, or remove it and its name from the tasks)',
      'tasks.backup.only: only leaves no day on which the task may start (name other calendars)',
    ],
  ],
  [
    ['cycle: { weeks: 2, from: 2026-01-05T10:00 }'],
    [],
    [
      'tasks.backup.cycle.from: expected a date such as 2026-01-05; got "2026-01-05T10:00" (did you mean "2026-01-05"?)',
    ],
  ],
  [
    ['on_excluded: next-day'],
    [],
    ['warning: tasks.backup.on_excluded: has no effect without only or except'],
  ],
  [
    ['except: weekends', 'on_excluded: nextday'],
    [],
    [
      'tasks.backup.on_excluded: expected "skip", "next-day" or "previous-day"; got "nextday" (did you mean "next-day"?)',
    ],
  ],
  [
    ['only: past'],
    ['calendars: { past: [2026-05-01] }'],
    [
      'warning: tasks.backup.schedule: its last time has passed: the task is done (remove the task, or write a later time)',
    ],
  ],
  [
    [],
    ['calendars: { weekends: [12-25] }'],
    ['calendars.weekends: "weekends" is a built-in calendar (give it another name)'],
  ],
  [
    [],
    ['calendars: { a: [2026-02-30, 25.12., "2026/12/25", 2027-01-01..2026-12-24] }'],
    [
      `calendars.a[0]: ${entry}; got "2026-02-30" (that day does not exist)`,
      `calendars.a[1]: ${entry}; got "25.12." (write month and day: "12-25")`,
      `calendars.a[2]: ${entry}; got "2026/12/25" (did you mean "2026-12-25"?)`,
      'calendars.a[3]: "2027-01-01..2026-12-24" runs backwards (did you mean "2026-12-24..2027-01-01"?)',
    ],
  ],
  [
    [],
    ['calendars: { a: { file: none.dates } }'],
    ['calendars.a.file: cannot be used: /srv/none.dates: is not there'],
  ],
  [
    [],
    ['calendars: { a: { file: bad.dates } }'],
    [
      `calendars.a.file: cannot be used: /srv/bad.dates:1: ${entry}; got "2026-02-30" (that day does not exist)`,
      `calendars.a.file: cannot be used: /srv/bad.dates:4: ${entry}; got "tomorrow"`,
    ],
  ],
  [
    [],
    ['calendars: { a: 12-25 }'],
    ['calendars.a: expected a list of dates and ranges, or a map with file; got "12-25"'],
  ],
  [[], ['holidays: [12-25]'], ['holidays: unknown key "holidays" (did you mean "calendars"?)']],
  [
    ['holidays: [12-25]'],
    [],
    ['tasks.backup.holidays: unknown key "holidays" (did you mean "except"?)'],
  ],
])('with %j in a task and %j above it, the problems are %j', (own, top, expected) => {
  expect(problems(own, top)).toEqual(expected)
})

test.each<[string, string[], string[]]>([
  [
    '"@at 2026-01-01T00:00"',
    [],
    [
      'warning: tasks.backup.schedule: "@at 2026-01-01T00:00" has passed: the task is done (remove the task, or write a later time)',
    ],
  ],
  [
    '["@daily", "@at 2026-01-01T00:00"]',
    [],
    [
      'warning: tasks.backup.schedule[1]: "@at 2026-01-01T00:00" has passed (remove it, or write a later time)',
    ],
  ],
  ['"@at 2027-01-01T00:00"', [], []],
  [
    '"@at 2027-01-01"',
    [],
    [
      'tasks.backup.schedule: @at: expected a time such as 2026-12-31T23:00; got "2027-01-01" (write "@at 2027-01-01T00:00" for the beginning of that day)',
    ],
  ],
  [
    '"@at 2027-01-01 8:00"',
    [],
    [
      'tasks.backup.schedule: @at: expected a time such as 2026-12-31T23:00; got "2027-01-01 8:00" (write "@at 2027-01-01T08:00")',
    ],
  ],
  [
    '"@at 2027-01-01T08:00 backup.sh"',
    [],
    [
      'tasks.backup.schedule: expected only a schedule; got more text after it (write "@at 2027-01-01T08:00"; a command belongs in the key command)',
    ],
  ],
  [
    '"@at 2027-01-01T08:00 Europe/Berlin"',
    [],
    [
      'tasks.backup.schedule: a schedule cannot set its time zone (write "@at 2027-01-01T08:00" and use the key timezone: Europe/Berlin)',
    ],
  ],
  [
    '"@at tomorrow"',
    [],
    [
      'tasks.backup.schedule: @at: expected a time such as 2026-12-31T23:00; got "tomorrow" (write the date, a T, and the time; an offset may follow: 2026-12-31T23:00+09:00)',
    ],
  ],
  [
    '"0 9 * * mon"',
    ['only: weekends'],
    ['warning: tasks.backup.schedule: "0 9 * * mon" never fires: only leave it no slot'],
  ],
  [
    '"0 0 30 2 *"',
    ['only: weekends'],
    ['warning: tasks.backup.schedule: "0 0 30 2 *" never fires'],
  ],
  [
    '"@every 7d"',
    ['except: weekends'],
    [
      'tasks.backup.schedule: "@every 7d" cannot be limited to days: it has no time of day (write a schedule with a time, such as "0 3 * * *")',
    ],
  ],
  ['"@every 90s"', ['except: weekends'], []],
])('the schedule %s with %j has the problems %j', (schedule, own, expected) => {
  expect(problems(own, [], schedule)).toEqual(expected)
})

test('limits of the defaults have no effect on daemon and manual tasks', () => {
  const text = `defaults: { except: weekends, cycle: { weeks: 2, from: 2026-01-05 } }
tasks:
  a: { type: daemon, command: run }
  b: { type: manual, command: run, until: 2027-01-01 }
`
  expect(problemsOf(text).map(oneLine)).toEqual([
    'warning: tasks.b.until: has no effect on a task of type manual',
  ])
  const parsed = parse(text)
  expect(parsed.ok && parsed.file.tasks.map(({ when }) => when)).toEqual([undefined, undefined])
})

test('the definition of a task changes with the days of its calendars, and with nothing else of them', () => {
  const definition = (own: string[], top: string[]) => good(file(own, top)).tasks[0]?.definition
  const christmas = definition(['except: [a]'], ['calendars: { a: ["12-25"] }'])
  expect(definition(['except: [b]'], ['calendars: { b: [12-25..12-25], c: [01-01] }'])).toBe(
    christmas,
  )
  expect(definition(['except: [a]'], ['calendars: { a: ["12-26"] }'])).not.toBe(christmas)
  expect(definition([], ['calendars: { a: ["12-25"] }'])).toBe(definition([], []))
})

test('a task that starts after boots is done when its until has passed, and not before', () => {
  expect(problems(['until: 2026-05-31'], [], '"@reboot"')).toEqual([
    'warning: tasks.backup.until: until has passed: the task is done (remove the task, or write a later time)',
  ])
  expect(problems(['until: 2026-06-30'], [], '"@reboot"')).toEqual([])
})
