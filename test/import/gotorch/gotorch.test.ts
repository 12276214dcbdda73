import { describe, expect, test } from 'vitest'
import { importGotorch } from '../../../src/import/gotorch/gotorch.ts'
import { formatProblem } from '../../../src/tasks/file/problem.ts'
import { bodyOf, fromGotorch, tasksOf, warningsOf } from '../read.ts'

/** A task that starts in gotorch too. */
const plain = { Command: 'x', TaskType: 'common', Times: '*/7 * * * * *', Max: 1, Ips: [] }
const lastNote =
  '1: gotorch skips the last value of a * or step (second 59, hour 23, Sunday, December); torch does not'
const startsNow =
  '1: gotorch never started this task, because single values and ranges match nothing there; torch starts it'

test('the example file of gotorch becomes exactly this tasks file', () => {
  const file = [
    {
      Command: '/usr/local/php5/bin/php /tmp/test.php',
      TaskType: 'daemon',
      Times: '*/3 * * * * *',
      Max: 3,
      Ips: ['192.168.1.9', '172.16.18.16'],
    },
    { Command: '', TaskType: 'common', Times: '* 2-4 * * * *', Max: 1, Ips: ['172.16.18.88'] },
    {
      Command: 'php /srv/sum.php  --all',
      TaskType: 'common',
      Times: '0 30 2 * 7 *',
      Max: 0,
      Ips: null,
    },
  ]
  const result = importGotorch({ path: 'task.json', text: JSON.stringify(file, null, 2) })
  expect(result).toEqual({
    ok: true,
    tasks: 2,
    yaml: `# yaml-language-server: $schema=tasks.schema.json

defaults:
  # As in gotorch, a daemon that ends starts again at once. Without these two lines torch waits
  # longer each time, up to a minute, until a run has lasted for a minute.
  restart:
    max_delay: 1s

tasks:
  test:
    type: daemon
    command: [/usr/local/php5/bin/php, /tmp/test.php]
    max: 3
    hosts: [192.168.1.9, 172.16.18.16]

  # Not imported: Command does not begin with a program
  # {"Command":"","TaskType":"common","Times":"* 2-4 * * * *","Max":1,"Ips":["172.16.18.88"]}

  # Note: gotorch never started this task, because single values and ranges match nothing there; torch starts it
  sum:
    schedule: '0 30 2 * * 7'
    command: [php, /srv/sum.php, '', --all]
    max: unlimited
`,
    warnings: [
      { line: 12, message: 'not imported: Command does not begin with a program' },
      {
        line: 21,
        message:
          'gotorch never started this task, because single values and ranges match nothing there; torch starts it',
      },
    ],
  })
})

describe('times', () => {
  test.each([
    // second minute hour day WEEK month
    ['0 */5 3 1 * 12', '0 */5 3 1 12 *', [startsNow]],
    ['*/7 * * * * *', '*/7 * * * * *', [lastNote]],
    ['*/7 */7 */7 */7 */4 */2', '*/7 */7 */7 */7 */2 1-7/4', []],
    ['*/59 */7 */7 */7 */4 */2', '*/59 */7 */7 */7 */2 1-7/4', [lastNote]],
    ['*/7 */7 */7 */7 */3 */2', '*/7 */7 */7 */7 */2 1-7/3', [lastNote]],
    ['*/90 */7 */7 */7 */4 */2', '*/60 */7 */7 */7 */2 1-7/4', []],
    ['*/7 */7 */7 */7 */4 1,*/2', '*/7 */7 */7 */7 1,*/2 1-7/4', []],
    ['0 0 0 * 7 *', '0 0 0 * * 7', [startsNow]],
    ['0 0 0 */2 1-5 *', '0 0 0 */2 * 1-5', [startsNow]],
  ])('the times %s become the schedule %s', (times, schedule, notes) => {
    const result = fromGotorch([{ ...plain, Times: times }])
    expect(tasksOf(result)[0]?.schedules[0]?.text).toBe(schedule)
    expect(warningsOf(result)).toEqual(notes)
  })

  test.each([
    ['0 0 0 1-7 1 *', 'in gotorch both day and week must match; in torch one of them is enough'],
    ['0 0 0 1-7 */2 *', 'in gotorch both day and week must match; in torch one of them is enough'],
    ['* * * * *', 'Times must have six fields'],
    ['', 'Times must have six fields'],
    ['60 * * * * *', 'second: "60" is out of range; seconds are 0-59'],
    ['0 5/10 * * * *', 'minute: "5/10" has a step but no range; minutes are 0-59'],
    ['0 */0 * * * *', 'minute: "0" is not a step; a step is a whole number above 0'],
    ['0 1~5 * * * *', 'minute: gotorch cannot read "1~5"'],
    ['0 *5 * * * *', 'minute: gotorch cannot read "*5"'],
  ])('a task with the times %j is not imported: %s', (times, message) => {
    const result = fromGotorch([{ ...plain, Times: times }])
    expect([result.tasks, warningsOf(result)]).toEqual([0, [`1: not imported: ${message}`]])
    expect(result.yaml).toContain(`\n# Not imported: ${message}\n# {"Command":"x",`)
  })

  test('the note about the last value is given once', () => {
    const result = fromGotorch([plain, { ...plain, Command: 'y' }])
    expect(warningsOf(result)).toEqual([lastNote])
    expect(result.yaml.match(/# Note: /g)).toHaveLength(1)
  })
})

describe('the keys of a task', () => {
  const quiet = { ...plain, Times: '*/7 */7 */7 */7 */4 */2' }
  const one = (more: object) => {
    const result = fromGotorch([{ ...quiet, ...more }])
    return { task: tasksOf(result)[0], warnings: warningsOf(result) }
  }

  test.each([
    [{ Max: 0 }, { max: Infinity }],
    [{ Max: -1 }, { max: Infinity }],
    [{ Max: null }, { max: Infinity }],
    [{ Max: 7 }, { max: 7 }],
    [
      { TaskType: 'daemon', Max: 2, Times: 'never' },
      { type: 'daemon', max: 2, schedules: [] },
    ],
    [{ Command: 'a  b "c d"' }, { command: ['a', '', 'b', '"c', 'd"'] }],
    [{ Command: '/opt/x' }, { command: ['/opt/x'] }],
    [{ Ips: ['10.0.0.1', '::1'] }, { hostEntries: ['10.0.0.1', '::1'] }],
    [{ Ips: [] }, { hosts: undefined }],
    [
      { Command: undefined, command: 'y', MAX: 3 },
      { command: ['y'], max: 3 },
    ],
    [{ Command: undefined, Script: 'php y' }, { command: ['php', 'y'] }],
  ])('a task with %j becomes %j', (more, expected) => {
    const { task, warnings } = one(more)
    expect(task).toMatchObject(expected)
    expect(warnings).toEqual([])
  })

  test.each([
    [{ TaskType: 'Daemon' }, { type: 'common' }, 'TaskType "Daemon" means common, as in gotorch'],
    [
      { TaskType: 'daemon', Max: 0 },
      { type: 'daemon', max: 1 },
      'gotorch starts a daemon without Max any number of times; the task has max: 1',
    ],
    [
      { Ips: ['web', '10.0.0.1'] },
      { hostEntries: ['10.0.0.1'] },
      '"web" is not an address and is left out of hosts',
    ],
    [
      { Ips: ['10.0.0.0/8', '10.0.0.1'] },
      { hostEntries: ['10.0.0.1'] },
      '"10.0.0.0/8" is not an address and is left out of hosts',
    ],
    [{ Script: 'x' }, {}, 'the unknown key "Script" is left out'],
  ])('a task with %j becomes %j, with a warning: %s', (more, expected, note) => {
    const { task, warnings } = one(more)
    expect(task).toMatchObject(expected)
    expect(warnings).toEqual([`1: ${note}`])
  })

  test.each([
    [{ Command: ' php x' }, 'Command does not begin with a program'],
    [{ Command: 'a\u0007' }, 'it contains the control character U+0007'],
    [{ Command: 'a\ud800' }, 'it contains bytes that are not UTF-8'],
    [{ Ips: ['web'] }, 'none of its Ips is an address, so it would run nowhere'],
  ])('a task with %j is not imported: %s', (more, message) => {
    expect(one(more)).toEqual({ task: undefined, warnings: [`1: not imported: ${message}`] })
  })

  test('a value that most tasks have becomes a default', () => {
    const Ips = ['10.0.0.1']
    const { yaml } = fromGotorch([
      { ...quiet, Command: 'a', Max: 0, Ips },
      { ...quiet, Command: 'b', Max: 0, Ips },
      { ...quiet, Command: 'c', Max: 2, Ips },
    ])
    expect(yaml).toContain('defaults:\n  max: unlimited\n  hosts: [10.0.0.1]\n\ntasks:')
    expect(yaml.match(/^ {4}(?:max|hosts): .*/gm)).toEqual(['    max: 2'])
  })

  test('several tasks with the same command are all imported, with a warning', () => {
    const result = fromGotorch([quiet, { ...quiet, Max: 2 }])
    expect(warningsOf(result)).toEqual([
      '1: gotorch runs only one of several tasks with the same command; torch runs all of them',
    ])
    expect(tasksOf(result).map(({ name }) => name)).toEqual(['x', 'x-2'])
  })
})

test('a file of gotorch without tasks becomes a tasks file without tasks', () => {
  expect(fromGotorch([]).yaml).toBe(
    '# yaml-language-server: $schema=tasks.schema.json\n\ntasks: {}\n',
  )
  expect(bodyOf(fromGotorch([plain]))).toContain('x:\n')
})

describe('a mistake in a file of gotorch', () => {
  test.each([
    ['{"Command": "x"}', ['task.json:1:1: expected a list of tasks; got an object']],
    ['"x"', ['task.json:1:1: expected a list of tasks; got "x"']],
    ['', ['task.json:1:1: not valid JSON: expected a value; got the end of the file']],
    [
      '[\n  {"Max": 1,}\n]',
      ['task.json:2:13: not valid JSON: expected a key in double quotes; got "}"'],
    ],
    ["[{'Max': 1}]", ['task.json:1:3: not valid JSON: expected a key in double quotes; got "\'"']],
    ['[{"Max" 1}]', ['task.json:1:9: not valid JSON: expected ":"; got "1"']],
    ['[1 2]', ['task.json:1:4: not valid JSON: expected "," or "]"; got "2"']],
    ['[1] 2', ['task.json:1:5: not valid JSON: expected the end of the file; got "2"']],
    ['[TRUE]', ['task.json:1:2: not valid JSON: expected a value; got "T"']],
    ['["a\nb"]', ['task.json:1:2: not valid JSON: expected a value; got "\\""']],
    ['[01]', ['task.json:1:3: not valid JSON: expected "," or "]"; got "1"']],
    ['tasks: {}', ['task.json:1:1: not valid JSON: expected a value; got "t"']],
    ['[\u{1f600}]', ['task.json:1:2: not valid JSON: expected a value; got "\u{1f600}"']],
    ['['.repeat(65), ['task.json:1:65: not valid JSON: expected at most 64 levels; got "["']],
    [
      '[\n{"Command": 3, "Max": "x",\n"Ips": [1, {}]},\n5, {"Times": [], "TaskType": true, "Max": 1.5, "Ips": "::1"}]',
      [
        'task.json:2:13: [0].Command: expected text; got 3',
        'task.json:2:23: [0].Max: expected a whole number; got "x"',
        'task.json:3:9: [0].Ips[0]: expected an address as text; got 1',
        'task.json:3:12: [0].Ips[1]: expected an address as text; got an object',
        'task.json:4:1: [1]: expected a task; got 5',
        'task.json:4:14: [2].Times: expected text; got a list',
        'task.json:4:30: [2].TaskType: expected text; got true',
        'task.json:4:43: [2].Max: expected a whole number; got 1.5',
        'task.json:4:55: [2].Ips: expected a list of addresses; got "::1"',
      ],
    ],
  ])('the file %.40j is refused with the place of each mistake', (text, expected) => {
    const result = importGotorch({ path: 'task.json', text })
    const said = result.ok ? [] : result.problems.map((each) => formatProblem(each).split('\n')[0])
    expect(said).toEqual(expected)
  })

  test('at most 1000 mistakes of a file are reported', () => {
    const result = importGotorch({ path: 'task.json', text: `[${'1,'.repeat(2000)}1]` })
    expect(result.ok ? 0 : result.problems.length).toBe(1000)
  })

  test('a file of gotorch may have any JSON that JSON.parse() accepts', () => {
    const text =
      '\ufeff [ {"Command" : "a\\u0020\\"b\\" \\/\\\\", "Times":"*/7 * * * * *"\t,"Max":3e0, "X":[{},[],-0.5E+2,null]}\r\n]\n'
    const result = importGotorch({ path: 'task.json', text })
    expect(result.ok && tasksOf(result)[0]).toMatchObject({ command: ['a', '"b"', '/\\'], max: 3 })
  })
})
