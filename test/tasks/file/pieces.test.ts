import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { taskOf } from '../../../src/tasks/built-task.ts'
import { joinStretches, type KnownStretches } from '../../../src/tasks/file/join.ts'
import { newPacker, newUnpacker } from '../../../src/tasks/file/pack.ts'
import { readTasks } from '../../../src/tasks/file/read.ts'
import { readPieces } from '../../../src/tasks/file/pieces.ts'
import type { ReadTasks } from '../../../src/tasks/file/verdict.ts'
import { readWhole } from '../../../src/tasks/file/whole.ts'
import { opening, other } from './pieces.ts'
import { facts, good, oneTask } from '../read.ts'

const sources = (text: string) => [{ path: 'tasks.yaml', text }]

/** What it says, without how it was read. */
function said(read: ReadTasks): unknown {
  if (!read.ok) return read.problems
  const tasks = read.stretches.flatMap((stretch) => stretch.tasks ?? [])
  return [tasks, read.groups, read.warnings]
}

const plain = ['    schedule: "@daily"\n    command: x\n', '    command: y\n    type: daemon\n']
const odd = [
  '    schedule: 5 5 * * *\n    command: |\n      a: 1\n        b\n\n    hosts: [web]\n',
  '    schedule: >-\n      H 5\n      * * *\n    command: [a, "b\n      c"]\n    env: { A: 1.10 }\n',
  '    # a comment\n    schedule: "0 0 30 2 *"\n# another\n    command: z # and one\n\n',
]
const wrong = [
  '    schedule: "61 * * * *"\n    comand: x\n',
  '    schedule: */5 * * * *\n    command: x\n',
  '    schedule: "@daily\n    command: x\n',
  '    schedule: [\n    command: x\n',
  '    command: x\n    max: three\n    hosts: [wbe]\n    env: { A: , A: 1 }\n',
  '   schedule: "@daily"\n    command: x\n',
  '    <<: { nice: 5 }\n    schedule: "@daily"\n    command: &a x\n',
  '    schedule: "@daily"\n    command: *a\n',
  '    schedule: "@daily"\n\tcommand: x\n',
  '  - a\n',
]
const heads = ['', 'hosts: { web: [web1] }\n', '# c\ndefaults: { nice: 5 }\nhosts:\n  web: [w-*]\n']
const oddHeads = [
  'x-a: &a 5\n',
  '{\n',
  '"a\n',
  '%YAML 1.2\n---\n',
  'a: |\n  b\n',
  'defaults: { nic: 5 }\n',
]
const tails = [
  '',
  '',
  'timezone: Asia/Shanghai\n',
  'hosts: {}\n',
  '}\n',
  'tasks: {}\n',
  '...\n',
  '# end',
]

const body = fc.oneof(
  { arbitrary: fc.constantFrom(...plain, ...odd), weight: 20 },
  { arbitrary: fc.constantFrom(...wrong), weight: 1 },
)
const name = fc.oneof(
  { arbitrary: fc.constantFrom(...opening.slice(0, 12), other, '"quoted"', '010'), weight: 40 },
  { arbitrary: fc.constantFrom('null', 'a b'), weight: 1 },
)
const entry = fc.tuple(name, body).map(([key, lines]) => ({ key, text: `  ${key}:\n${lines}` }))
const entries = fc
  .uniqueArray(entry, { minLength: 2, maxLength: 10, selector: ({ key }) => key })
  .map((all) => all.map(({ text }) => text).join(''))
const file = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constantFrom(...heads), weight: 8 },
      { arbitrary: fc.constantFrom(...oddHeads), weight: 1 },
    ),
    entries,
    fc.constantFrom(...tails),
  )
  .map(([head, tasks, tail]) => `${head}tasks:\n${tasks}${tail}`)

describe('a file that is read in pieces says what it says as a whole', () => {
  test('whatever is in it, right or wrong', () => {
    let cut = 0
    const check = (text: string): void => {
      if (readPieces(sources(text), facts, new Set()) !== undefined) cut++
      expect(said(readTasks(sources(text), facts))).toEqual(
        said(readWhole(sources(text), facts, false)),
      )
    }
    fc.assert(fc.property(file, check), { numRuns: 400 })
    // Else the test would compare a thing with itself.
    expect(cut).toBeGreaterThan(60)
  })

  test('when it was damaged', () => {
    fc.assert(
      fc.property(
        file,
        fc.nat(600),
        fc.nat(6),
        fc.string({ maxLength: 2 }),
        (whole, at, cut, more) => {
          const text = whole.slice(0, at) + more + whole.slice(at + cut)
          expect(said(readTasks(sources(text), facts))).toEqual(
            said(readWhole(sources(text), facts, false)),
          )
        },
      ),
      { numRuns: 400 },
    )
  })

  test('in a directory with files that cannot be cut', () => {
    const [first, second] = opening
    const texts = [
      {
        path: 'a.yaml',
        text: 'hosts: { web: [w1] }\ntasks: { small: { command: x, schedule: "@daily" } }\n',
      },
      {
        path: 'b.yaml',
        text: `tasks:\n${opening.map((key) => `  ${key}:\n${plain[0]}`).join('')}`,
      },
      { path: 'c.yaml', text: `tasks:\n  ${first}x:\n${plain[1]}  ${second}x:\n    max: 0\n` },
    ]
    for (const some of [texts.slice(0, 2), texts, [...texts, ...texts]])
      expect(said(readTasks(some, facts))).toEqual(said(readWhole(some, facts, false)))
  })
})

describe('a file that is read again', () => {
  const task = (key: string, nice = 0) => `  ${key}:\n    nice: ${nice}\n${plain[0]}`
  const text = `tasks:\n${opening.map((key) => task(key)).join('')}`

  function reread(before: string, after: string): { asked: number; read: unknown } {
    const known = joined(before, new Map()).known
    const read = readTasks(sources(after), facts, { known: new Set(known.keys()) })
    const asked = read.ok ? read.stretches.flatMap(({ tasks = [] }) => tasks).length : 0
    return { asked, read: joined(after, known).tasks }
  }

  function joined(whole: string, known: KnownStretches) {
    const read = readTasks(sources(whole), facts, { known: new Set(known.keys()) })
    const steps = joinStretches(read.ok ? read.stretches : [], known)
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
    }
  }

  test.each([
    ['as it was', text, 0],
    ['with one task changed', text.replace('nice: 0', 'nice: 1'), 1],
    ['with a line on top, which moves all others', `# words\n${text}`, 0],
    ['with a task added', text.replace('tasks:\n', `tasks:\n${task(other)}`), 1],
    ['with other defaults', `${text}defaults: { max: 2 }\n`, opening.length],
  ])('%s gives what it gives when it is read for the first time', (_name, after, asked) => {
    const again = reread(text, after)
    expect(again.read).toEqual(good(after).tasks)
    expect(again.asked).toBe(asked)
  })

  test('has its env files looked at, and its warnings told', () => {
    const env = text.replace('nice: 0', 'env_file: good.env')
    expect(reread(env, env).asked).toBe(1)
    const never = text.replace('@daily', '0 0 30 2 *')
    expect(reread(never, never).asked).toBe(1)
  })
})

test('what is packed in parts comes out as it was, and shares what is equal', () => {
  const text = `${oneTask('max: unlimited', 'env: { A: 1 }')}  b: { schedule: "@daily", command: [x, y] }\n  c: { type: daemon, command: x, env: { A: 1 } }\n  d: { schedule: "@daily", command: z }\n`
  const read = readTasks(sources(text), facts)
  const tasks = read.ok ? read.stretches.flatMap((stretch) => stretch.tasks ?? []) : []
  const pack = newPacker()
  const unpack = newUnpacker({ shared: new Map(), schedules: new Map() })
  const parts = [tasks.slice(0, 1), tasks.slice(1), tasks].map((part) =>
    structuredClone(pack(part)),
  )
  const out = parts.flatMap(unpack)
  expect(out).toStrictEqual([...tasks, ...tasks])
  expect(out.map(taskOf).slice(0, tasks.length)).toEqual(good(text).tasks)
  const [, b, , d] = out
  expect([b?.schedules, b?.shared]).toEqual([d?.schedules, d?.shared])
  expect(b?.schedules).toBe(d?.schedules)
  expect(b?.shared).toBe(d?.shared)
  expect(parts[2]?.shared).toEqual([])
})
