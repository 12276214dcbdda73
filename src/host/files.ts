import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { readFile, readSome } from './read-file.ts'
import { systemCalls } from './system-calls.ts'
import { hasCode, orMissing } from './system-error.ts'

export interface FileFacts {
  /** `link` only in the facts of an entry: see entryFacts(). */
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly size: number
  /** What it takes on the disk: less than its size if it has holes. */
  readonly allocated: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Device and inode. Two paths with the same identity are one file. */
  readonly identity: string
}

/** What is left of a file system for users other than root, by statfs(2). */
interface FreeSpace {
  /** The magic number of the file system. */
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  /** 0 if the file system has no limit. */
  readonly inodes: number
}

/**
 * The files of the machine. Most functions are synchronous, because the files are small and the order of
 * writes matters. Errors are Node's own, with a `code`.
 */
export interface Files {
  /** undefined if there is no such file. Throws all other errors. */
  readText(path: string): string | undefined
  /**
   * The content of a regular file; undefined if there is none. Throws for anything else and for more
   * than `maxBytes`, with a message for a person. Never waits, not even for the writer of a pipe.
   */
  readFile(path: string, maxBytes: number): Buffer | undefined
  /** At most `limit` bytes from `offset`; an empty buffer at the end. */
  readBytes(path: string, offset: number | bigint, limit: number): Buffer
  /** Follows links; undefined if there is no such file. */
  facts(path: string): FileFacts | undefined
  /** The same without following a link: the facts of the link itself. */
  entryFacts(path: string): FileFacts | undefined
  /**
   * The access list of a file (acl(5)), as the kernel keeps it. Without the library koffi it is unknown.
   * Throws if the file cannot be examined.
   */
  accessList(path: string): Buffer | 'none' | 'unknown'
  /** Locks an open file for this process alone, without waiting: flock(2). undefined without the library koffi. */
  tryLock(descriptor: number): boolean | undefined
  /** Whether this process may write the file; false if it is missing or on a read-only mount. */
  mayWrite(path: string): boolean
  /** The free space of the file system that the path is on. Throws if there is no such path. */
  space(path: string): FreeSpace
  /** The path with all links resolved; undefined if there is no such file. */
  realPath(path: string): string | undefined
  /** The sorted names in a directory; empty if there is no such directory. */
  list(path: string): string[]
  /** The same unsorted and in small steps: 100,000 names at once would block the event loop. */
  listAsync(path: string): Promise<string[]>
  write(path: string, text: string, mode?: number): void
  /** Writes over the start of the file and keeps the rest: for a small record of constant length. */
  overwrite(path: string, text: string): void
  /** Adds to the end of a file. Throws if there is no such file. */
  append(path: string, text: string): void
  /** Writes a temporary file, syncs it unless told otherwise, and renames it over the path. */
  replace(path: string, text: string, options?: { mode?: number; sync?: boolean }): void
  /** Writes and syncs a large file without blocking the event loop. */
  writeAsync(path: string, content: string | Uint8Array): Promise<void>
  makeDirectory(path: string, mode?: number): void
  changeMode(path: string, mode: number): void
  /** Only root may choose any group; others one that they belong to. */
  changeGroup(path: string, gid: number): void
  /** Removes a file or a whole directory, if it is there. */
  remove(path: string): void
  /** Removes a file. Throws if it is gone already. */
  unlink(path: string): void
  rename(from: string, to: string): void
  /** The target of a symbolic link; undefined if there is none. */
  readLink(path: string): string | undefined
  /** Makes a symbolic link; false if the path exists. If two processes try, only one gets true. */
  claim(path: string, target: string): boolean
  /** Opens for appending, and creates the file. The caller closes it. */
  openAppend(path: string, mode?: number): number
  openRead(path: string): number
  /**
   * Reads a file, pipe or device, or standard input for `-`, to its end. Stops one byte after `limit`,
   * which shows that there is more.
   */
  readSome(path: string, limit: number): Promise<Buffer>
  /** Whether standard input is a pipe or a file, and so has an end. */
  isPiped(): boolean
  /** Replaces the middle of a file by a line, if the file is larger than its start and end together. */
  cutMiddle(path: string, startBytes: number, endBytes: number, line: string): Promise<void>
  /** Makes a file this long, and frees what is reserved for it behind that. */
  truncate(path: string, bytes: number): void
  close(descriptor: number): void
}

const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW } = fs.constants
/** torch writes only files that it makes itself, so it follows no link, which somebody else may have made. */
const writing = O_WRONLY | O_CREAT | O_NOFOLLOW

/** An error with its stack takes ten times as long. */
const missingIsFast = { throwIfNoEntry: false } as const

/** The real files. Node opens them close-on-exec, so no task inherits one. */
export const diskFiles: Files = {
  readText: (file) => orMissing(() => fs.readFileSync(file, 'utf8')),
  readFile,
  readBytes: (file, offset, limit) =>
    // Nobody may ever write into a named pipe, and to open it would wait for that.
    withOpen(fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK), (descriptor) => {
      const buffer = Buffer.allocUnsafe(limit)
      return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, limit, offset))
    }),
  facts(file) {
    const found = orMissing(() => fs.statSync(file, missingIsFast))
    return found && factsOf(found)
  },
  entryFacts(file) {
    const found = orMissing(() => fs.lstatSync(file, missingIsFast))
    return found && factsOf(found)
  },
  accessList(file) {
    const calls = systemCalls()
    return calls === undefined
      ? 'unknown'
      : (calls.attribute(file, 'system.posix_acl_access') ?? 'none')
  },
  tryLock: (descriptor) => systemCalls()?.tryLock(descriptor),
  mayWrite(file) {
    try {
      fs.accessSync(file, fs.constants.W_OK)
      return true
    } catch {
      return false
    }
  },
  space(file) {
    const { type, bsize, bavail, ffree, files } = fs.statfsSync(file)
    return { type, freeBytes: bsize * bavail, freeInodes: ffree, inodes: files }
  },
  realPath: (file) => orMissing(() => fs.realpathSync(file)),
  list: (folder) => orMissing(() => fs.readdirSync(folder).toSorted()) ?? [],
  listAsync,
  write: (file, text, mode = 0o600) =>
    withOpen(fs.openSync(file, writing | O_TRUNC, mode), (descriptor) =>
      fs.writeFileSync(descriptor, text),
    ),
  overwrite(file, text) {
    withOpen(fs.openSync(file, writing, 0o600), (descriptor) => fs.writeSync(descriptor, text, 0))
  },
  append(file, text) {
    withOpen(fs.openSync(file, O_WRONLY | O_APPEND | O_NOFOLLOW), (descriptor) =>
      fs.writeSync(descriptor, text),
    )
  },
  replace(file, text, { mode = 0o600, sync = true } = {}) {
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
    withOpen(fs.openSync(temporary, writing | O_TRUNC, mode), (descriptor) => {
      // Not writeSync: a disk that becomes full takes a part of the text without an error.
      fs.writeFileSync(descriptor, text)
      if (sync) fs.fsyncSync(descriptor)
    })
    fs.renameSync(temporary, file)
  },
  async writeAsync(file, content) {
    const handle = await fs.promises.open(file, writing | O_TRUNC, 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  makeDirectory,
  changeMode: (file, mode) => fs.chmodSync(file, mode),
  changeGroup: (file, gid) => fs.chownSync(file, -1, gid),
  remove: (file) => fs.rmSync(file, { recursive: true, force: true }),
  unlink: (file) => fs.unlinkSync(file),
  rename: (from, to) => fs.renameSync(from, to),
  readLink: (file) => orMissing(() => fs.readlinkSync(file), 'EINVAL'),
  claim(file, target) {
    try {
      fs.symlinkSync(target, file)
      return true
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false
      throw error
    }
  },
  openAppend: (file, mode = 0o600) => fs.openSync(file, writing | O_APPEND, mode),
  openRead: (file) => fs.openSync(file, 'r'),
  readSome,
  isPiped() {
    const stdin = orMissing(() => fs.fstatSync(0), 'EBADF')
    return stdin !== undefined && (stdin.isFIFO() || stdin.isFile())
  },
  cutMiddle,
  truncate: (file, bytes) => fs.truncateSync(file, bytes),
  close: (descriptor) => fs.closeSync(descriptor),
}

/** How many names opendir(3) reads at once; such a step blocks the event loop for less than 1 ms. */
const namesPerStep = 256

async function listAsync(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    const entries = await fs.promises.opendir(folder, { bufferSize: namesPerStep })
    for await (const { name } of entries) names.push(name)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
  }
  return names
}

/** Node's own recursive mkdir of version 20 never returns if mkdir(2) says ENOENT, as in /proc. */
function makeDirectory(folder: string, mode = 0o700): void {
  try {
    fs.mkdirSync(folder, { mode })
  } catch (error) {
    if (hasCode(error, 'EEXIST') && fs.statSync(folder).isDirectory()) return
    const parent = path.dirname(folder)
    if (!hasCode(error, 'ENOENT') || fs.existsSync(parent)) throw error
    makeDirectory(parent, mode)
    makeDirectory(folder, mode)
  }
}

async function cutMiddle(
  file: string,
  startBytes: number,
  endBytes: number,
  line: string,
): Promise<void> {
  const { size } = fs.statSync(file)
  if (size <= startBytes + endBytes) return
  const shorter = `${file}.cut`
  fs.writeFileSync(shorter, '', { mode: 0o600 })
  if (startBytes > 0) {
    const start = fs.createReadStream(file, { start: 0, end: startBytes - 1 })
    await pipeline(start, fs.createWriteStream(shorter))
  }
  const end = fs.createReadStream(file, { start: size - endBytes })
  fs.appendFileSync(shorter, line)
  await pipeline(end, fs.createWriteStream(shorter, { flags: 'a' }))
  fs.renameSync(shorter, file)
}

function factsOf(found: fs.Stats): FileFacts {
  return {
    kind: kindOf(found),
    size: found.size,
    allocated: found.blocks * 512,
    mtimeMs: found.mtimeMs,
    ctimeMs: found.ctimeMs,
    mode: found.mode & 0o7777,
    uid: found.uid,
    gid: found.gid,
    identity: `${found.dev}:${found.ino}`,
  }
}

function kindOf(found: fs.Stats): FileFacts['kind'] {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  return found.isSymbolicLink() ? 'link' : 'other'
}

function withOpen<Result>(descriptor: number, use: (descriptor: number) => Result): Result {
  try {
    return use(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
