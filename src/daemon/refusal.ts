import type { FileFacts, Host } from '../host/host.ts'
import { maxFileBytes } from '../tasks/parse.ts'
import type { Problem } from '../tasks/problem.ts'

export interface Refusal {
  readonly message: string
  readonly hint?: string
}

/** Why a file, as it is `shown`, is not read at all: what it is, how large, and who could have written it. */
export function refusalOf(
  host: Host,
  facts: FileFacts | undefined,
  shown: string,
): Refusal | undefined {
  if (facts === undefined)
    return { message: 'is not there', hint: 'bring it there; --tasks F names another' }
  if (facts.kind === 'other') return { message: 'is neither a file nor a directory' }
  if (facts.kind === 'file' && facts.size > maxFileBytes) return tooLargeFile(facts.size)
  if (host.processes.uid === 0 && writableByOthers(facts))
    return {
      message: 'others may write it, and a daemon of root would run what they write',
      hint: `take that right from them: chmod go-w ${shown}`,
    }
  return undefined
}

/** Why the files of a directory are not read: all of them together are one tasks file. */
export function sizeRefusal(host: Host, files: readonly string[]): Refusal | undefined {
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
