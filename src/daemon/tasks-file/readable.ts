import path from 'node:path'
import { messageOf } from '../../errors.ts'
import type { FileFacts } from '../../host/files.ts'
import type { Host } from '../../host/host.ts'
import { type OpenPlace, openToOthers } from '../../host/open-to-others.ts'
import { hasCode } from '../../host/system-error.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import { shellQuoted } from '../../text/shell-quote.ts'

/** The files of a tasks file: itself, or those of the directory in the order of their names. */
export function tasksFiles(host: Host, tasks: string): string[] {
  if (host.files.facts(tasks)?.kind !== 'directory') return [tasks]
  const names = host.files.list(tasks).filter(isTasksFile)
  return names.map((name) => path.join(tasks, name))
}

/** Whether torch reads a file with this name in a directory. */
export function isTasksFile(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name)
}

/** Why a file is not read at all. */
export interface Unreadable {
  readonly message: string
  readonly hint?: string
}

export const missing: Unreadable = {
  message: 'is not there',
  hint: 'create it, or name another file with --tasks',
}

/** Why a file (or directory) is not read: what it is, or its size. */
export function whyUnreadable(
  host: Host,
  file: string,
  facts: FileFacts | undefined,
): Unreadable | undefined {
  if (facts === undefined) {
    const target = host.files.readLink(file)
    return target === undefined
      ? missing
      : { ...missing, message: `is a link to ${target}, which is not there` }
  }
  if (facts.kind === 'other') return { message: 'is neither a file nor a directory' }
  if (facts.kind === 'file' && facts.size > maxFileBytes) return tooLargeFile(facts.size)
  return undefined
}

/**
 * Why a daemon that runs as root does not take a tasks file or directory: others may change what it runs.
 * The files of a directory may belong to its owner. undefined if they may not, and for any other user.
 */
export function whyOpen(
  host: Host,
  tasks: string,
  files: readonly string[],
  shown: string,
): (Unreadable & { readonly file: string }) | undefined {
  if (host.processes.uid !== 0) return undefined
  const owner = host.files.facts(tasks)?.uid ?? 0
  for (const file of new Set([tasks, ...files])) {
    const place = openToOthers(host, file, { owner })
    if (place !== undefined) return { file, ...openWords(place, shown + file.slice(tasks.length)) }
  }
  return undefined
}

/** What to say of a file, shown as `shown`, that others may change, and what to do. */
export function openWords(
  { path: place, part, why, uid }: OpenPlace,
  shown: string,
  isRoot = true,
): Unreadable {
  const who = why === 'owner' ? `user ${uid}` : 'other users'
  const what = part === 'itself' ? 'it' : `the folder ${place} and replace it`
  const effect = isRoot
    ? 'a daemon that runs as root would run what they write'
    : 'they decide what runs here'
  const target = shellQuoted(part === 'itself' ? shown : place)
  const hint =
    why === 'writable'
      ? `remove that permission: chmod go-w ${target}`
      : `move the file to a folder of its own user, or give it to root: chown root ${target}`
  return { message: `${who} can write ${what}, and ${effect}`, hint }
}

/** The daemon looks at each file once a second. */
const maxFiles = 1_000

/** Why the files of a directory are not read. Together they are one tasks file. */
export function whyUnreadableFolder(host: Host, files: readonly string[]): Unreadable | undefined {
  if (files.length === 0) return emptyFolder
  if (files.length > maxFiles)
    return { message: `contains ${files.length} files; torch reads at most ${maxFiles}` }
  const bytes = files.reduce((sum, file) => sum + (host.files.facts(file)?.size ?? 0), 0)
  return bytes <= maxFileBytes ? undefined : tooLargeFolder(bytes)
}

export const emptyFolder: Unreadable = {
  message: 'this directory contains no *.yaml or *.yml file',
}

export function tooLargeFile(bytes: number): Unreadable {
  return { message: `has ${bytes} bytes; torch reads at most ${maxFileBytes}` }
}

export function tooLargeFolder(bytes: number): Unreadable {
  return { message: `its files have ${bytes} bytes together; torch reads at most ${maxFileBytes}` }
}

/** What the system says when the file cannot be read. */
export function readError(error: unknown): Unreadable {
  if (hasCode(error, 'ELOOP'))
    return {
      message: 'is a symbolic link that leads back to itself',
      hint: 'make it point to a file',
    }
  const isDenied = hasCode(error, 'EACCES', 'EPERM')
  return { message: isDenied ? `cannot be read: ${messageOf(error)}` : messageOf(error) }
}
