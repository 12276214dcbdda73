import type { Host } from '../host/host.ts'
import { readSecretLine } from '../host/secret-file.ts'
import type { Secret } from '../tasks/notify.ts'

/**
 * Reads a secret: now, because it may change while the daemon runs. Throws with words that do not show it:
 * a file that is missing or empty, or that others may read if this process is root's.
 */
export function readSecret(
  host: Pick<Host, 'files' | 'processes'>,
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
  return readSecretLine(host, secret.file)
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
