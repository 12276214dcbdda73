import path from 'node:path'
import { exitStatus, TorchError } from '../../errors.ts'
import { acceptable, type FleetLogin, type FleetSettings, shares } from '../../fleet/settings.ts'
import { nearest } from '../../text/suggest.ts'
import type { PathBase } from './option.ts'

/** The section `fleet` of a config file, as it is written. */
export interface FleetSection {
  readonly file: string
  readonly base: PathBase
  readonly value: unknown
}

const keys = [
  ...(['name', 'servers', 'user', 'password_file', 'token_file', 'creds', 'nkey_file'] as const),
  ...(['tls', 'host', 'accept', 'share', 'monitor'] as const),
]
const tlsKeys = ['ca', 'cert', 'key'] as const

/** More servers than any fleet has. */
const maxServers = 32

const sample = 'fleet: { name: prod, servers: [nats://db1:4222] }'
const secretHint =
  'a password or token stands in a file of its own: use user and password_file, token_file, creds or nkey_file'

/** What people write for a key, and what it is called. */
const synonyms: Readonly<Record<string, string>> = {
  ...{ server: 'servers', url: 'servers', urls: 'servers', hostname: 'host' },
  ...{ credentials: 'creds', creds_file: 'creds', username: 'user', nkey: 'nkey_file' },
}

/**
 * Checks the section. `machine` is the name of this machine. Throws TorchError `bad-config`, which names the
 * file and the key. The files with secrets are read only for a connection.
 */
export function fleetSettings(section: FleetSection, machine: string): FleetSettings {
  const values = mapOf(section, 'fleet', section.value, keys)
  const login = loginOf(section, values)
  const tls =
    values['tls'] == null ? undefined : mapOf(section, 'fleet.tls', values['tls'], tlsKeys)
  const [ca, cert, key] = tlsKeys.map((name) => pathOf(section, `tls.${name}`, tls?.[name]))
  if ((cert === undefined) !== (key === undefined))
    throw refusal(section, 'tls', 'cert and key belong together', 'set both, or none of them')
  return {
    name: nameOf(section, values['name']),
    servers: serversOf(section, values['servers']),
    login,
    tls: tls && { ca, cert, key },
    host: textOf(section, 'host', values['host'] ?? machine, hostPattern, hostHint) ?? machine,
    accept: choicesOf(section, 'accept', values['accept'], acceptable),
    share: choiceOf(section, 'share', values['share'], shares) ?? 'problems',
    monitor: monitorOf(section, values['monitor']),
  }
}

/** Only the name of the fleet: the section may be missing, or name no server yet. */
export function fleetName(section: FleetSection | undefined): string {
  if (section === undefined) return defaultName
  return nameOf(section, mapOf(section, 'fleet', section.value, keys)['name'])
}

const defaultName = 'torch'

function nameOf(section: FleetSection, value: unknown): string {
  return textOf(section, 'name', value, namePattern, nameHint) ?? defaultName
}

const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/
const nameHint = 'a name has up to 32 lower-case letters, digits and hyphens, such as prod'
export const hostPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/
export const hostHint = 'a name of a machine has letters, digits, dots, hyphens and underscores'

function mapOf(
  section: FleetSection,
  name: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const key = name.replace(/^fleet\.?/, '')
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal(section, key, 'expected a map', `such as ${sample}`)
  const odd = Object.keys(value).find((each) => !known.includes(each))
  if (odd === undefined) return { ...value }
  const isSecret = ['password', 'pass', 'token', 'secret', 'seed'].includes(odd)
  const near = (name === 'fleet' ? synonyms[odd] : undefined) ?? nearest(odd, known)
  const allKeys = `the keys are ${known.join(', ')}`
  const hint = isSecret ? secretHint : near === undefined ? allKeys : `did you mean "${near}"?`
  throw refusal(section, key, `unknown key "${odd}"`, hint)
}

function textOf(
  section: FleetSection,
  key: string,
  value: unknown,
  pattern: RegExp,
  hint: string,
): string | undefined {
  if (value == null) return undefined
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !pattern.test(text))
    throw refusal(section, key, `not a valid value: ${JSON.stringify(value)}`, hint)
  return text
}

/** `~` and relative paths, as for the options. */
function pathOf(section: FleetSection, key: string, value: unknown): string | undefined {
  const written = textOf(section, key, value, /^[^\n]{1,4096}$/, 'expected the path of a file')
  if (written === undefined) return undefined
  const { folder, userHome } = section.base
  const full = written.startsWith('~/') ? userHome + written.slice(1) : written
  return path.resolve(folder, full)
}

function serversOf(section: FleetSection, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : value == null ? [] : [value]
  const hint = 'such as servers: [nats://db1:4222, nats://db2:4222]'
  if (list.length === 0) throw refusal(section, 'servers', 'names no server', hint)
  if (list.length > maxServers)
    throw refusal(section, 'servers', `names more than ${maxServers} servers`, hint)
  return list.map((each) => serverOf(section, each, hint))
}

function serverOf(section: FleetSection, value: unknown, hint: string): string {
  const written = typeof value === 'string' ? value : ''
  const full = written.includes('://') ? written : `nats://${written}`
  // A scheme that is not special: the URL class checks neither host nor port of it.
  const web = full.replace(/^\w+:/, 'http:')
  if (written === '' || !URL.canParse(web))
    throw refusal(section, 'servers', `not a server: ${JSON.stringify(value)}`, hint)
  const { username, password, pathname, search, hash } = new URL(web)
  // BEFORE anything that shows the URL.
  if (username !== '' || password !== '')
    throw refusal(section, 'servers', 'a URL has a user or a secret', secretHint)
  if (!/^(?:nats|tls):\/\//.test(full) || pathname !== '/' || search !== '' || hash !== '')
    throw refusal(section, 'servers', `not the URL of a NATS server: ${written}`, hint)
  return full.replace(/\/$/, '')
}

function loginOf(section: FleetSection, values: Readonly<Record<string, unknown>>): FleetLogin {
  const file = (key: string) => pathOf(section, key, values[key])
  const user = textOf(section, 'user', values['user'], /^\S{1,256}$/, 'expected the name of a user')
  const found: FleetLogin[] = []
  const password = file('password_file')
  if ((user === undefined) !== (password === undefined))
    throw refusal(
      section,
      user === undefined ? 'password_file' : 'user',
      'user and password_file belong together',
      'set both, or none of them',
    )
  if (user !== undefined && password !== undefined)
    found.push({ kind: 'password', user, file: password })
  for (const kind of ['token', 'creds', 'nkey'] as const) {
    const of = file(kind === 'creds' ? kind : `${kind}_file`)
    if (of !== undefined) found.push({ kind, file: of })
  }
  if (found.length > 1)
    throw refusal(
      section,
      '',
      'has more than one login',
      'keep one: user and password_file, token_file, creds or nkey_file',
    )
  return found[0] ?? { kind: 'none' }
}

function choicesOf<T extends string>(
  section: FleetSection,
  key: string,
  value: unknown,
  choices: readonly T[],
): readonly T[] {
  if (value == null) return choices
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.flatMap((each) => choiceOf(section, key, each, choices) ?? [])
}

function choiceOf<T extends string>(
  section: FleetSection,
  key: string,
  value: unknown,
  choices: readonly T[],
): T | undefined {
  if (value == null) return undefined
  const found = choices.find((each) => each === value)
  if (found !== undefined) return found
  const near = typeof value === 'string' ? nearest(value, choices) : undefined
  const message = `expected one of ${choices.join(', ')}; got ${JSON.stringify(value)}`
  const all = key === 'accept' ? 'accept: [] takes no commands of others' : `${key}: ${choices[0]}`
  throw refusal(section, key, message, near === undefined ? all : `did you mean "${near}"?`)
}

function monitorOf(section: FleetSection, value: unknown): string | undefined {
  const hint = 'the monitoring port of a server, such as http://db1:8222'
  const url = textOf(section, 'monitor', value, /^https?:\/\/[^\s@]+$/, hint)
  if (url !== undefined && !URL.canParse(url))
    throw refusal(section, 'monitor', `not a valid value: ${JSON.stringify(value)}`, hint)
  return url
}

function refusal({ file }: FleetSection, key: string, message: string, hint: string): TorchError {
  const place = key === '' ? 'fleet' : `fleet.${key}`
  return new TorchError('bad-config', `${file}: ${place}: ${message}`, {
    ...{ exit: exitStatus.usage, hint },
  })
}
