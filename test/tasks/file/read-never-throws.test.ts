import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maxFileBytes } from '../../../src/tasks/file/limits.ts'
import { readTasks, type ReadTasks } from '../../../src/tasks/file/read.ts'
import { formatProblem } from '../../../src/tasks/file/problem.ts'
import { facts, good, oneTask, parse } from '../../support/tasks.ts'

/** The first lines of all problems, or of the warnings of a good file. */
function told(parsed: ReadTasks): string[] {
  const problems = parsed.ok ? parsed.warnings : parsed.problems
  expect(parsed.ok || problems.some(({ severity }) => severity === 'error')).toBe(true)
  return problems.map((problem) => formatProblem(problem).split('\n')[0] ?? '')
}

describe('one clear error', () => {
  const bomb = (lines: number): string =>
    Array.from({ length: lines }, (_, at) => {
      const items = at === 0 ? 'x, x' : `*a${at - 1}, *a${at - 1}`
      return `x-${at}: &a${at} [${items}]\n`
    }).join('')

  test.each([
    [
      'a file that is too large',
      () => 'a'.repeat(maxFileBytes + 1),
      'expected a file of at most 10 MB',
    ],
    [
      'a file that is too large only in UTF-8',
      () => '\u00e9'.repeat(6_000_000),
      'expected a file of at most 10 MB',
    ],
    [
      'binary junk',
      () => String.fromCharCode(...Array.from({ length: 50_000 }, (_, at) => (at * 7919) % 256)),
      'not a text file: it contains the control character U+0000',
    ],
    [
      'an alias bomb',
      () => `${bomb(60)}tasks: *a59\n`,
      'expected aliases that expand to at most 1000000 values',
    ],
    [
      'brackets without end',
      () => '}'.repeat(1_000_000),
      'not valid YAML: Unexpected flow-map-end token in YAML document: "}"',
    ],
    [
      'documents without end',
      () => '---\na: 1\n'.repeat(200_000),
      'expected one YAML document; got a second one',
    ],
    [
      'nested lists',
      () => '['.repeat(100_000),
      'expected at most 64 levels of nested maps and lists',
    ],
    [
      'nested lists that are closed',
      () => `tasks: ${'['.repeat(5000)}${']'.repeat(5000)}`,
      'expected at most 64 levels of nested maps and lists',
    ],
    [
      'nested maps',
      () => Array.from({ length: 3000 }, (_, at) => `${' '.repeat(at)}a:\n`).join(''),
      'expected at most 64 levels of nested maps and lists',
    ],
    [
      'nested entries',
      () => '- '.repeat(100_000),
      'expected at most 64 levels of nested maps and lists',
    ],
  ])('a bad file gives one clear error: %s', (_name, text, message) => {
    const lines = told(parse(text()))
    expect(lines).toEqual([expect.stringMatching(/^tasks\.yaml:\d+:\d+: /)])
    expect(lines[0]).toContain(message)
  })
})

describe('large junk', () => {
  const many = (line: string): string => line.repeat(Math.floor(9_000_000 / line.length))
  const keys = (count: number, line: (at: number) => string): string =>
    Array.from({ length: count }, (_, at) => line(at)).join('')
  const flow =
    'tasks.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'
  const notAMap = 'tasks.yaml:1:1: expected a map with the key "tasks"; '

  test.each([
    ['brackets that are not closed', () => many('foo bar baz: [\n'), 20, flow],
    ['aliases without a name', () => many('- *\n'), 1, `${notAMap}got a list`],
    ['tags', () => many('- !x a\n'), 1, `${notAMap}got a list`],
    ['blank lines', () => many('\r\n'), 1, `${notAMap}the file is empty`],
    ['comments', () => many('# x\n'), 1, `${notAMap}the file is empty`],
    ['a list', () => many('- a\n'), 1, `${notAMap}got a list`],
    ['a list on one line', () => `[${many('a,')}]`, 1, `${notAMap}got a list`],
    ['a list that is not closed', () => `[${many('a,')}`, 1, `${notAMap}got a list`],
    [
      'unknown keys',
      () => keys(20_000, (at) => `k${at}: 1\n`),
      1001,
      'tasks.yaml:1:1: k0: unknown key "k0"',
    ],
    [
      'misspelt keys of one task',
      () => `tasks:\n  a:\n${keys(20_000, (at) => `    comand${at}: x\n`)}`,
      1001,
      'tasks.yaml:3:5: tasks.a.comand0: unknown key "comand0"',
    ],
    [
      'misspelt keys of many tasks',
      () => `tasks:\n${keys(10_000, (at) => `  t${at}: { schedule: "@daily", comand: x }\n`)}`,
      1001,
      'tasks.yaml:2:29: tasks.t0.comand: unknown key "comand"',
    ],
    ['the same task', () => `tasks:\n${'  t: {}\n'.repeat(20_000)}`, 1001, undefined],
  ])('large junk gives a limited number of problems: %s', (_name, text, count, first) => {
    const lines = told(parse(text()))
    expect(lines).toHaveLength(count)
    if (first !== undefined) expect(lines[0]).toBe(first)
  })
})

test('aliases that many tasks share are not an alias bomb', () => {
  const tasks = Array.from(
    { length: 500 },
    (_, at) => `  t${at}: { <<: *a, schedule: "@daily", command: x }\n`,
  )
  const { tasks: read } = good(`x-a: &a { nice: 5 }\ntasks:\n${tasks.join('')}`)
  expect(read.map(({ nice }) => nice)).toEqual(Array.from({ length: 500 }, () => 5))
})

test('only the first thousand problems are reported, with the number of the others', () => {
  const tasks = Array.from(
    { length: 1500 },
    (_, at) => `  t${at}: { schedule: "@daily", command: 5 }\n`,
  )
  const lines = told(parse(`tasks:\n${tasks.join('')}`))
  expect(lines).toHaveLength(1001)
  expect(lines.at(-1)).toBe('tasks.yaml:1002:32: 500 more problems')
})

test('at most twenty problems are reported for a file that is not YAML', () => {
  const lines = told(parse('- @x\n'.repeat(200)))
  expect(lines).toHaveLength(20)
})

test('only the first hundred problems get a guessed hint', () => {
  const tasks = Array.from(
    { length: 101 },
    (_, at) => `  t${at}: { schedule: "@daily", command: x, timezone: Asia/Shangai }\n`,
  )
  const parsed = parse(`tasks:\n${tasks.join('')}`)
  const hints = parsed.ok ? [] : parsed.problems.map(({ hint }) => hint)
  expect(hints.slice(98)).toEqual([
    'did you mean "Asia/Shanghai"?',
    'did you mean "Asia/Shanghai"?',
    'write an IANA name, such as Europe/Berlin',
  ])
})

test('a problem in a very long line has a column, but the line is not shown', () => {
  const tasks = Array.from({ length: 500 }, (_, at) => `"t${at}":{"schedule":"@daily","command":5}`)
  const text = `{"tasks":{${tasks.join(',')}}}`
  const parsed = parse(text)
  const column = text.lastIndexOf('"command"') + 1
  expect(parsed.ok ? [] : parsed.problems).toHaveLength(500)
  expect(parsed.ok || parsed.problems.at(-1)).toMatchObject({ line: 1, column, source: null })
})

describe('never throws', () => {
  const check = (text: string): void => {
    told(readTasks([{ path: 'tasks.yaml', text }], facts))
  }

  test('readTasks() never throws on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), check), { numRuns: 300 })
  })

  test('readTasks() never throws on text that looks like YAML', () => {
    const pieces = [
      'tasks',
      'hosts',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
    ]
    const odd = [
      '&a ',
      '*a',
      '<<: ',
      '!x ',
      '? ',
      '|\n',
      '>-\n',
      '# c',
      '---\n',
      '%YAML 1.2\n',
      '\t',
      '~',
      '0',
    ]
    const keys = [
      'command',
      'schedule',
      'max',
      'env',
      '@daily',
      '* * * * *',
      '__proto__',
      'x-',
      '\u2028',
    ]
    const piece = fc.constantFrom(...pieces, ...odd, ...keys)
    const text = fc.array(piece, { maxLength: 40 }).map((all) => all.join(''))
    fc.assert(fc.property(text, check), { numRuns: 400 })
  })

  test('readTasks() never throws on values of all kinds in all places', () => {
    const key = fc.constantFrom(
      ...['timezone', 'hosts', 'defaults', 'tasks', 'a', 'schedule', 'command', 'type', 'max'],
      ...[
        'retry',
        'attempts',
        'limits',
        'cpu',
        'env',
        'labels',
        'user',
        'cwd',
        'umask',
        '__proto__',
      ],
    )
    const leaf = fc.oneof(
      fc.constantFrom(
        '@daily',
        'daemon',
        'unlimited',
        '1h',
        '10MB',
        '!web',
        '10.0.0.0/8',
        'web-*',
        '',
        '~',
      ),
      fc.string({ maxLength: 5 }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 6 }),
      ),
    }))
    const file = fc.record(
      { tasks: value, hosts: value, defaults: value },
      { requiredKeys: ['tasks'] },
    )
    fc.assert(
      fc.property(file, (one) => check(JSON.stringify(one))),
      { numRuns: 400 },
    )
  })

  test('readTasks() never throws on any value of a key', () => {
    const keys = [
      'schedule',
      'hosts',
      'max',
      'timeout',
      'umask',
      'timezone',
      'cwd',
      'shell',
      'env_file',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.string(), (key, value) =>
        check(`tasks: { a: { command: x, ${key}: ${JSON.stringify(value)} } }`),
      ),
      { numRuns: 400 },
    )
  })

  test('readTasks() never throws on a good file that was damaged', () => {
    const whole = `hosts: { web: [web1] }\n${oneTask('hosts: [web, "!10.0.0.1"]', 'env: { A: 1 }')}`
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(8), fc.string({ maxLength: 3 }), (at, cut, more) =>
        check(whole.slice(0, at) + more + whole.slice(at + cut)),
      ),
      { numRuns: 400 },
    )
  })
})
