import assert from 'node:assert/strict'
import fc from 'fast-check'
import { dueSeconds } from '../../src/schedule/due.ts'
import { importCrontab } from '../../src/import/crontab/crontab.ts'
import { importGotorch } from '../../src/import/gotorch/gotorch.ts'
import type { Imported } from '../../src/import/imported.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import { formatProblem } from '../../src/tasks/file/problem.ts'
import type { Task } from '../../src/tasks/task.ts'
import { cronMatcher, cronPercent } from '../import/crontab/reference.ts'
import { crontabTexts } from './corpus.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'
import { rootFacts } from './tasks-valid.ts'

/** The tasks of an import, whose file must be valid. None if the text was refused. */
function tasksOf(imported: Imported): readonly Task[] {
  if (!imported.ok) {
    assert.notEqual(imported.problems.length, 0)
    for (const problem of imported.problems)
      assert.doesNotMatch(formatProblem(problem), /[^\P{Cc}\t\n]/u)
    return []
  }
  const { yaml, warnings, tasks } = imported
  for (const { line, message } of warnings) {
    assert.ok(line >= 1)
    assert.doesNotMatch(message, /\p{Cc}/u, 'no control characters')
  }
  const parsed = readTasks([{ path: 'tasks.yaml', text: yaml }], rootFacts)
  if (!parsed.ok) throw new Error(`${parsed.problems.map(formatProblem).join('\n')}\n${yaml}`)
  assert.equal(parsed.file.tasks.length, tasks, 'the number of tasks is right')
  return parsed.file.tasks
}

/** Any crontab becomes a valid tasks file or is refused. */
export const crontabText = pure(
  'crontab-text',
  30,
  fc.record({ text: damaged(crontabTexts), system: fc.boolean() }),
  ({ text, system }) => {
    tasksOf(importCrontab({ path: 'crontab', text }, { system }))
  },
)

function item(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.integer({ min: 1, max: max + 3 })
  const stepped = fc
    .tuple(fc.oneof(range, fc.constant('*')), step)
    .map(([what, by]) => `${what}/${by}`)
  return fc.oneof(
    value.map(String),
    value.map((one) => `0${one}`),
    range,
    stepped,
  )
}

function field(min: number, max: number, ...more: string[]): fc.Arbitrary<string> {
  const one =
    more.length === 0 ? item(min, max) : fc.oneof(item(min, max), fc.constantFrom(...more))
  const list = fc.array(one, { minLength: 1, maxLength: 3 }).map((all) => all.join(','))
  return fc.oneof(
    fc.constant('*'),
    list,
    list.map((text) => `*,${text}`),
  )
}

const when = fc.oneof(
  {
    arbitrary: fc
      .tuple(
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12, 'jan', 'MAR-Oct'),
        field(0, 7, 'sun', 'Mon-fri'),
      )
      .map((all) => all.join(' ')),
    weight: 9,
  },
  {
    arbitrary: fc.constantFrom('@daily', '@weekly', '@monthly', '@yearly', '@hourly', '@midnight'),
    weight: 1,
  },
)
const command = fc.oneof(
  fc.constantFrom(
    '/usr/bin/php /srv/a.php',
    'cd /x && ./y > /dev/null 2>&1',
    'test -e "a b" || true',
  ),
  fc.constantFrom(
    'date +\\%F',
    'echo "a\\\\%b" # c',
    "awk '{print $1}' x",
    'a: b',
    '- x',
    '[x]',
    'true',
  ),
  fc.stringMatching(/^[ -~]{1,30}$/).map((text) => `x${text.replaceAll('%', '\\%')}`),
)
// The text after a % is input. Its import looks different, so it is left out here.
const plain = command.filter((text) => cronPercent(text).input === '')
const entries = fc.array(fc.tuple(when, plain), { minLength: 1, maxLength: 8 })

/** Valid entries become tasks that are due when cron would start them, with the same command. */
export const crontabTimes = pure(
  'crontab-times',
  25,
  fc.record({ all: entries, day: fc.integer({ min: 20_000, max: 25_000 }) }),
  ({ all, day }) => {
    const text = all.map(([time, what]) => `${time}\t${what}\n`).join('')
    const tasks = tasksOf(importCrontab({ path: 'crontab', text }, { system: false }))
    assert.equal(tasks.length, all.length)
    for (const [at, [time, what]] of all.entries()) {
      const task = tasks[at]
      const [schedule] = task?.schedules ?? []
      assert.ok(schedule !== undefined)
      // Blanks at the end are dropped, unless the first one is escaped.
      const meant = cronPercent(what).command
      assert.equal(task?.command, /\\ +$/.test(meant) ? meant : meant.trim())
      const from = day * 86_400
      const isStarted = cronMatcher(time)
      const minutes = Array.from({ length: 1440 }, (_, minute) => from + minute * 60)
      assert.deepEqual(
        [...dueSeconds(schedule, from - 1, from + 86_399)],
        minutes.filter(isStarted),
        time,
      )
    }
  },
)

const gotorchTexts = [
  '[\n  {"Command": "php /srv/a.php  b", "TaskType": "common", "Times": "*/10 * * * * *", "Max": 1, "Ips": ["10.0.0.1"]},\n  {"Command": "/bin/x", "TaskType": "daemon", "Times": "", "Max": 0, "Ips": []}\n]\n',
  '[{"command":"a","tasktype":"daemon","MAX":4,"Ips":null},{"Command":"b","TaskType":"common","Times":"0 30 1-5 1,15 7 jan"}]',
]

export const gotorch = pure('gotorch', 40, damaged(gotorchTexts), (text) => {
  tasksOf(importGotorch({ path: 'task.json', text }))
})
