import path from 'node:path'
import { messageOf } from '../../errors.ts'
import type { FileFacts } from '../../host/files.ts'
import type { Host } from '../../host/host.ts'
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

/** Why a file (or directory) is not read: what it is, its size, or who can write it. */
export function whyUnreadable(
  host: Host,
  file: string,
  facts: FileFacts | undefined,
  shown: string,
): Unreadable | undefined {
  if (facts === undefined) {
    const target = host.files.readLink(file)
    return target === undefined
      ? missing
      : { ...missing, message: `is a link to ${target}, which is not there` }
  }
  if (facts.kind === 'other') return { message: 'is neither a file nor a directory' }
  if (facts.kind === 'file' && facts.size > maxFileBytes) return tooLargeFile(facts.size)
  if (host.processes.uid === 0 && isWritableByOthers(facts))
    return {
      message: 'other users can write it, and a daemon that runs as root would run what they write',
      hint: `remove that permission: chmod go-w ${shellQuoted(shown)}`,
    }
  return undefined
}

/** A group of root is trusted like root. Any other group, and the world, are other users. */
function isWritableByOthers(facts: FileFacts): boolean {
  return (facts.mode & 0o002) !== 0 || ((facts.mode & 0o020) !== 0 && facts.gid !== 0)
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
