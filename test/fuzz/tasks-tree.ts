import fc from 'fast-check'
import { stringify } from 'yaml'
import {
  calendars,
  commands,
  fleetSettings,
  listenForms,
  listenOf,
  pools,
  pings,
  readies,
  schedules,
  scripts,
  type Setting,
  settings,
  sources,
  targets,
  whens,
} from './tasks-settings.ts'

/** Keys with their values. A key within a map has a dot. */
export type Keys = Readonly<Record<string, Setting>>

export interface TreeTask {
  readonly name: string
  readonly type: 'common' | 'daemon' | 'manual'
  readonly schedule: unknown
  /** It is there in place of the schedule. */
  readonly after?: Setting | undefined
  /** undefined: it has only a script. */
  readonly command: unknown
  readonly script: Setting | undefined
  readonly ping: Setting | undefined
  /** Only a daemon task has any. */
  readonly listen: Setting | undefined
  readonly keys: Keys
  /** Only a task with a schedule has any. */
  readonly when: { readonly written: object; readonly meant: unknown } | undefined
}

/** A good tasks file as data, before it is text. */
export interface Tree {
  readonly zone: string | undefined
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly defaults: Keys
  readonly tasks: readonly TreeTask[]
}

function someKeys(maxLength: number, from = settings): fc.Arbitrary<Keys> {
  const each = Object.entries(from).map(([key, value]) => fc.tuple(fc.constant(key), value))
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

/** A task without an address, which depends on its place in the file. */
const task: fc.Arbitrary<(place: number) => TreeTask> = fc
  .record({
    name: names,
    type: fc.constantFrom('common', 'daemon', 'manual'),
    schedule: schedules,
    command: fc.option(commands, { nil: undefined }),
    script: fc.option(scripts, { nil: undefined }),
    ping: fc.option(pings, { nil: undefined }),
    listen: fc.option(fc.nat(listenForms - 1), { nil: undefined }),
    ready: fc.option(readies, { nil: undefined }),
    keys: someKeys(8),
    when: fc.option(whens, { nil: undefined }),
    fleet: fc.option(someKeys(5, fleetSettings), { nil: undefined }),
  })
  .map(({ ready, fleet, ...all }) => (place) => {
    const isShared = fleet !== undefined && all.type !== 'manual'
    const keys = { ...all.keys, ...(isShared && { ...inFleet, ...fleet }) }
    const { listen, ...one } = { ...all, keys, listen: isShared ? undefined : all.listen }
    const command = one.command ?? (one.script === undefined ? 'run' : undefined)
    if (one.type === 'common') return { ...one, command, listen: undefined }
    if (one.type === 'manual') return { ...one, command, listen: undefined, when: undefined }
    const { pool: _, ...rest } = one.keys
    // The max of a daemon task must be a number.
    return {
      ...one,
      when: undefined,
      command,
      keys: { ...rest, max: { written: 3, meant: 3 }, ...(ready && { ready }) },
      listen: listen === undefined ? undefined : listenOf(listen, firstPort + place),
    }
  })

/** What a task of the fleet needs, and what it must not inherit. */
const inFleet: Keys = {
  scope: { written: 'fleet', meant: 'fleet' },
  timezone: { written: 'Asia/Tokyo', meant: 'Asia/Tokyo' },
  max: { written: 3, meant: 3 },
  catchup_window: { written: '24h', meant: 24 * 3_600_000 },
  'input.mode': { written: 'live', meant: 'live' },
}

const firstPort = 1000

export const trees: fc.Arbitrary<Tree> = fc.record({
  zone: fc.option(fc.constantFrom('UTC', 'Europe/Berlin'), { nil: undefined }),
  groups: fc.constant({ web: ['10.0.1.0/24', 'web1'], db: ['db*.example', '2001:db8::1'] }),
  defaults: fc.oneof(
    fc.constant({}),
    someKeys(5, { ...settings, ...fleetSettings }),
    fc.tuple(someKeys(5), readies).map(([keys, ready]) => ({ ...keys, ready })),
  ),
  tasks: fc
    .uniqueArray(task, { minLength: 1, maxLength: 6, selector: (one) => one(0).name })
    .map((all) => all.map((one, place) => one(place)))
    .chain((all) =>
      fc.array(fc.nat(5), { maxLength: 3 }).map((places) => places.reduce(withAfter, all)),
    ),
})

/** The task at a place starts after the ones before it that have an end, if it may. */
function withAfter(all: readonly TreeTask[], place: number): TreeTask[] {
  const isShared = ({ keys }: TreeTask): boolean => keys['scope'] !== undefined
  const firsts = all
    .slice(0, place)
    .filter((one) => one.type !== 'daemon' && !isShared(one))
    .map(({ name }) => name)
  return all.map((one, at) => {
    if (at !== place || one.type !== 'common' || isShared(one) || firsts.length === 0) return one
    const outcome = (['ok', 'failed', 'any'] as const)[one.name.length % 3] ?? 'ok'
    const list = firsts.length === 1 ? (firsts[0] ?? '') : firsts
    const written = outcome === 'ok' ? list : { tasks: list, outcome }
    return { ...one, when: undefined, after: { written, meant: { tasks: firsts, outcome } } }
  })
}

/** The tree as a Map, because objects do not keep the order of names like `10`. */
export function writtenTree(tree: Tree): Map<string, unknown> {
  const all: [string, unknown][] = tree.tasks.map((one) => [one.name, writtenTask(one)])
  const file = new Map<string, unknown>([
    ['hosts', tree.groups],
    ['sources', sources],
    ['notify', targets],
    ['calendars', calendars],
    ['pools', pools],
  ])
  if (tree.zone !== undefined) file.set('timezone', tree.zone)
  if (Object.keys(tree.defaults).length > 0) file.set('defaults', writtenKeys(tree.defaults))
  return file.set('tasks', new Map(all))
}

function writtenTask({
  type,
  schedule,
  after,
  command,
  script,
  ping,
  listen,
  keys,
  when,
}: TreeTask): Record<string, unknown> {
  return {
    ...(command !== undefined && { command }),
    ...(script && { script: script.written }),
    ...(ping && { ping: ping.written }),
    ...(listen && { listen: listen.written }),
    ...(after ? { after: after.written } : type === 'common' ? { schedule } : { type }),
    ...when?.written,
    ...writtenKeys(keys),
  }
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
