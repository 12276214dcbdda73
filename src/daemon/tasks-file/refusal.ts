import { messageOf } from '../../errors.ts'
import type { FileFacts } from '../../host/files.ts'
import { hasCode } from '../../host/system-error.ts'
import type { Host } from '../../host/host.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { shellQuoted } from '../../text/shell-quote.ts'

export interface Refusal {
  readonly message: string
  readonly hint?: string
}

export const notThere: Refusal = {
  message: 'is not there',
  hint: 'bring it there; --tasks F names another',
}

/** Why a file, as it is `shown`, is not read at all: what it is, how large, and who could have written it. */
export function refusalOf(
  host: Host,
  file: string,
  facts: FileFacts | undefined,
  shown: string,
): Refusal | undefined {
  if (facts === undefined) {
    const target = host.files.readLink(file)
    return target === undefined
      ? notThere
      : { ...notThere, message: `is a link to ${target}, which is not there` }
  }
  if (facts.kind === 'other') return { message: 'is neither a file nor a directory' }
  if (facts.kind === 'file' && facts.size > maxFileBytes) return tooLargeFile(facts.size)
  if (host.processes.uid === 0 && writableByOthers(facts))
    return {
      message: 'others may write it, and a daemon of root would run what they write',
      hint: `take that right from them: chmod go-w ${shellQuoted(shown)}`,
    }
  return undefined
}

/** Looked at each second, and each by itself. */
const maxFiles = 1_000

/** Why the files of a directory are not read: all of them together are one tasks file. */
export function folderRefusal(host: Host, files: readonly string[]): Refusal | undefined {
  if (files.length === 0) return emptyFolder
  if (files.length > maxFiles)
    return { message: `${files.length} files are in it; at most ${maxFiles} are read` }
  const bytes = files.reduce((sum, file) => sum + (host.files.facts(file)?.size ?? 0), 0)
  return bytes <= maxFileBytes ? undefined : tooLargeFolder(bytes)
}

export const emptyFolder: Refusal = { message: 'no *.yaml or *.yml file is in this directory' }

export function tooLargeFile(bytes: number): Refusal {
  return { message: `has ${bytes} bytes; at most ${maxFileBytes} are read` }
}

export function tooLargeFolder(bytes: number): Refusal {
  return {
    message: `the files in it have ${bytes} bytes together; at most ${maxFileBytes} are read`,
  }
}

/** What the system says to who reads a file. */
export function readRefusal(error: unknown): Refusal {
  if (hasCode(error, 'ELOOP'))
    return { message: 'is a symbolic link that leads in a circle', hint: 'make it lead to a file' }
  const denied = hasCode(error, 'EACCES', 'EPERM')
  return { message: denied ? `may not be read: ${messageOf(error)}` : messageOf(error) }
}

/** An error of a file as a whole. */
export function fileProblem(file: string, message: string, hint: string | null = null): Problem {
  return {
    severity: 'error',
    file,
    line: null,
    column: null,
    path: '',
    message,
    hint,
    source: null,
  }
}

/** Group root is root; any other group, and the world, are others. */
function writableByOthers(facts: FileFacts): boolean {
  return (facts.mode & 0o002) !== 0 || ((facts.mode & 0o020) !== 0 && facts.gid !== 0)
}
