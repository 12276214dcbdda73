import fc from 'fast-check'
import { stringify } from 'yaml'
import { commands, type Setting, schedules, settings } from './tasks-settings.ts'

/** Keys with their values. A key within a map has a dot. */
export type Keys = Readonly<Record<string, Setting>>

export interface TreeTask {
  readonly name: string
  readonly isDaemon: boolean
  readonly schedule: unknown
  readonly command: unknown
  readonly keys: Keys
}

/** A good tasks file as data, before it is text. */
export interface Tree {
  readonly zone: string | undefined
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly defaults: Keys
  readonly tasks: readonly TreeTask[]
}

function someKeys(maxLength: number): fc.Arbitrary<Keys> {
  const each = Object.entries(settings).map(([key, value]) => fc.tuple(fc.constant(key), value))
  return fc.array(fc.oneof(...each), { maxLength }).map((pairs) => Object.fromEntries(pairs))
}

/** Usual names, and odd ones. */
const names = fc.oneof(
  { arbitrary: fc.constantFrom('backup', 'rotate-tokens', 'a.b', 'a_b', 'consumer2'), weight: 3 },
  { arbitrary: fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,8}$/), weight: 1 },
  {
    arbitrary: fc.constantFrom(
      '10',
      '1e3',
      '010',
      'null',
      'true',
      'No',
      '0x1',
      'constructor',
      'toString',
    ),
    weight: 1,
  },
)

const task: fc.Arbitrary<TreeTask> = fc
  .record({
    name: names,
    isDaemon: fc.boolean(),
    schedule: schedules,
    command: commands,
    keys: someKeys(8),
  })
  // The max of a daemon task must be a number.
  .map((one) =>
    one.isDaemon
      ? { ...one, keys: { max: { written: 2, meant: 2 }, ...withoutMax(one.keys) } }
      : one,
  )

function withoutMax(keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key !== 'max'))
}

export const trees: fc.Arbitrary<Tree> = fc.record({
  zone: fc.option(fc.constantFrom('UTC', 'Europe/Berlin'), { nil: undefined }),
  groups: fc.constant({ web: ['10.0.1.0/24', 'web1'], db: ['db*.example', '2001:db8::1'] }),
  defaults: fc.oneof(fc.constant({}), someKeys(5)),
  tasks: fc.uniqueArray(task, { minLength: 1, maxLength: 6, selector: ({ name }) => name }),
})

/** The tree as a Map, because objects do not keep the order of names like `10`. */
export function writtenTree(tree: Tree): Map<string, unknown> {
  const all: [string, unknown][] = tree.tasks.map((one) => [one.name, writtenTask(one)])
  const file = new Map<string, unknown>([['hosts', tree.groups]])
  if (tree.zone !== undefined) file.set('timezone', tree.zone)
  if (Object.keys(tree.defaults).length > 0) file.set('defaults', writtenKeys(tree.defaults))
  return file.set('tasks', new Map(all))
}

function writtenTask({ isDaemon, schedule, command, keys }: TreeTask): Record<string, unknown> {
  const kind = isDaemon ? { type: 'daemon' } : { schedule }
  return { command, ...kind, ...writtenKeys(keys) }
}

function writtenKeys(keys: Keys): Record<string, unknown> {
  const written: Record<string, Record<string, unknown>> = {}
  for (const [key, { written: value }] of Object.entries(keys)) {
    const [outer = '', inner] = key.split('.')
    if (inner === undefined) Object.assign(written, { [outer]: value })
    else Object.assign((written[outer] ??= {}), { [inner]: value })
  }
  return written
}

/** Ways to write the same file. */
export const forms = [
  'json',
  'lines',
  'plain',
  'single',
  'double',
  'flow',
  'crlf',
  'bom',
  'folded',
] as const
export type Form = (typeof forms)[number]

export function textOf(file: Map<string, unknown>, form: Form): string {
  const yaml = (options: object): string =>
    stringify(file, { lineWidth: 0, aliasDuplicateObjects: false, ...options })
  switch (form) {
    case 'json':
      return yaml({
        defaultStringType: 'QUOTE_DOUBLE',
        collectionStyle: 'flow',
        defaultKeyType: 'QUOTE_DOUBLE',
      })
    case 'lines':
      return jsonOf(file)
    case 'flow':
      return yaml({ collectionStyle: 'flow' })
    case 'single':
      return yaml({ defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' })
    case 'double':
      return yaml({ defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_SINGLE' })
    case 'folded':
      return yaml({ lineWidth: 24, indent: 4 })
    case 'crlf':
      return yaml({ defaultStringType: 'QUOTE_DOUBLE' }).replaceAll('\n', '\r\n')
    case 'bom':
      return `\ufeff# words\n${yaml({})}# the end`
    case 'plain':
      return yaml({})
  }
}

/** JSON with line breaks, made without the yaml package. */
function jsonOf(value: unknown): string {
  if (!(value instanceof Map)) return JSON.stringify(value, null, 1)
  const pairs = [...value].map(([key, inner]) => `${JSON.stringify(key)}:\n${jsonOf(inner)}`)
  return `{${pairs.join(',\n')}}`
}
