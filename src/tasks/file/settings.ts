import { isZone, zoneHint } from '../../schedule/zone-names.ts'
import { type HostFacts, type HostRule, matchHosts } from '../hosts.ts'
import { type MachineBounds, limitsOverBounds } from '../machine-bounds.ts'
import { whyTooLong } from './argument-length.ts'
import { parseEnvFile } from './env-file.ts'
import type { KeyPath } from './key-path.ts'
import { checkNotify, type TargetNames } from './notify-checks.ts'
import { checkPools, type Pools } from './pools.ts'
import { type Groups, nowhere, resolveHosts, resolveTiers } from './resolve-hosts.ts'
import type { SettingsInput } from './schema.ts'
import { type Calendars, checkLimits } from './slot-limits.ts'
import type { Source } from './source.ts'
import { checkParts } from './type-checks.ts'

/** What reading a tasks file needs to know about the machine. */
export interface TasksFacts {
  /** The machine's own time zone, for schedules of a file without one. */
  readonly zone: string
  /** The variable TZ of the machine if it is not a time zone. Then `zone` is UTC. */
  readonly ignoredZone?: string | undefined
  /** Short host name. `H` in a schedule is hashed from it and the name of the task. */
  readonly host: string
  /** Matched with `hosts:`, because accounts and files must exist only where a task runs. */
  readonly machine: HostFacts
  /** What it lets its runs have. */
  readonly bounds: MachineBounds
  /** Why it cannot open sockets for its tasks; undefined if it can, or if nobody has looked. */
  readonly whyNoListen?: string | undefined
  /** Whether runs may have another user than the daemon, that is, whether it runs as root. */
  readonly mayChangeUser: boolean
  /** Whether the machine has that user or group, by name or number. */
  isAccount(kind: 'user' | 'group', nameOrId: string): boolean
  /** The text of an env_file. Here it is only checked. */
  readEnvFile(absolutePath: string, user: string | undefined): EnvFileText
  /** The text of a file of a calendar. */
  readCalendar(absolutePath: string): ReadText
  /** The second in which the file is read, for warnings about what is over; undefined: there are none. */
  readonly now?: number | undefined
  /** Why the headers for scripts cannot be read from a file on this machine; undefined if they can. */
  whyNoHeaders(absolutePath: string): string | undefined
  /** A short digest of a text, which becomes the definition of a task. */
  digest(text: string): string
  /** The SHA-256 sum of a text, in hexadecimal digits. */
  sha256(text: string): string
  /** Absolute. A relative `cwd` or `env_file` starts from this folder. */
  readonly folder: string
}

export type ReadText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string }

/** The text of an env_file, read with the rights of the user that the task runs as. */
type EnvFileText = ReadText & {
  /** That user is not the daemon's own, and may break the file at any time. */
  readonly isForOther?: boolean
}

/** The checked settings of a task or of the defaults, with hosts and paths resolved. */
export interface Settings extends Omit<SettingsInput, 'hosts' | 'prefer'> {
  readonly hosts?: HostRule | undefined
  readonly prefer?: readonly HostRule[]
  /** As written. */
  readonly hostEntries?: readonly string[]
  readonly preferEntries?: readonly string[]
  readonly writtenCwd?: string
  readonly writtenEnvFile?: string | undefined
}

/**
 * Checks what the schema cannot: whether a zone, a group or a file exists. A problem is reported
 * where the value is written, so a problem in the defaults is reported only once.
 */
export function checkSettings(
  source: Source,
  path: KeyPath,
  input: SettingsInput,
  {
    facts,
    groups,
    defaultHosts,
    defaultUser,
    targets,
    calendars,
    pools,
  }: {
    readonly facts: TasksFacts
    readonly groups: Groups
    readonly defaultHosts?: HostRule | undefined
    readonly defaultUser?: string | undefined
    readonly targets: TargetNames
    readonly calendars: Calendars | 'unclear'
    readonly pools: Pools | 'unclear'
  },
): Settings {
  const { hosts: entries, prefer: tiers, cwd, env_file: envFile, ...rest } = input
  // After a mistake in these two it is not known where the task runs, so nothing else is checked here.
  const isWrong = (['hosts', 'enabled'] as const).some(
    (key) => input[key] === undefined && source.has([...path, key]),
  )
  const resolved = entries && resolveHosts(source, [...path, 'hosts'], entries, groups)
  const hosts = isWrong ? nowhere : resolved
  const isHere = input.enabled !== false && matchHosts(hosts ?? defaultHosts, facts.machine)
  if (input.timezone !== undefined) checkZone(source, [...path, 'timezone'], input.timezone)
  for (const key of ['user', 'group'] as const) {
    if (input[key] !== undefined && isHere && !facts.mayChangeUser) {
      source.report([...path, key], `only a daemon that runs as root can change the ${key}`)
    }
  }
  if (isHere) warnAboutLimits(source, [...path, 'limits'], input.limits ?? {}, facts)
  checkVariables(source, [...path, 'env'], input.env ?? {})
  checkParts(source, path, input)
  checkLimits(source, path, input, calendars)
  checkPools(source, [...path, 'pool'], input.pool, pools)
  checkNotify(source, [...path, 'notify'], input.notify, targets)
  const absolute = (key: string, written: string): string | undefined =>
    resolveFile(source, [...path, key], written, facts.folder)
  const envPath = envFile === undefined ? undefined : absolute('env_file', envFile)
  const user = input.user ?? defaultUser
  if (envPath !== undefined && isHere)
    checkEnvFile(source, [...path, 'env_file'], { file: envPath, user }, facts)
  return {
    ...rest,
    ...(cwd !== undefined && { cwd: absolute('cwd', cwd), writtenCwd: cwd }),
    ...(envPath !== undefined && { env_file: envPath, writtenEnvFile: envFile }),
    ...(hosts && { hosts, hostEntries: entries ?? [] }),
    ...(tiers && {
      prefer: resolveTiers(source, [...path, 'prefer'], tiers, groups),
      preferEntries: tiers,
    }),
  }
}

/** Only a warning, because the bounds of the daemon may differ from those of whoever validates the file. */
function warnAboutLimits(
  source: Source,
  path: KeyPath,
  limits: NonNullable<SettingsInput['limits']>,
  { bounds }: TasksFacts,
): void {
  const hint = 'lower it, or raise what the machine allows; until then the runs cannot start'
  for (const { key, problem } of limitsOverBounds(limits, bounds.limits))
    source.report([...path, key], problem, { hint, severity: 'warning' })
}

function checkVariables(
  source: Source,
  path: KeyPath,
  variables: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    const problem = whyTooLong(name, value)
    const hint = 'put it in a file, and give the command the path of the file'
    if (problem !== undefined) source.report([...path, name], problem, { hint })
  }
}

/** Whether there is such a time zone. If not, it is reported, with what to write instead. */
export function checkZone(source: Source, path: KeyPath, zone: string): boolean {
  if (isZone(zone)) return true
  const hint = zoneHint(zone, source.nearest)
  source.report(path, `unknown time zone ${JSON.stringify(zone)}`, { hint })
  return false
}

/** The absolute path of a file that is named in the file; undefined, and reported, with a `~`. */
export function resolveFile(
  source: Source,
  path: KeyPath,
  written: string,
  folder: string,
): string | undefined {
  if (!written.startsWith('~')) return resolvePath(folder, written)
  const hint = 'write the absolute path; only a shell expands ~'
  source.report(path, `expected a path without ~; got ${JSON.stringify(written)}`, { hint })
  return undefined
}

/** The absolute path, without `.`, `..` and empty parts. A relative one is within `folder`. */
export function resolvePath(folder: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${folder}/${path}`
  const parts: string[] = []
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/**
 * Reports what is wrong with an env_file. For the task of another user it is only a warning, because that user
 * could otherwise have the whole tasks file refused.
 */
export function checkEnvFile(
  source: Source,
  path: KeyPath,
  { file, user }: { readonly file: string; readonly user: string | undefined },
  facts: TasksFacts,
): void {
  const read = facts.readEnvFile(file, user)
  const severity = read.isForOther === true ? 'warning' : 'error'
  const report = (words: string): void =>
    source.report(path, `cannot be used: ${words}`, { severity })
  if (!read.ok) return report(`${file}: ${read.message}`)
  for (const { line, message } of parseEnvFile(read.text).problems)
    report(`${file}:${line}: ${message}`)
}
