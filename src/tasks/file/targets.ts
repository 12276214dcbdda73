import { type Heartbeat, pingEvents, type PingTarget, type Secret, type Target } from '../notify.ts'
import { showKind } from './expected.ts'
import { isMap, type KeyPath, valueAt } from './key-path.ts'
import { maxUrlChars } from './limits.ts'
import type { HeartbeatInput, PingInput, SecretInput, TargetInput } from './notification-values.ts'
import { resolveFile } from './settings.ts'
import type { Source } from './source.ts'
import { isMisspelt } from './validate.ts'

const kinds = ['webhook', 'mail', 'command'] as const

/** The keys that only one kind of target has. */
const ownKeys: Readonly<Record<string, (typeof kinds)[number]>> = {
  format: 'webhook',
  from: 'mail',
  smtp: 'mail',
  password: 'mail',
  password_file: 'mail',
}

/** Reads a target, and reports what is wrong with it; undefined if it cannot be used. */
export function readTarget(
  source: Source,
  name: string,
  input: TargetInput,
  folder: string,
): Target | undefined {
  const path = ['notify', name]
  const given = kinds.filter((kind) => input[kind] !== undefined)
  const [kind] = given
  if (kind === undefined || given.length > 1) {
    if (kinds.some((each) => isMisspelt(source, [...path, each]))) return undefined
    const got = given.length === 0 ? 'none of them' : given.join(' and ')
    const hint = given.length > 1 ? 'write a target of its own for each' : null
    source.report(path, `expected webhook, mail or command; got ${got}`, { hint })
    return undefined
  }
  for (const [key, only] of Object.entries(ownKeys)) {
    const at = [...path, key]
    if (only !== kind && source.has(at)) source.report(at, `only a ${only} has ${key}`)
  }
  if (kind === 'command') return { name, kind, command: wordsOf(input.command) }
  if (kind === 'mail') return readMail(source, path, input, folder)
  const url = readSecret(source, [...path, 'webhook'], input.webhook, { folder, schemes: web })
  return url === undefined ? undefined : { name, kind, url, format: input.format ?? 'json' }
}

/** Text is for the shell. */
function wordsOf(command: TargetInput['command'] = []): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command
}

function readMail(
  source: Source,
  path: KeyPath,
  input: TargetInput,
  folder: string,
): Target | undefined {
  const { mail: to = [], from, password_file: file } = input
  const smtp = readSecret(source, [...path, 'smtp'], input.smtp, { folder, schemes: mailSchemes })
  const own = readSecret(source, [...path, 'password'], input.password, { folder })
  const where = resolvedFile(source, [...path, 'password_file'], file, folder)
  if (own !== undefined && file !== undefined)
    source.report([...path, 'password_file'], 'the password is given twice: remove one of them')
  if (typeof own === 'string')
    source.report([...path, 'password'], 'everybody who can read this file knows the password', {
      hint: 'write password_file: /etc/torch/mail-password, or password: { env: NAME }',
      severity: 'warning',
    })
  if ((own !== undefined || file !== undefined) && input.smtp === undefined)
    source.report([...path, 'smtp'], 'a password is only for a server: expected smtp; got nothing')
  const password = own ?? (where === undefined ? null : { file: where })
  return {
    name: String(path.at(-1)),
    kind: 'mail',
    to,
    from: from ?? null,
    smtp: smtp ?? null,
    password,
  }
}

interface SecretOptions {
  readonly folder: string
  /** The beginnings that a URL may have; undefined: it is no URL. */
  readonly schemes?: RegExp
}

const web = /^https?:\/\//i
const mailSchemes = /^smtps?:\/\//i

/** Reads a text that may be outside of the file, and reports what is wrong with it. */
function readSecret(
  source: Source,
  path: KeyPath,
  input: SecretInput | undefined,
  { folder, schemes }: SecretOptions,
): Secret | undefined {
  if (input === undefined) return undefined
  if (typeof input !== 'string') return readOutside(source, path, input, folder)
  if (schemes !== undefined && !isGoodUrl(source, path, input, schemes)) return undefined
  return input
}

function readOutside(
  source: Source,
  path: KeyPath,
  { file, env }: Exclude<SecretInput, string>,
  folder: string,
): Secret | undefined {
  if (env !== undefined && file !== undefined) {
    source.report(path, 'expected file or env; got both')
    return undefined
  }
  if (env !== undefined) return { env }
  if (file === undefined) {
    const isSaid = ['file', 'env'].some((key) => isMisspelt(source, [...path, key]))
    if (!isSaid) source.report(path, 'expected file or env; got none of them')
    return undefined
  }
  const where = resolvedFile(source, [...path, 'file'], file, folder)
  return where === undefined ? undefined : { file: where }
}

function resolvedFile(
  source: Source,
  path: KeyPath,
  written: string | undefined,
  folder: string,
): string | undefined {
  return written === undefined ? undefined : resolveFile(source, path, written, folder)
}

/** The message does not show the URL: it may contain a token, and messages go into logs. */
function isGoodUrl(source: Source, path: KeyPath, text: string, schemes: RegExp): boolean {
  const wrong = (message: string, hint: string | null = null): boolean => {
    source.report(path, message, { hint })
    return false
  }
  const kind = schemes === web ? 'an http or https URL' : 'an smtp or smtps URL'
  if (text.length > maxUrlChars) return wrong(`expected a URL of at most ${maxUrlChars} characters`)
  // oxlint-disable-next-line no-control-regex
  if (!schemes.test(text) || !/^[^\s\\\0-\x20\x7f]+$/.test(text) || !URL.canParse(text))
    return wrong(`expected ${kind}; got ${showKind(text)}`, urlHint(text, schemes))
  const { password, username, hostname, port } = new URL(text)
  if (port === '0') return wrong(`expected ${kind}; got one with the port 0`, portHint)
  if (hostname === '') return wrong(`expected ${kind}; got one without a host`)
  if (schemes === web && (username !== '' || password !== ''))
    return wrong('expected a URL without a user name and password')
  if (password !== '')
    return wrong(
      'expected a URL without a password',
      'write it into a file: password_file: /etc/torch/mail-password',
    )
  return true
}

const portHint = 'a port is a number from 1 to 65535'

function urlHint(text: string, schemes: RegExp): string | null {
  const begin =
    schemes === web
      ? 'begin it with https://'
      : 'begin it with smtps://, or with smtp:// for STARTTLS'
  const variable = /^\$\{?(\w+)\}?$/.exec(text)?.[1]
  if (variable !== undefined) return `write { env: ${variable} } for a variable of the daemon`
  if (/^\/\S+$/.test(text)) return 'write { file: PATH } for a file that has it'
  if (/^[\w.-]+\.[a-z]{2,}(?::\d+)?(?:\/\S*)?$/i.test(text)) return begin
  if (!schemes.test(text)) return /^[a-z][a-z\d+.-]*:/i.test(text) ? begin : null
  if (/\s/.test(text)) return 'a URL has no spaces: write %20 for one'
  return /^\w+:\/\/[^/?#]*:[^/?#:\]]+(?:[/?#]|$)/.test(text) ? portHint : null
}

/** Reads the `ping` of the task at a path. */
export function readPing(
  source: Source,
  taskPath: KeyPath,
  input: PingInput | undefined,
  folder: string,
): PingTarget | undefined {
  if (input === undefined) return undefined
  const path = [...taskPath, 'ping']
  const { url, on, file, env } = input
  const isOutside = file !== undefined || env !== undefined
  if (url !== undefined && isOutside) {
    source.report(path, 'expected url, file or env; got more than one of them')
    return undefined
  }
  // `{ file }` and `{ env }` in place of the URL itself.
  const inner = isMap(valueAt(source.value, [...path])) && !isOutside ? [...path, 'url'] : path
  const written = isOutside ? { file, env } : url
  if (written === undefined) {
    if (isMisspelt(source, [...path, 'url'])) return undefined
    source.report(path, 'expected a URL; got nothing', {
      hint: 'write { url: URL, on: [start, ok, failed] }',
    })
    return undefined
  }
  const secret = readSecret(source, inner, written, { folder, schemes: web })
  if (secret === undefined) return undefined
  return { url: secret, form: on === undefined ? 'healthchecks' : 'plain', on: on ?? pingEvents }
}

/** Reads the `heartbeat` of the file. */
export function readHeartbeat(
  source: Source,
  { url, every }: HeartbeatInput,
  folder: string,
): Heartbeat | undefined {
  const inner = isMap(valueAt(source.value, ['heartbeat'])) ? ['heartbeat', 'url'] : ['heartbeat']
  if (url === undefined) {
    if (!isMisspelt(source, ['heartbeat', 'url']))
      source.report(['heartbeat'], 'expected a URL; got nothing')
    return undefined
  }
  const secret = readSecret(source, inner, url, { folder, schemes: web })
  return secret === undefined ? undefined : { url: secret, everyMs: every ?? defaultEveryMs }
}

const defaultEveryMs = 60_000

/** Reads the `web_url` of the file: without the `/` at its end. */
export function readPageUrl(source: Source, url: string): string | undefined {
  return isGoodUrl(source, ['web_url'], url, web) ? url.replace(/\/+$/, '') : undefined
}
