import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other'
  readonly size: number
  /** What it takes of the disk: less than its size where it has holes. */
  readonly allocated: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Device and inode: whether two paths are one file. */
  readonly identity: string
}

/** What is left of a file system, for users other than root: statfs(2). */
interface FreeSpace {
  /** Its magic number. */
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  /** 0: it has no bound of them. */
  readonly inodes: number
}

/** Nearly all of it is synchronous: these are small files, and order matters. Errors are Node's own, with `code`. */
export interface Files {
  /** undefined where there is none. Throws on everything else. */
  readText(path: string): string | undefined
  /**
   * All of a regular file; undefined where there is none. Never waits, as a pipe makes one wait for
   * its writer. Throws on everything else, and on more than `maxBytes`, with words for a person.
   */
  readFile(path: string, maxBytes: number): Buffer | undefined
  /** At most `limit` bytes from `offset`; an empty buffer at the end. */
  readBytes(path: string, offset: number, limit: number): Buffer
  /** Follows links; undefined where there is none. */
  facts(path: string): FileFacts | undefined
  /** Whether this process may write it; false where there is none, and on a read-only mount. */
  mayWrite(path: string): boolean
  /** Of the file system that it is on. Throws where there is none. */
  space(path: string): FreeSpace
  /** With all links resolved; undefined where there is none. */
  realPath(path: string): string | undefined
  /** Names, sorted; empty where there is no such directory. */
  list(path: string): string[]
  /** The same unsorted and beside the loop, for which a hundred thousand names are too many at once. */
  listBeside(path: string): Promise<string[]>
  write(path: string, text: string, mode?: number): void
  /** Into the file as it is, from its start, without cutting it: for a small record of constant length. */
  overwrite(path: string, text: string): void
  /** Temp file beside it, synced unless told otherwise, then renamed over. */
  replace(path: string, text: string, options?: { mode?: number; sync?: boolean }): void
  /** Written and synced beside the loop: what is large, for which a tick must not wait. */
  writeBeside(path: string, text: string): Promise<void>
  makeDirectory(path: string, mode?: number): void
  changeMode(path: string, mode: number): void
  /** A file or a whole directory; nothing where there is none. */
  remove(path: string): void
  rename(from: string, to: string): void
  /** The target of a symbolic link; undefined where there is none. */
  readLink(path: string): string | undefined
  /** Makes a symbolic link; false where the path is taken. Of two who try, one gets true. */
  claim(path: string, target: string): boolean
  /** Opens for appending, close-on-exec; creates it. The caller closes it. */
  openAppend(path: string, mode?: number): number
  openRead(path: string): number
  /**
   * What a file, pipe or device gives, or standard input for `-`: up to its end, or to one byte
   * more than `limit`, so that the larger are known.
   */
  readSome(path: string, limit: number): Promise<Buffer>
  /** Whether standard input is a pipe or a file: what is given by somebody, and has an end. */
  isPiped(): boolean
  /** Leaves out the middle of a file that is larger than head and tail together, with a line in its place. */
  cutMiddle(path: string, headBytes: number, tailBytes: number, line: string): Promise<void>
  close(descriptor: number): void
}

/** The machine's files. Close-on-exec is what Node opens with, so that no task inherits one. */
export const diskFiles: Files = {
  readText: (file) => orMissing(() => fs.readFileSync(file, 'utf8')),
  readBytes(file, offset, limit) {
    const descriptor = fs.openSync(file, 'r')
    try {
      const buffer = Buffer.allocUnsafe(limit)
      return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, limit, offset))
    } finally {
      fs.closeSync(descriptor)
    }
  },
  readFile,
  facts(file) {
    const found = orMissing(() => fs.statSync(file))
    return found && factsOf(found)
  },
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
  listBeside,
  write: (file, text, mode = 0o600) => fs.writeFileSync(file, text, { mode }),
  replace(file, text, { mode = 0o600, sync = true } = {}) {
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
    const descriptor = fs.openSync(temporary, 'w', mode)
    try {
      fs.writeSync(descriptor, text)
      if (sync) fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
    fs.renameSync(temporary, file)
  },
  async writeBeside(file, text) {
    const handle = await fs.promises.open(file, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  overwrite(file, text) {
    const descriptor = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o600)
    try {
      fs.writeSync(descriptor, text, 0)
    } finally {
      fs.closeSync(descriptor)
    }
  },
  makeDirectory,
  changeMode: (file, mode) => fs.chmodSync(file, mode),
  remove: (file) => fs.rmSync(file, { recursive: true, force: true }),
  rename: (from, to) => fs.renameSync(from, to),
  readLink: (file) => orMissing(() => fs.readlinkSync(file), 'EINVAL'),
  claim: (file, target) => orExists(() => fs.symlinkSync(target, file)),
  openAppend: (file, mode = 0o600) => fs.openSync(file, 'a', mode),
  openRead: (file) => fs.openSync(file, 'r'),
  readSome,
  isPiped() {
    const stdin = orMissing(() => fs.fstatSync(0), 'EBADF')
    return stdin !== undefined && (stdin.isFIFO() || stdin.isFile())
  },
  close: (descriptor) => fs.closeSync(descriptor),
  cutMiddle,
}

/** What is no file is not even opened: of some devices that alone does something. */
function readFile(file: string, maxBytes: number): Buffer | undefined {
  const found = orMissing(() => fs.statSync(file))
  if (found === undefined) return undefined
  demandFile(found)
  // WITHOUT WAITING, and looked at again: meanwhile it may have become a pipe that nobody writes.
  const { O_RDONLY, O_NONBLOCK } = fs.constants
  const descriptor = orMissing(() => fs.openSync(file, O_RDONLY | O_NONBLOCK))
  if (descriptor === undefined) return undefined
  try {
    const { size } = demandFile(fs.fstatSync(descriptor))
    if (size > maxBytes) throw tooLarge(size, maxBytes)
    return readToEnd(descriptor, maxBytes, size)
  } finally {
    fs.closeSync(descriptor)
  }
}

function demandFile(found: fs.Stats): fs.Stats {
  if (found.isFile()) return found
  throw new Error(
    found.isDirectory() ? 'is a directory, not a file' : 'is neither a file nor a directory',
  )
}

/** The size is a hint: a file may grow while it is read, and those of /proc have none. */
function readToEnd(descriptor: number, maxBytes: number, size: number): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(size + 1 - length, minChunkBytes))
    const count = fs.readSync(descriptor, chunk, 0, chunk.length, null)
    // One chunk is what there is as a rule: of a large file no copy is made.
    if (count === 0) return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    length += count
    if (length > maxBytes) throw tooLarge(length, maxBytes)
  }
}

const minChunkBytes = 4096

function tooLarge(bytes: number, maxBytes: number): Error {
  return new Error(`has ${bytes} bytes; at most ${maxBytes} are read`)
}

/** The recursion is our own: that of Node 20 never ends where, as in /proc, mkdir(2) says ENOENT. */
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

/** Names that opendir(3) reads at once; each such part takes the loop less than a millisecond. */
const namesAtOnce = 256

async function listBeside(folder: string): Promise<string[]> {
  const names: string[] = []
  try {
    const entries = await fs.promises.opendir(folder, { bufferSize: namesAtOnce })
    for await (const { name } of entries) names.push(name)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
  }
  return names
}

async function cutMiddle(
  file: string,
  headBytes: number,
  tailBytes: number,
  line: string,
): Promise<void> {
  const { size } = fs.statSync(file)
  if (size <= headBytes + tailBytes) return
  const shorter = `${file}.cut`
  fs.writeFileSync(shorter, '', { mode: 0o600 })
  if (headBytes > 0) {
    const head = fs.createReadStream(file, { start: 0, end: headBytes - 1 })
    await pipeline(head, fs.createWriteStream(shorter))
  }
  const tail = fs.createReadStream(file, { start: size - tailBytes })
  fs.appendFileSync(shorter, line)
  await pipeline(tail, fs.createWriteStream(shorter, { flags: 'a' }))
  fs.renameSync(shorter, file)
}

async function readSome(file: string, limit: number): Promise<Buffer> {
  const stream = file === '-' ? process.stdin : fs.createReadStream(file)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes: unknown = chunk
    if (!Buffer.isBuffer(bytes)) continue
    chunks.push(bytes)
    size += bytes.length
    if (size > limit) break
  }
  return Buffer.concat(chunks).subarray(0, limit + 1)
}

function factsOf(found: fs.Stats): FileFacts {
  return {
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
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

function orMissing<T>(read: () => T, ...alsoMissing: string[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', ...alsoMissing)) return undefined
    throw error
  }
}

function orExists(make: () => void): boolean {
  try {
    make()
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Whether it is one of Node's system errors with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
