import type { Host } from '../host/host.ts'
import { messageOf } from '../errors.ts'
import type { Secret } from '../tasks/notify.ts'

const maxSecretBytes = 8_192

/**
 * Reads a secret: now, because it may change while the daemon runs. Throws with words that do not show it:
 * a file that is missing or empty, or that others may read if this process is root's.
 */
export function readSecret(
  { files, processes }: Pick<Host, 'files' | 'processes'>,
  secret: Secret,
  variables: Readonly<Record<string, string | undefined>>,
): string {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const value = variables[secret.env]?.trim() ?? ''
    if (value === '')
      throw new Error(
        `the daemon has no variable ${secret.env}: set it, then stop and start the daemon`,
      )
    return value
  }
  const { file } = secret
  const facts = files.facts(file)
  if (facts === undefined) throw new Error(`${file} does not exist`)
  if (processes.uid === 0) {
    if (facts.uid !== 0) throw new Error(`${file} belongs to another user: chown root ${file}`)
    const othersBits = facts.gid === 0 ? 0o037 : 0o077
    if ((facts.mode & othersBits) !== 0)
      throw new Error(`${file} can be read by others: chmod 600 ${file}`)
  }
  const value = firstLine(files, file)
  if (value === '') throw new Error(`${file} is empty`)
  return value
}

function firstLine(files: Host['files'], file: string): string {
  try {
    const text = files.readFile(file, maxSecretBytes)?.toString() ?? ''
    return (text.trimStart().split('\n')[0] ?? '').trim()
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** The parts of URLs that may be secret, in a text of another side, become `…`. */
export function withoutSecrets(text: string, ...urls: readonly string[]): string {
  const parts = urls.flatMap((url) => secretParts(url)).toSorted((a, b) => b.length - a.length)
  return parts.reduce((rest, part) => rest.replaceAll(part, '…'), text)
}

const minSecretLength = 4

function secretParts(text: string): string[] {
  if (!URL.canParse(text)) return [text]
  const { href, host, hostname, pathname, search, searchParams, username, password } = new URL(text)
  const raw = [
    ...[href, host, hostname, pathname, search, username, password],
    ...pathname.split('/'),
    ...searchParams.values(),
  ]
  return [text, ...raw.flatMap((part) => [part, quietDecode(part)])].filter(
    (part) => part.length >= minSecretLength,
  )
}

function quietDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
