import fs from 'node:fs'
import { runProgramSync } from './programs.ts'
import { giveAway } from './spawn.ts'
import { systemCalls } from './system-calls.ts'
import { hasCode, orMissing } from './system-error.ts'

/** Named pipes (fifo(7)). No function waits for whoever has the other end. */
export interface NamedPipes {
  /** Makes a pipe for this user alone, in place of what has that name. Throws if the machine refuses it. */
  make(path: string, owner: { readonly uid: number; readonly gid: number }): void
  /**
   * Writes bytes, all or none. `full`: there is no room for all of them now. `no-reader`: nobody has
   * the pipe open for reading, or there is no pipe.
   */
  write(path: string, bytes: Uint8Array): 'written' | 'full' | 'no-reader'
  /**
   * Sets the time of a pipe's last change to so many seconds after 1970. The next write sets it to now, in the
   * same system call: as long as the mark is there, no write has happened since. Not on every file system.
   */
  mark(path: string, seconds: number): void
  /** The mark of a pipe, or when it was written last; undefined if there is no pipe. */
  markOf(path: string): number | undefined
  /** How many bytes wait to be read. undefined if there is no pipe, or without the library koffi. */
  unread(path: string): number | undefined
}

/** At most this many bytes are written whole or not at all (PIPE_BUF of Linux). */
export const maxWholeWrite = 4096

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = fs.constants

export const namedPipes: NamedPipes = {
  make(file, owner) {
    fs.rmSync(file, { force: true })
    makePipe(file)
    giveAway(() => fs.chownSync(file, owner.uid, owner.gid))
  },
  write(file, bytes) {
    if (bytes.length > maxWholeWrite) throw new RangeError(`${bytes.length} bytes at once`)
    return (
      withPipe(file, O_WRONLY, (descriptor) => {
        try {
          fs.writeSync(descriptor, bytes)
          return 'written'
        } catch (error) {
          if (hasCode(error, 'EAGAIN')) return 'full'
          if (hasCode(error, 'EPIPE')) return 'no-reader'
          throw error
        }
      }) ?? 'no-reader'
    )
  },
  mark: (file, seconds) => fs.utimesSync(file, seconds, seconds),
  markOf: (file) => {
    const found = orMissing(() => fs.statSync(file))
    return found && Math.floor(found.mtimeMs / 1000)
  },
  unread: (file) => withPipe(file, O_RDONLY, (descriptor) => systemCalls()?.unread(descriptor)),
}

/** mkfifo(3), or the program of that name: Node itself cannot make one. */
function makePipe(file: string): void {
  const calls = systemCalls()
  if (calls !== undefined) return calls.makePipe(file)
  const { status, missing, failure } = runProgramSync('mkfifo', ['-m', '600', file], [])
  if (status !== 0)
    throw new Error(missing ? 'mkfifo is missing' : (failure ?? `mkfifo could not make ${file}`))
}

/** undefined if there is no such pipe, or nobody has the other end of it. */
function withPipe<Result>(
  file: string,
  flags: number,
  use: (descriptor: number) => Result,
): Result | undefined {
  let descriptor: number
  try {
    descriptor = fs.openSync(file, flags | O_NONBLOCK | O_NOFOLLOW)
  } catch (error) {
    if (hasCode(error, 'ENXIO', 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
  try {
    return use(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
