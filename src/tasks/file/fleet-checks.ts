import { formatDuration } from '../../text/duration.ts'
import { canMeet, type HostRule } from '../hosts.ts'
import type { KeyPath } from './key-path.ts'
import { maxFleetCatchupMs } from './limits.ts'
import { nowhere } from './resolve-hosts.ts'
import type { SettingsInput, TaskInput } from './schema.ts'
import type { Settings } from './settings.ts'
import { limitKeys } from './slot-limits.ts'
import type { Source } from './source.ts'
import type { TypeRead } from './type-checks.ts'
import { isGiven } from './validate.ts'

/** `unclear`: the scope is wrong, and what depends on it is not judged. */
type ScopeRead = NonNullable<SettingsInput['scope']> | 'unclear'

/** A task with what its scope allows or forbids. */
interface ScopedTask {
  readonly type: TypeRead
  readonly scope: ScopeRead
  /** What the task itself says, and the same over the defaults of the file. */
  readonly own: TaskInput
  readonly checked: Settings
  readonly settings: Settings
  /** The file has a time zone for all its tasks, right or wrong. */
  readonly isZoneGiven: boolean
}

/** Reports the keys of the task at a path that do not fit its scope. */
export function checkScope(source: Source, path: KeyPath, task: ScopedTask): void {
  if (task.scope === 'host') reportFleetKeys(source, path, task.own)
  if (task.scope !== 'fleet' || task.type === 'unclear') return
  reportWrongKind(source, path, task)
  if (task.type === 'common') checkSlots(source, path, task)
  checkMax(source, path, task)
  warnAboutPrefer(source, path, task)
}

const fleetKeys = ['prefer', 'max_per_host', 'start_within', 'on_lost', 'fence'] as const

/** Only for keys of the task itself: the defaults are for tasks of both scopes. */
function reportFleetKeys(source: Source, path: KeyPath, own: TaskInput): void {
  for (const key of fleetKeys) {
    if (own[key] === undefined) continue
    const hint = 'write scope: fleet, or remove it'
    source.report([...path, key], 'has no effect without scope: fleet', { hint })
  }
}

/** What a task of the fleet cannot be, because it belongs to one machine. */
function reportWrongKind(source: Source, path: KeyPath, { type, own, settings }: ScopedTask): void {
  if (type === 'manual') {
    source.report(
      writtenIn(source, path, ['scope', 'type']),
      'scope: fleet is not allowed for a manual task: the fleet shares the slots of a schedule, and a manual task has none',
      { hint: 'write scope: host, or give it a schedule' },
    )
  }
  if (settings.input?.mode === 'queue') {
    source.report(
      writtenIn(source, path, ['input', 'scope']),
      'input: queue is not allowed with scope: fleet: messages wait on the machine that got them, but the run may start on another one',
      { hint: 'write scope: host, or remove input: queue' },
    )
  }
  if (own.listen !== undefined) {
    source.report(
      [...path, 'listen'],
      'not allowed with scope: fleet: the socket is on one machine, but the run may start on another one',
      { hint: 'write scope: host, or let the program open its socket itself' },
    )
  }
}

/** All machines must agree on the slots, and know long enough which of them were started. */
function checkSlots(
  source: Source,
  path: KeyPath,
  { own, settings, isZoneGiven }: ScopedTask,
): void {
  const texts = [own.schedule ?? []].flat()
  for (const [at, text] of texts.entries()) {
    if (nicknameOf(text) !== '@reboot') continue
    source.report(
      [...path, 'schedule', ...(Array.isArray(own.schedule) ? [at] : [])],
      '@reboot is not allowed with scope: fleet: each machine boots at another time, so they share no slot',
      { hint: 'write a schedule with times, or scope: host' },
    )
  }
  // A time with an offset is the same everywhere, but its day is not.
  const hasDays = limitKeys.some((key) => settings[key] !== undefined)
  const needsZone = hasDays || texts.some((text) => !hasNoZone(text))
  if (needsZone && !isZoneGiven && !isGiven(source, [...path, 'timezone'])) {
    source.report(
      [...path, 'timezone'],
      'a task with scope: fleet needs a time zone: machines in different zones would not agree on its slots',
      { hint: 'write timezone: UTC, or another zone, in the file or in the task' },
    )
  }
  const { catchup_window: windowMs = 0 } = settings
  if (windowMs > maxFleetCatchupMs) {
    source.report(
      writtenIn(source, path, ['catchup_window', 'scope']),
      `catchup_window: ${formatDuration(windowMs)} is too long with scope: fleet: the fleet soon forgets which slots were started`,
      { hint: 'write catchup_window: 24h, or less' },
    )
  }
}

function hasNoZone(text: string): boolean {
  return (
    ['@every', '@reboot'].includes(nicknameOf(text)) ||
    /^\s*@at\s.*(?:z|[+-]\d\d:\d\d)\s*$/i.test(text)
  )
}

function nicknameOf(text: string): string {
  return /^\s*(@\w+)/.exec(text)?.[1]?.toLowerCase() ?? ''
}

/** A `max_per_host` of the defaults is for tasks with any `max`, so it may be the greater one. */
function checkMax(source: Source, path: KeyPath, { own, settings }: ScopedTask): void {
  const { max = 1, max_per_host: perHost = 1 } = settings
  const isMeant = own.max_per_host !== undefined || own.max === undefined
  if (isMeant && perHost > max) {
    source.report(
      writtenIn(source, path, ['max_per_host', 'scope']),
      `max_per_host: ${perHost} is more than max: ${max}, which counts all machines`,
      { hint: 'raise max, or lower max_per_host' },
    )
  }
  if (max === Infinity && own.on_lost === 'rerun') {
    const message = 'has no effect with max: unlimited: only a run that counts for max is missed'
    const hint = 'set max to a number'
    source.report([...path, 'on_lost'], message, { hint, severity: 'warning' })
  }
  if (max === Infinity && own.fence !== undefined && own.fence !== 'off') {
    const message = 'has no effect with max: unlimited: only a run that counts for max is fenced'
    const hint = 'set max to a number'
    source.report([...path, 'fence'], message, { hint, severity: 'warning' })
  }
}

/** Addresses are left out: which machine of `hosts` has which address is not known. */
function warnAboutPrefer(source: Source, path: KeyPath, task: ScopedTask): void {
  const { hosts } = task.settings
  if (hosts === undefined || hosts === nowhere || !hasOnlyNames(hosts)) return
  for (const [at, rule] of (task.checked.prefer ?? []).entries()) {
    if (rule === nowhere || !hasOnlyNames(rule) || canMeet(hosts, rule)) continue
    const message = `no machine of hosts matches ${JSON.stringify(task.own.prefer?.[at])}`
    const hint = 'prefer only orders the machines of hosts'
    source.report([...path, 'prefer', at], message, { hint, severity: 'warning' })
  }
}

function hasOnlyNames({ some, none }: HostRule): boolean {
  return [...some, ...none].every(({ kind }) => kind !== 'network')
}

/** The first of these keys that the task itself has; what it inherits is reported at the last one. */
function writtenIn(source: Source, path: KeyPath, keys: readonly string[]): KeyPath {
  const written = keys.find((key) => source.has([...path, key]))
  return [...path, written ?? keys.at(-1) ?? '']
}
