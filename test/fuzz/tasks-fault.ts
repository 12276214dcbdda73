import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isMap, isScalar, isSeq, parseDocument } from 'yaml'
import { readTasks } from '../../src/tasks/file/read.ts'
import { assertShowable } from './tasks-bytes.ts'
import { pure } from './target.ts'
import { rootFacts } from './tasks-valid.ts'
import { fleetSettings } from './tasks-settings.ts'
import { forms, type Keys, textOf, type Tree, trees, writtenTree } from './tasks-tree.ts'

type Path = readonly (string | number)[]

/** A wrong value of a key. `inner` is the place in the value where the problem is reported. */
type Fault = readonly [key: string, value: unknown, inner?: Path]

const deep = { a: { b: [1] } }
/** Wrong for every key except maps of names. */
const neverRight = [null, deep, [[]], { '': 1 }]
const faults: readonly Fault[] = [
  ...neverRight.flatMap((value) =>
    [
      'hosts',
      'max',
      'type',
      'overlap',
      'timezone',
      'jitter',
      'timeout',
      'retry.delay',
      'shell',
      'nice',
    ]
      .concat([
        'success_codes',
        'umask',
        'user',
        'cwd',
        'env_file',
        'enabled',
        'limits.memory',
        'command',
      ])
      // For a wrong list, torch reports the entry and not the key.
      .flatMap((key): Fault[] =>
        Array.isArray(value) && ['hosts', 'success_codes', 'command'].includes(key)
          ? []
          : [[key, value]],
      ),
  ),
  ...[0, -1, 1.5, '3', 'three', true, 1e300, 2 ** 53].map((value): Fault => ['max', value]),
  ...['5', 5, '', '1h 30m', '1m1h', '1.5h', '-5s', '36501d', '٣s'].map((value): Fault => [
    'jitter',
    value,
  ]),
  ...['0s', '0h0m'].map((value): Fault => ['timeout', value]),
  ...['0', '999', 'no', '08', 1000, -1, 2.5, '0o8', '7777']
    .map((value): Fault => ['umask', value])
    .slice(1),
  ...[20, -21, 0.5, '5'].map((value): Fault => ['nice', value]),
  ...['5', 'MB', '1.MB', '-1MB', '10 M B', 5].map((value): Fault => ['limits.memory', value]),
  ...['Mars/Base', 'utc ', 'Europe/Berlin\n', '+25:00'].map((value): Fault => ['timezone', value]),
  ...['sh', './sh', ''].map((value): Fault => ['shell', value]),
  ...['~', '~/x', ''].map((value): Fault => ['cwd', value]),
  ...['a b', '', '-x', 'a:b', -1, 1.5].map((value): Fault => ['user', value]),
  ...['yes', 'on', 1, 'true'].map((value): Fault => ['enabled', value]),
  ['env_file', 'gone.env'],
  ['env_file', 'bad.env'],
  ['hosts', 'web'],
  ['hosts', []],
  ['hosts', ['web', 'wbe'], [1]],
  ['hosts', ['10.0.0.0/33'], [0]],
  ['hosts', ['web', '10.0.*'], [1]],
  ['hosts', ['a b', 'web'], [0]],
  ['hosts', ['!nobody'], [0]],
  ['hosts', ['web', 5], [1]],
  ['success_codes', [0, 256], [1]],
  ['success_codes', [-1], [0]],
  ['success_codes', []],
  ['env', { A: '1', '1A': 'x' }, ['1A']],
  ['env', { 'A-B': 'x' }, ['A-B']],
  ['env', { TORCH_TASK: 'x' }, ['TORCH_TASK']],
  ['env', { A: null }, ['A']],
  ['env', ['A=1']],
  ['env', { A: 'a\0b' }, ['A']],
  ['labels', { 'a b': 1 }, ['a b']],
  ['labels', { a: [] }, ['a']],
  ['retry', { attempts: 1001 }, ['attempts']],
  ['retry', { backoff: 0.5 }, ['backoff']],
  ['retry', { on: ['110..100'] }, ['on', 0]],
  ['retry', { delay: '1s', dealy: '1s' }, ['dealy']],
  ['restart', { delay: '0s' }, ['delay']],
  ['restart', { on: 'sometimes' }, ['on']],
  ['restart', { limit: { starts: 5 } }, ['limit']],
  ['restart', { limit: { starts: 0, within: '1m' } }, ['limit', 'starts']],
  ['output', { max_size: 'big' }, ['max_size']],
  ['output', { keep_runs: -1 }, ['keep_runs']],
  ['limits', { nofile: 0 }, ['nofile']],
  ['script', 5],
  ['script', 'http://x.example/a'],
  ['script', 'opps:a'],
  ['script', 'ops:a/../b'],
  ['script', ['a']],
  ['script', { sha256: '0'.repeat(64) }, ['url']],
  ['script', { url: 'ops:a', sha256: 'abc' }, ['sha256']],
  ['script', { url: 'ops:a b', update: 'never' }, ['url']],
  ['script', { url: 'ops:a', updat: '1h' }, ['updat']],
  ['input', 'tty'],
  ['input', { mode: 'quue' }, ['mode']],
  ['input', { mode: 'queue', size: 1 }, ['size']],
  ['scope', 'cluster'],
  ['scope', null],
  ['prefer', ['web']],
  ['prefer', []],
  ['max_per_host', 1],
  ['max_per_host', 0],
  ['start_within', '11m'],
  ['on_lost', 'restart'],
  ['fence', '30s'],
  ['fence', '14s'],
  ['listen', 80],
  ['ready', { after: '1s' }],
  ['commando', 'x'],
  ['constructor', 'x'],
  ['', 'x'],
  ['command', ''],
  ['command', ' \n'],
  ['command', []],
  ['command', ['', 'a']],
  ['command', ['a', null], [1]],
  ['command', ['a', 'b\0'], [1]],
  ['schedule', '61 * * * *'],
  ['schedule', ['@daily', '* * * *'], [1]],
  ['schedule', '22-4 * * * *'],
  ['schedule', ['@daily', ''], [1]],
  ['schedule', []],
  ['schedule', 5],
  ['description', ['x']],
  ['type', 'deamon'],
]

const files = fc
  .record({
    tree: trees,
    form: fc.constantFrom(...forms),
    task: fc.nat(5),
    fault: fc.constantFrom(...faults),
  })
  // In a daemon task other keys would be wrong too.
  .map(({ tree, task, ...rest }) => ({
    tree: withCommon(tree, task),
    task: task % tree.tasks.length,
    ...rest,
  }))

/** Makes the task one that runs on this machine, so that its env_file is read. */
function withCommon(tree: Tree, at: number): Tree {
  const tasks = tree.tasks.map((one, index) =>
    index === at % tree.tasks.length
      ? {
          ...one,
          type: 'common' as const,
          schedule: '@daily',
          after: undefined,
          listen: undefined,
          keys: onEveryHost(withoutFleet(one.keys)),
        }
      : one,
  )
  return { ...tree, defaults: onEveryHost(tree.defaults), tasks }
}

/** Faults are for a task of one machine, which has none of these keys. */
function withoutFleet(keys: Keys): Keys {
  return Object.fromEntries(
    Object.entries(keys).filter(([key]) => key !== 'scope' && !Object.hasOwn(fleetSettings, key)),
  )
}

function onEveryHost(keys: Keys): Keys {
  return Object.fromEntries(
    Object.entries(keys).filter(([key]) => !['hosts', 'enabled', 'ready'].includes(key)),
  )
}

/** One fault in a good file is reported once, in its place, and affects no other task. */
export const tasksFault = pure('tasks-fault', 30, files, ({ tree, form, task, fault }) => {
  const [key, value, inner = []] = fault
  const name = tree.tasks[task]?.name ?? ''
  const good = textOf(writtenTree(tree), form)
  const [outer = '', within] = key.split('.')
  const path: Path = ['tasks', name, outer, ...(within === undefined ? [] : [within]), ...inner]
  const text = textOf(planted(tree, name, key, value), form)

  const parsed = readTasks([{ path: 'tasks.yaml', text }], rootFacts, { allowPartial: true })
  assert.ok(!parsed.ok, `refused:\n${text}`)
  assertShowable(parsed.problems, text)
  const errors = parsed.problems.filter(({ severity }) => severity === 'error')
  assert.deepEqual(
    errors.map((error) => error.path),
    [shown(path)],
    text,
  )
  assert.equal(errors[0]?.line, lineOf(text, path), text)

  const clean = readTasks([{ path: 'tasks.yaml', text: good }], rootFacts)
  assert.ok(clean.ok)
  const others = clean.file.tasks
    .filter((one) => one.name !== name)
    .map(({ name: other, definition }) => [other, definition])
  const partial = parsed.partial?.file.tasks.map(({ name: other, definition }) => [
    other,
    definition,
  ])
  assert.deepEqual(partial, others, `the readable tasks are wrong:\n${text}`)
  assert.deepEqual(parsed.partial?.unreadable, [name])
})

function planted(tree: Tree, name: string, key: string, value: unknown): Map<string, unknown> {
  const file = writtenTree(tree)
  const tasks = file.get('tasks') as Map<string, Record<string, unknown>>
  const task = { ...tasks.get(name) }
  const [outer = '', inner] = key.split('.')
  if (inner === undefined) task[outer] = value
  else task[outer] = { ...(task[outer] as object | undefined), [inner]: value }
  return file.set('tasks', new Map([...tasks, [name, task]]))
}

function shown(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1)
}

/** The line of the key or entry, found with the yaml package. */
function lineOf(text: string, path: Path): number {
  let node: unknown = parseDocument(text).contents
  let offset = 0
  for (const step of path) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && keyText(key) === String(step))
      : undefined
    const item: unknown = isSeq(node) ? node.items[Number(step)] : undefined
    node = pair === undefined ? item : pair.value
    const placed = (pair === undefined ? item : pair.key) as
      { range?: [number, number, number] } | undefined
    offset = placed?.range?.[0] ?? offset
  }
  return text.slice(0, offset).split('\n').length
}

function keyText(key: { value: unknown; source?: string | undefined }): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
