import { isZone, zoneNames } from '../../schedule/timezone.ts'
import { checkEnvFile } from './env-file.ts'
import { resolvePath } from './file-path.ts'
import { type HostFacts, type HostRule, matchHosts } from '../hosts.ts'
import type { Path } from './key-path.ts'
import { type Groups, resolveHosts } from './resolve-hosts.ts'
import type { SettingsInput } from './schema.ts'
import type { Source } from './source.ts'

/** What the machine knows and a text does not. */
export interface TasksFacts {
  /** The machine's own zone: that of schedules where the file names none. */
  readonly zone: string
  /** Short host name: with the task's name it is what `H` in a schedule is hashed from. */
  readonly host: string
  /** What `hosts:` is matched with: an account or a file need be only where the task runs. */
  readonly machine: HostFacts
  /** Whether runs may have another user than the daemon: whether it is root. */
  readonly mayChangeUser: boolean
  /** Whether the machine knows that user or group, by name or number. */
  isAccount(kind: 'user' | 'group', nameOrId: string): boolean
  /** The text of an env_file, which is only checked here. */
  readEnvFile(absolutePath: string): { ok: true; text: string } | { ok: false; message: string }
  /** Short, and different for texts that are: what a definition is kept as. */
  digest(text: string): string
  /** Absolute; relative `cwd` and `env_file` are within it. */
  readonly folder: string
}

/** The keys that tasks and defaults share, checked: hosts and paths are resolved. */
export interface Settings extends Omit<SettingsInput, 'hosts'> {
  readonly hosts?: HostRule | undefined
  /** As written. */
  readonly hostEntries?: readonly string[]
}

/**
 * Checks what the form of a value cannot tell: whether there is such a zone, group, or file. All
 * that is wrong is told, at the place where it is written, so once for a default.
 */
export function checkSettings(
  source: Source,
  path: Path,
  input: SettingsInput,
  around: {
    readonly facts: TasksFacts
    readonly groups: Groups
    /** Of the defaults. */
    readonly hosts?: HostRule | undefined
  },
): Settings {
  const { facts, groups } = around
  const { hosts: entries, cwd, env_file: envFile, ...rest } = input
  const hosts = entries && resolveHosts(source, [...path, 'hosts'], entries, groups)
  const isHere = input.enabled !== false && matchHosts(hosts ?? around.hosts, facts.machine)
  if (input.timezone !== undefined) checkZone(source, [...path, 'timezone'], input.timezone)
  for (const key of ['user', 'group'] as const) {
    if (input[key] !== undefined && isHere && !facts.mayChangeUser) {
      source.tell([...path, key], `only a daemon that runs as root may change the ${key}`)
    }
  }
  const within = (key: string, written: string): string | undefined =>
    checkPath(source, [...path, key], written, facts.folder)
  const envPath = envFile === undefined ? undefined : within('env_file', envFile)
  if (envPath !== undefined && isHere) readEnvFile(source, [...path, 'env_file'], envPath, facts)
  return {
    ...rest,
    ...(cwd !== undefined && { cwd: within('cwd', cwd) }),
    ...(envPath !== undefined && { env_file: envPath }),
    ...(hosts && entries && { hosts, hostEntries: entries }),
  }
}

/** Tells it where there is no such zone, with the one that was probably meant. */
export function checkZone(source: Source, path: Path, zone: string): boolean {
  if (isZone(zone)) return true
  const hint = source.guess(zone, zoneNames()) ?? 'an IANA name, such as Europe/Berlin'
  source.tell(path, `unknown time zone ${JSON.stringify(zone)}`, { hint })
  return false
}

function checkPath(
  source: Source,
  path: Path,
  written: string,
  folder: string,
): string | undefined {
  if (!written.startsWith('~')) return resolvePath(folder, written)
  const hint = 'write the absolute path; ~ is only known to a shell'
  source.tell(path, `expected a path without ~; got ${JSON.stringify(written)}`, { hint })
  return undefined
}

function readEnvFile(source: Source, path: Path, file: string, facts: TasksFacts): void {
  const read = facts.readEnvFile(file)
  if (!read.ok) return source.tell(path, `cannot be used: ${file}: ${read.message}`)
  for (const { line, message } of checkEnvFile(read.text)) {
    source.tell(path, `cannot be used: ${file}:${line}: ${message}`)
  }
}
