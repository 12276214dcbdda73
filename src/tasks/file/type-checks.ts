import type { Task } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import type { SettingsInput, TaskInput } from './schema.ts'
import { limitKeys } from './slot-limits.ts'
import type { Source } from './source.ts'

/** The type of a task. `unclear`: it is wrong, and what depends on it is not judged. */
export type TypeRead = Task['type'] | 'unclear'

/** Reports the keys of the task at a path that do not fit its type, or each other. */
export function checkType(
  source: Source,
  path: KeyPath,
  type: TypeRead,
  settings: Pick<SettingsInput, 'max' | 'input'>,
  isAfter: boolean,
): void {
  if (type === 'unclear') return
  warnAboutUnusedKeys(source, path, type)
  if (isAfter && type === 'common')
    for (const key of scheduleKeys)
      warnAbout(source, [...path, key], 'has no effect on a task that starts after others')
  reportDaemonKeys(source, path, type)
  const { max = 1, input = {} } = settings
  if (type === 'daemon' && max === Infinity) {
    source.report([...path, 'max'], 'expected a whole number for a daemon task; got "unlimited"')
  }
  if (input.mode === undefined && input.format !== undefined)
    warnAbout(source, [...path, 'input', 'format'], 'has no effect without mode: queue')
  if (input.mode === 'queue') warnAboutQueue(source, path, type, max)
  else if (type === 'manual') {
    const message = 'has no effect without input: queue: a run that a person started is not retried'
    warnAbout(source, [...path, 'retry'], message)
  }
}

const unusedKeys: Readonly<Record<Task['type'], readonly (keyof TaskInput)[]>> = {
  common: ['restart'],
  daemon: [
    ...limitKeys,
    'overlap',
    'catchup',
    'catchup_window',
    'retry',
    'start_within',
    'on_lost',
  ],
  manual: [...limitKeys, 'overlap', 'catchup', 'catchup_window', 'jitter', 'restart'],
}

/** They say when a schedule is due. */
const scheduleKeys = [...limitKeys, 'jitter', 'catchup', 'catchup_window'] as const

/** Only for keys of the task itself: the defaults are for tasks of all types. */
function warnAboutUnusedKeys(source: Source, path: KeyPath, type: Task['type']): void {
  for (const key of unusedKeys[type])
    warnAbout(source, [...path, key], `has no effect on a task of type ${type}`)
}

export function warnAbout(source: Source, path: KeyPath, message: string): void {
  if (source.has(path)) source.report(path, message, { severity: 'warning' })
}

const daemonKeys = {
  listen: 'torch opens sockets for daemon tasks only',
  ready: 'torch waits only for the runs of daemon tasks',
}

function reportDaemonKeys(source: Source, path: KeyPath, type: Task['type']): void {
  if (type === 'daemon') return
  for (const [key, why] of Object.entries(daemonKeys)) {
    if (!source.has([...path, key])) continue
    source.report([...path, key], `not allowed for a ${type} task: ${why}`, {
      hint: 'remove it, or write type: daemon',
    })
  }
}

/** Where a queue does what its author may not expect. */
function warnAboutQueue(source: Source, path: KeyPath, type: Task['type'], max: number): void {
  const where = [...path, source.has([...path, 'input']) ? 'input' : 'max']
  if (type === 'manual' && max === Infinity) {
    const message = 'with max: unlimited, messages that come one by one start a run each'
    source.report(where, message, { hint: 'set max to a number', severity: 'warning' })
  }
  if (type === 'daemon' && max > 1 && max < Infinity) {
    const message = `with max: ${max}, messages do not keep their order: ${max} runs take them at once`
    source.report(where, message, { hint: 'max: 1 keeps the order', severity: 'warning' })
  }
}

/** Reports parts of `input` and `ready` that exclude each other, in a task or in the defaults. */
export function checkParts(
  source: Source,
  path: KeyPath,
  { ready, input, restart }: Pick<SettingsInput, 'ready' | 'input' | 'restart'>,
): void {
  reportLimit(source, [...path, 'restart', 'limit'], restart?.limit)
  const readyPath = [...path, 'ready']
  if (ready?.line !== undefined && ready.after !== undefined) {
    const hint = 'remove one of them'
    source.report(readyPath, 'expected either line or after; got both', { hint })
  }
  if (ready !== undefined && ready.line === undefined && ready.after === undefined) {
    const hint = 'write { line: "listening" }, or { after: 1s }'
    source.report(readyPath, 'expected line or after; got neither', { hint })
  } else if (ready?.timeout !== undefined && ready.line === undefined)
    warnAbout(source, [...readyPath, 'timeout'], 'has no effect without line')
  if (input?.format !== undefined && input.mode !== undefined && input.mode !== 'queue')
    warnAbout(source, [...path, 'input', 'format'], `has no effect with mode ${input.mode}`)
}

/** Nobody should have to guess the other number. */
function reportLimit(
  source: Source,
  path: KeyPath,
  limit: NonNullable<SettingsInput['restart']>['limit'],
): void {
  const { starts, within } = limit ?? {}
  if (limit === undefined || (starts !== undefined && within !== undefined)) return
  const given = Object.keys(limit)
  // What is wrong has its own problem.
  if (['starts', 'within'].some((key) => !given.includes(key) && source.has([...path, key]))) return
  const got = given.length === 0 ? 'neither' : `only ${given.join(', ')}`
  const hint = 'write { starts: 5, within: 10m }'
  source.report(path, `expected starts and within; got ${got}`, { hint })
}
