import { describe, expect, test } from 'vitest'
import { formatted, good, oneLine, problemsOf } from '../../support/tasks.ts'

const job = 'schedule: "@daily", command: run'
const pooled = (pools: string, ...tasks: readonly string[]): string =>
  `pools: ${pools}\ntasks:\n${tasks.map((task, at) => `  t${at}: { ${job}, ${task} }\n`).join('')}`
const problems = (text: string): string[] => problemsOf(text).map(oneLine)

describe('the pools of a task', () => {
  test('a task may be in one pool or in several, each with the size that the file gives it', () => {
    const { tasks } = good(pooled('{ db: 1, heavy: 4 }', 'pool: db', 'pool: [heavy, db, heavy]'))
    const [db, heavy] = [
      { name: 'db', size: 1 },
      { name: 'heavy', size: 4 },
    ]
    expect(tasks.map(({ pools }) => pools)).toEqual([[db], [heavy, db]])
  })

  test('a task inherits the pools of the defaults, and an empty list takes it out of them', () => {
    const text = `defaults: { pool: db }\n${pooled('{ db: 2 }', 'max: 2', 'pool: []')}`
    expect(good(text).tasks.map(({ pools }) => pools.length)).toEqual([1, 0])
  })

  test('a daemon task does not inherit a pool', () => {
    const daemon = '  d: { type: daemon, command: run }\n'
    const text = `defaults: { pool: db }\n${pooled('{ db: 2 }', 'max: 2')}${daemon}`
    expect(good(text).tasks.map(({ pools }) => pools.length)).toEqual([1, 0])
  })

  test('the definition of a task without a pool does not change when the file gets pools', () => {
    const [without] = good(`tasks: { t0: { ${job} } }`).tasks
    const [beside] = good(pooled('{ db: 1 }', 'max: 1', 'pool: db')).tasks
    expect(beside?.definition).toBe(without?.definition)
  })

  test('the definition of a task changes with the size of its pool, not with their order', () => {
    const of = (pools: string, pool: string) => good(pooled(pools, pool)).tasks[0]?.definition
    expect(of('{ a: 1, b: 2 }', 'pool: [a, b]')).toBe(of('{ b: 2, a: 1 }', 'pool: [b, a]'))
    expect(of('{ a: 1 }', 'pool: a')).not.toBe(of('{ a: 2 }', 'pool: a'))
  })
})

describe('problems of pools', () => {
  test.each([
    {
      name: 'an unknown pool is an error that suggests the one that was meant',
      text: pooled('{ db: 1, heavy: 2 }', 'pool: [db, heavi]', 'pool: heavy'),
      expected: ['tasks.t0.pool[1]: unknown pool "heavi" (did you mean "heavy"?)'],
    },
    {
      name: 'without pools in the file, the hint says where to write one',
      text: `tasks: { t0: { ${job}, pool: db } }`,
      expected: [
        'tasks.t0.pool: unknown pool "db" (write its size at the top of the file: pools: { db: 1 })',
      ],
    },
    {
      name: 'a pool that no task is in is a warning',
      text: pooled('{ db: 1, heavy: 2 }', 'pool: db'),
      expected: [
        'warning: pools.heavy: no task is in this pool (write pool: heavy in its tasks, or remove it)',
      ],
    },
    {
      name: 'a daemon task in a pool is an error',
      text: 'pools: { db: 1 }\ntasks: { d: { type: daemon, command: run, pool: db } }',
      expected: [
        'warning: pools.db: no task is in this pool (write pool: db in its tasks, or remove it)',
        'tasks.d.pool: not allowed for a daemon task: it would keep its place in the pool all the time (remove it: max says how many of them run)',
      ],
    },
    {
      name: 'a size is a whole number of at least 1',
      text: pooled('{ db: 0, io: many }', 'pool: [db, io]'),
      expected: [
        'pools.db: expected a whole number of at least 1; got 0',
        'pools.io: expected a whole number of at least 1; got "many"',
      ],
    },
    {
      name: 'pools that are no map are reported once',
      text: pooled('[db]', 'pool: db'),
      expected: [
        'pools: expected a map; got a list (write names with numbers: { db: 1, heavy: 4 })',
      ],
    },
    {
      name: 'a misspelt pools is reported once',
      text: pooled('{ db: 1 }', 'pool: db').replace('pools', 'pols'),
      expected: ['pols: unknown key "pols" (did you mean "pools"?)'],
    },
    {
      name: 'the pool of a task is a name',
      text: pooled('{ db: 1 }', 'pool: 3', 'pool: db'),
      expected: ['tasks.t0.pool: expected the name of a pool, or a list of names; got 3'],
    },
  ])('$name', ({ text, expected }) => {
    expect(problems(text)).toEqual(expected)
  })

  test('an unknown pool of the defaults is reported once, where it is written', () => {
    const text = `defaults: { pool: bd }\n${pooled('{ db: 1 }', 'max: 2', 'pool: db')}`
    expect(formatted(text)).toBe(`tasks.yaml:1:13: defaults.pool: unknown pool "bd"
defaults: { pool: bd }
            ^
hint: did you mean "db"?`)
  })
})
