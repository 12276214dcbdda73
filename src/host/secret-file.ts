import { messageOf } from '../errors.ts'
import type { Host } from './host.ts'

const maxSecretBytes = 8_192

/**
 * Reads a file with a secret. Throws with words that do not show it: a file that is missing, empty or cannot be
 * read, or that others may read if this process is root's.
 */
export function readSecretFile(
  { files, processes }: Pick<Host, 'files' | 'processes'>,
  file: string,
): string {
  const facts = files.facts(file)
  if (facts === undefined) throw new Error(`${file} does not exist`)
  if (processes.uid === 0) {
    if (facts.uid !== 0) throw new Error(`${file} belongs to another user: chown root ${file}`)
    const othersBits = facts.gid === 0 ? 0o037 : 0o077
    if ((facts.mode & othersBits) !== 0)
      throw new Error(`${file} can be read by others: chmod 600 ${file}`)
  }
  const text = readText(files, file)
  if (text === '') throw new Error(`${file} is empty`)
  return text
}

function readText(files: Host['files'], file: string): string {
  try {
    return files.readFile(file, maxSecretBytes)?.toString().trim() ?? ''
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** Only its first line: a file with one password may have notes below it. */
export function readSecretLine(host: Pick<Host, 'files' | 'processes'>, file: string): string {
  return (readSecretFile(host, file).split('\n')[0] ?? '').trim()
}
