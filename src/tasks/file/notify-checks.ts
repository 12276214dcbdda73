import { daemonEvents } from '../notify.ts'
import { isMap, type KeyPath, valueAt } from './key-path.ts'
import type { TaskNotifyInput } from './notification-values.ts'
import type { Source } from './source.ts'
import type { TypeRead } from './type-checks.ts'

/** The names of the targets of a file; `unclear` if they are written, but not as a map. */
export type TargetNames = ReadonlySet<string> | 'unclear'

/** Reports names of targets that the file does not have, and what has no effect. */
export function checkNotify(
  source: Source,
  path: KeyPath,
  input: TaskNotifyInput | undefined,
  names: TargetNames,
): void {
  if (input === undefined) return
  checkNames(source, path, input, names)
  const { on } = input
  if (path[0] !== 'tasks') return
  for (const event of daemonEvents) {
    if (on?.includes(event) !== true) continue
    source.report(
      [...path, 'on', on.indexOf(event)],
      `${event} is about the daemon: it has no effect in a task`,
      {
        hint: 'write it in defaults',
        severity: 'warning',
      },
    )
  }
}

/** What people write who want no messages. */
const nobody: ReadonlySet<string> = new Set(['off', 'no', 'none', 'nobody', 'false', 'never'])

function checkNames(
  source: Source,
  path: KeyPath,
  { to = [] }: TaskNotifyInput,
  names: TargetNames,
): void {
  if (names === 'unclear') return
  const inner = isMap(valueAt(source.value, path)) ? [...path, 'to'] : path
  const isList = Array.isArray(valueAt(source.value, inner))
  for (const [index, name] of to.entries()) {
    if (names.has(name)) continue
    const hint =
      (nobody.has(name) ? 'for no messages: notify: { to: [] }' : undefined) ??
      source.guess(name, [...names]) ??
      `name it at the top of the file: notify: { ${name}: { webhook: URL } }`
    source.report(isList ? [...inner, index] : inner, `unknown target ${JSON.stringify(name)}`, {
      hint,
    })
  }
}

/** The keys that need each other: an event, and after which time it is one. */
const timedEvents = {
  late: 'late_after',
  stuck: 'stuck_after',
  no_success_for: 'no_success_for',
} as const

/** What a type of task never is: only a schedule has slots, and a daemon task runs all the time. */
const unusedKeys: Readonly<Record<TypeRead, readonly string[]>> = {
  common: [],
  daemon: ['late_after', 'stuck_after', 'no_success_for'],
  manual: ['late_after'],
  unclear: [],
}

/** Warns about keys of the task's own `notify` that have no effect. `settings` has the defaults too. */
export function warnAboutNotify(
  source: Source,
  taskPath: KeyPath,
  type: TypeRead,
  {
    own,
    settings,
  }: { readonly own: TaskNotifyInput | undefined; readonly settings: TaskNotifyInput | undefined },
): void {
  if (own === undefined || settings === undefined) return
  const path = [...taskPath, 'notify']
  const warn = (at: KeyPath, message: string, hint?: string): void =>
    source.report(at, message, { hint, severity: 'warning' })
  if (settings.to === undefined) warn(path, 'nobody gets these messages: expected to; got nothing')
  if (own.on?.length === 0 && settings.no_success_for === undefined)
    warn(
      [...path, 'on'],
      'nobody gets messages: expected events; got an empty list',
      'leave on out for all events except skipped, or write to: [] for nobody',
    )
  for (const key of unusedKeys[type])
    if (source.has([...path, key])) warn([...path, key], `has no effect on a task of type ${type}`)
  if (type !== 'common') return
  for (const [event, key] of Object.entries(timedEvents)) {
    const at = own.on?.findIndex((each) => each === event) ?? -1
    if (at >= 0 && settings[key] === undefined)
      warn(
        [...path, 'on', at],
        `${event} has no effect without ${key}`,
        `write ${key}: 10m, or another duration`,
      )
    // Its duration is enough to have it.
    if (event === 'no_success_for' || own[key] === undefined || settings.on === undefined) continue
    if (!settings.on.some((each) => each === event))
      warn([...path, key], `has no effect: ${event} is not in on`)
  }
}
