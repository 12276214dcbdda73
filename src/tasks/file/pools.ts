import type { Task } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import type { SettingsInput } from './schema.ts'
import type { Source } from './source.ts'
import type { TypeRead } from './type-checks.ts'

/** The sizes of the pools of the file by name; undefined for one with an error, which is reported. */
export type Pools = ReadonlyMap<string, number | undefined>

/** Reports pools that the file does not have, in a task or in the defaults. */
export function checkPools(
  source: Source,
  path: KeyPath,
  names: readonly string[] | undefined,
  pools: Pools | 'unclear',
): void {
  if (names === undefined || pools === 'unclear') return
  for (const [at, name] of names.entries()) {
    if (pools.has(name)) continue
    const hint =
      source.guess(name, [...pools.keys()]) ??
      `write its size at the top of the file: pools: { ${name}: 1 }`
    const place = source.has([...path, at]) ? [...path, at] : path
    source.report(place, `unknown pool ${JSON.stringify(name)}`, { hint })
  }
}

/** The pools of a task, without those that are wrong. A daemon task may inherit some, and is in none. */
export function poolsOf(
  source: Source,
  path: KeyPath,
  {
    type,
    settings,
    pools,
  }: {
    readonly type: TypeRead
    readonly settings: Pick<SettingsInput, 'pool'>
    readonly pools: Pools | 'unclear'
  },
): Task['pools'] {
  if (type === 'daemon') {
    const message =
      'not allowed for a daemon task: it would keep its place in the pool all the time'
    const hint = 'remove it: max says how many of them run'
    if (source.has([...path, 'pool'])) source.report([...path, 'pool'], message, { hint })
    return none
  }
  const { pool: names } = settings
  if (names === undefined || names.length === 0 || pools === 'unclear') return none
  return [...new Set(names)].flatMap((name) => {
    const size = pools.get(name)
    return size === undefined ? [] : [{ name, size }]
  })
}

/** Shared, as the other defaults that are objects. */
const none: Task['pools'] = []

/** A pool without tasks limits nothing: its name is probably misspelt, or its tasks are gone. */
export function warnAboutUnusedPools(
  parts: readonly { readonly source: Source }[],
  pools: Pools | 'unclear',
  tasks: readonly Pick<Task, 'pools'>[],
): void {
  if (pools === 'unclear' || pools.size === 0) return
  const used = new Set(tasks.flatMap((task) => task.pools.map(({ name }) => name)))
  for (const { source } of parts) {
    for (const name of source.keys(['pools'])) {
      if (used.has(name) || pools.get(name) === undefined) continue
      const hint = `write pool: ${name} in its tasks, or remove it`
      source.report(['pools', name], 'no task is in this pool', { hint, severity: 'warning' })
    }
  }
}
