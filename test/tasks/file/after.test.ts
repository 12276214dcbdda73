import { describe, expect, test } from 'vitest'
import { good, oneLine, problemsOf, task } from '../../support/tasks.ts'

const job = 'schedule: "@daily", command: run'
const file = (...tasks: readonly string[]): string =>
  `hosts: { db: [db1, db2] }\ntasks:\n${tasks.map((one) => `  ${one}\n`).join('')}`
const problems = (text: string): string[] => problemsOf(text).map(oneLine)
const extract = `extract: { ${job} }`
const load = (after: string, more = ''): string => `load: { command: run, after: ${after}${more} }`

describe('after', () => {
  test.each([
    ['extract', { tasks: ['extract'], outcome: 'ok' }],
    ['[extract, other, extract]', { tasks: ['extract', 'other'], outcome: 'ok' }],
    ['{ tasks: extract, outcome: failed }', { tasks: ['extract'], outcome: 'failed' }],
    ['{ tasks: [other, extract] }', { tasks: ['other', 'extract'], outcome: 'ok' }],
  ])('after: %s is read, and such a task has no schedule', (after, expected) => {
    const { tasks } = good(file(extract, `other: { ${job} }`, load(after)))
    expect(tasks[2]).toMatchObject({ after: expected, schedules: [], type: 'common' })
  })

  test('the definition of a task without after does not contain it', () => {
    expect(task().definition).not.toContain('after')
  })
})

describe('problems of after', () => {
  test.each([
    {
      name: 'an unknown task is an error that suggests the one that was meant',
      text: file(extract, load('[extract, extrac]')),
      expected: ['tasks.load.after[1]: there is no task "extrac" (did you mean "extract"?)'],
    },
    {
      name: 'an unknown task in a map is reported at its name',
      text: file(extract, load('{ tasks: [nothing-like-it] }')),
      expected: [
        'tasks.load.after.tasks[0]: there is no task "nothing-like-it" (write the name of a task of this file)',
      ],
    },
    {
      name: 'a task with an error of its own is not unknown',
      text: file(`extract: { ${job}, max: none }`, load('extract')),
      expected: [
        'tasks.extract.max: expected a whole number of at least 1, or "unlimited"; got "none" (did you mean "unlimited"?)',
      ],
    },
    {
      name: 'a schedule beside it is an error',
      text: file(extract, load('extract', ', schedule: "@daily"')),
      expected: [
        'tasks.load.after: expected either schedule or after; got both (remove one of them)',
      ],
    },
    {
      name: 'a daemon task never ends',
      text: file('web: { type: daemon, command: run }', load('web')),
      expected: [
        'tasks.load.after: web is a daemon task: torch keeps it running, so it has no end to wait for (name a task of another type)',
      ],
    },
    {
      name: 'a daemon task and a manual task cannot start after others',
      text: file(
        extract,
        load('extract', ', type: daemon'),
        'm: { type: manual, command: run, after: extract }',
      ),
      expected: [
        'tasks.load.after: not allowed for a daemon task: torch keeps it running all the time (remove it, or write type: common)',
        'tasks.m.after: not allowed for a manual task: only people and messages start it (remove it, or write type: common)',
      ],
    },
    {
      name: 'a time after which a daemon task is ready belongs to ready',
      text: file('web: { type: daemon, command: run, after: 5s }'),
      expected: [
        'tasks.web.after: not allowed for a daemon task: torch keeps it running all the time (write it within ready)',
      ],
    },
    {
      name: 'a task of the fleet cannot start after others',
      text: file(extract, load('extract', ', scope: fleet')),
      expected: [
        'tasks.load.after: not allowed with scope: fleet: the machines share the slots of a schedule, and a task that starts after others has none (write scope: host: it starts on the machine on which the other task has ended)',
      ],
    },
    {
      name: 'a task may start after one task of the fleet, but not after several',
      text: file(
        `shared: { ${job}, scope: fleet, timezone: UTC }`,
        extract,
        load('shared'),
        'both: { command: run, after: [shared, extract] }',
      ),
      expected: [
        'tasks.both.after[0]: shared has scope: fleet: each of its runs may be on another machine than those of the other tasks (start after shared alone, or give it scope: host)',
      ],
    },
    {
      name: 'keys of a schedule have no effect',
      text: file(extract, load('extract', ', jitter: 5s, catchup: latest, from: 2026-12-01')),
      expected: ['jitter', 'catchup', 'from'].map(
        (key) => `warning: tasks.load.${key}: has no effect on a task that starts after others`,
      ),
    },
    {
      name: 'a list of nothing is an error, and the task lacks no schedule',
      text: file(load('[]')),
      expected: [
        'tasks.load.after: expected the name of a task, or a list of names, or a map with tasks and outcome; got an empty list',
      ],
    },
    {
      name: 'the defaults cannot have it',
      text: `defaults: { after: extract }\n${file(extract)}`,
      expected: ['defaults.after: unknown key "after" (write it in each task that needs it)'],
    },
    {
      name: 'a misspelt after is reported once',
      text: file(extract, 'load: { command: run, afer: extract }'),
      expected: ['tasks.load.afer: unknown key "afer" (did you mean "after"?)'],
    },
    {
      name: 'the word of other programs is known',
      text: file(extract, 'load: { command: run, depends_on: extract }'),
      expected: ['tasks.load.depends_on: unknown key "depends_on" (did you mean "after"?)'],
    },
    {
      name: 'several tasks are a list',
      text: file(extract, load('"extract, other"')),
      expected: [
        'tasks.load.after: there is no task "extract, other" (for several tasks write a list: [extract, other])',
      ],
    },
    {
      name: 'an outcome is one of three',
      text: file(extract, load('{ tasks: extract, outcome: okay }')),
      expected: [
        'tasks.load.after.outcome: expected "ok", "failed" or "any"; got "okay" (did you mean "ok"?)',
      ],
    },
  ])('$name', ({ text, expected }) => {
    expect(problems(text)).toEqual(expected)
  })

  test('a circle is one error that names all its places', () => {
    const text = file(
      extract,
      'a: { command: run, after: [extract, c] }',
      'b: { command: run, after: a }',
      'c: { command: run, after: { tasks: b } }',
      'd: { command: run, after: c }',
      'self: { command: run, after: self }',
    )
    expect(problems(text)).toEqual([
      'tasks.a.after[1]: a circle: a starts after c (tasks.yaml:4:39), c starts after b (tasks.yaml:6:31), b starts after a (tasks.yaml:5:22) (remove one of these after, or write a schedule in its place)',
      'tasks.self.after: a circle: self starts after self (tasks.yaml:8:25) (remove one of these after, or write a schedule in its place)',
    ])
  })

  test('a chain of ten thousand tasks is no circle', () => {
    const chain = Array.from({ length: 10_000 }, (_, at) =>
      at === 0 ? `t0: { ${job} }` : `t${at}: { command: run, after: t${at - 1} }`,
    )
    expect(problems(file(...chain.toReversed()))).toEqual([])
  })
})

describe('a task of another set of hosts', () => {
  const on = (hosts: string, after: string | undefined) =>
    problems(
      file(
        `extract: { ${job}${hosts === '' ? '' : `, hosts: ${hosts}`} }`,
        load('extract', after === undefined ? '' : `, hosts: ${after}`),
      ),
    )

  test.each([
    ['[db]', '[db]'],
    ['', '[db]'],
    ['[db]', '[db1]'],
    ['["10.0.0.0/8"]', '[10.0.1.7]'],
    ['[db, "!db2"]', '["!db2", db]'],
    ['["!db2"]', '["!db2", "!db1"]'],
  ])('extract on %s and load on %s is fine', (first, second) => {
    expect(on(first, second)).toEqual([])
  })

  test.each([
    ['[db]', undefined, 'where it does not run, nothing starts this task'],
    ['[db1]', '[db]', 'where it does not run, nothing starts this task'],
    ['[db1]', '[db2]', 'nothing ever starts this task'],
  ])('extract on %s and load on %s is a warning', (first, second, why) => {
    expect(on(first, second)).toEqual([
      `warning: tasks.load.after: extract has other hosts: ${why}`,
    ])
  })

  test('a task that is not enabled is a warning, unless the other one is not either', () => {
    const off = `extract: { ${job}, enabled: false }`
    expect(problems(file(off, load('extract')))).toEqual([
      'warning: tasks.load.after: extract is not enabled: it ends only if somebody starts it by hand',
    ])
    expect(problems(file(off, load('extract', ', enabled: false')))).toEqual([])
  })
})
