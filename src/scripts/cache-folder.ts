import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Host } from '../host/host.ts'
import { openToOthers } from '../host/open-to-others.ts'
import { isAlive } from '../host/processes.ts'
import { messageOf } from '../errors.ts'
import { quietly } from '../host/system-error.ts'
import { headBytes, isProgram } from './content.ts'
import { recordsFolder } from './url-records.ts'

/** A copy of a script whose content was compared with its name. */
export interface CheckedCopy {
  readonly path: string
  readonly bytes: number
  /** Begins with `#!` or is an ELF program. */
  readonly isProgram: boolean
}

/**
 * The cache folder. `<folder>/<sha256>` is a copy of a script: its name is the sum of its content, so a
 * new version is another file, and what runs never changes.
 */
export interface CacheFolder {
  readonly folder: string
  /**
   * Why the folder must not be used: whoever can write it can run programs as the users of the tasks.
   * undefined if it may be used, or does not exist yet.
   */
  refusal(): string | undefined
  /** A copy that was checked before and has not been touched since: a few system calls. */
  checked(sha256: string): CheckedCopy | undefined
  /** Reads the copy and compares it with its name. A damaged one is removed, and undefined. */
  check(sha256: string): Promise<CheckedCopy | undefined>
  /** The path of a new temporary file. The folder exists when this returns. Throws, also if the folder is refused. */
  temporaryFile(): string
  /** Makes a temporary file, whose content has this sum, a copy. Throws. */
  keep(temporary: string, sha256: string): CheckedCopy
  /** The sums of all copies. */
  sums(): string[]
  /** A copy that is there, without a look at its content; `storedMs` is since the epoch. */
  find(sha256: string): { path: string; bytes: number; storedMs: number } | undefined
  remove(sha256: string): void
  /** Removes the temporary files of processes that are gone. */
  removeLeftovers(): void
}

const folderMode = 0o755
/** Nobody writes it, and tasks with `user:` may read and execute it. */
const copyMode = 0o555

/** Where scripts are kept if nothing else is set. Not in the home, which only the daemon's user may enter. */
export function defaultCacheFolder(host: Host): string {
  if (host.processes.uid === 0) return '/var/cache/torch'
  const given = process.env['XDG_CACHE_HOME'] ?? ''
  const base = path.isAbsolute(given) ? given : path.join(host.accounts.self().home, '.cache')
  return path.join(base, 'torch')
}

export function openCacheFolder(host: Host, folder: string): CacheFolder {
  const { files, processes } = host
  const marks = new Map<string, { readonly mark: string; readonly copy: CheckedCopy }>()
  const fileOf = (sha256: string): string => path.join(folder, sha256)
  function note(sha256: string): CheckedCopy | undefined {
    const file = fileOf(sha256)
    const mark = markOf(files, file)
    if (mark === undefined) return undefined
    const head = files.readBytes(file, 0, headBytes)
    const bytes = files.facts(file)?.size ?? 0
    const copy = { path: file, bytes, isProgram: isProgram(head) }
    marks.set(sha256, { mark, copy })
    return copy
  }

  return {
    folder,
    refusal: () => whyUnsafe(host, folder),
    checked(sha256) {
      const known = marks.get(sha256)
      return known !== undefined && known.mark === markOf(files, known.copy.path)
        ? known.copy
        : undefined
    },
    async check(sha256) {
      const file = fileOf(sha256)
      const before = markOf(files, file)
      if (before === undefined) return undefined
      if ((await sumOf(file)) === sha256 && markOf(files, file) === before) return note(sha256)
      files.remove(file)
      return undefined
    },
    temporaryFile() {
      makeFolder(host, folder)
      const why = whyUnsafe(host, folder)
      if (why !== undefined) throw new Error(why)
      const own = processes.identify(processes.pid)
      // Random: after a failed restart, this process may still have downloads from before it.
      const name = `${processes.pid}-${own?.startTicks ?? 0}-${randomUUID()}`
      const place = path.join(folder, 'tmp')
      files.makeDirectory(place)
      return path.join(place, name)
    },
    keep(temporary, sha256) {
      files.changeMode(temporary, copyMode)
      files.rename(temporary, fileOf(sha256))
      const copy = note(sha256)
      if (copy === undefined) throw new Error(`${fileOf(sha256)} was removed`)
      return copy
    },
    sums: () => files.list(folder).filter((name) => /^[0-9a-f]{64}$/.test(name)),
    find(sha256) {
      const file = fileOf(sha256)
      const facts = files.entryFacts(file)
      if (facts?.kind !== 'file') return undefined
      return { path: file, bytes: facts.size, storedMs: facts.mtimeMs }
    },
    remove(sha256) {
      marks.delete(sha256)
      files.remove(fileOf(sha256))
    },
    removeLeftovers() {
      const place = path.join(folder, 'tmp')
      for (const name of files.list(place)) {
        const [pid = 0, startTicks = 0] = name.split('-').map(Number)
        if (!isAlive(host, { pid, startTicks })) files.remove(path.join(place, name))
      }
    },
  }
}

/** Everything that changes when somebody touches the file; undefined unless it is a regular file that can be seen. */
function markOf(files: Host['files'], file: string): string | undefined {
  const facts = quietly(() => files.entryFacts(file))
  if (facts?.kind !== 'file') return undefined
  const { identity, size, mtimeMs, ctimeMs, mode, uid } = facts
  return [identity, size, mtimeMs, ctimeMs, mode, uid].join(' ')
}

/** In small steps: the whole of a large file would block the event loop. */
async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

function makeFolder({ files }: Host, folder: string): void {
  if (files.facts(folder) === undefined) {
    files.makeDirectory(folder, folderMode)
    // The umask of the daemon may have taken rights that tasks with `user:` need.
    files.changeMode(folder, folderMode)
  }
  files.makeDirectory(recordsFolder(folder))
}

function whyUnsafe(host: Host, folder: string): string | undefined {
  try {
    const facts = host.files.facts(folder)
    if (facts === undefined) return undefined
    if (facts.kind !== 'directory') return `${folder} is not a folder`
    if (facts.uid !== host.processes.uid)
      return `the cache folder ${folder} belongs to uid ${facts.uid}, not to the user of torch (uid ${host.processes.uid})`
    const open = openToOthers(host, folder)
    if (open === undefined) return undefined
    const why = open.why === 'owner' ? `belongs to uid ${open.uid}` : 'is writable by other users'
    return `the cache folder ${folder} is not safe: ${open.path} ${why}`
  } catch (error) {
    return `the cache folder ${folder} cannot be examined: ${messageOf(error)}`
  }
}
