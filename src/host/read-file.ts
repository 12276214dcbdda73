import fs from 'node:fs'
import { orMissing } from './system-error.ts'

/**
 * The content of a regular file of at most `maxBytes`; undefined if there is none. Looks before it opens,
 * because opening some devices already has an effect.
 */
export function readFile(file: string, maxBytes: number): Buffer | undefined {
  const found = orMissing(() => fs.statSync(file))
  if (found === undefined) return undefined
  demandRegular(found)
  // WITHOUT WAITING, and checked again: it may have become a pipe without a writer meanwhile.
  const { O_RDONLY, O_NONBLOCK } = fs.constants
  const descriptor = orMissing(() => fs.openSync(file, O_RDONLY | O_NONBLOCK))
  if (descriptor === undefined) return undefined
  try {
    const { size } = demandRegular(fs.fstatSync(descriptor))
    if (size > maxBytes) throw tooLarge(size, maxBytes)
    return readToEnd(descriptor, maxBytes, size)
  } finally {
    fs.closeSync(descriptor)
  }
}

function demandRegular(found: fs.Stats): fs.Stats {
  if (found.isFile()) return found
  throw new Error(
    found.isDirectory() ? 'is a directory, not a file' : 'is neither a file nor a directory',
  )
}

const minChunkBytes = 4096

/** The size is only a hint: a file may grow while it is read, and files in /proc have size 0. */
function readToEnd(descriptor: number, maxBytes: number, size: number): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(size + 1 - length, minChunkBytes))
    const count = fs.readSync(descriptor, chunk, 0, chunk.length, null)
    // Usually there is one chunk, and a large file is not copied.
    if (count === 0) return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    length += count
    if (length > maxBytes) throw tooLarge(length, maxBytes)
  }
}

function tooLarge(bytes: number, maxBytes: number): Error {
  return new Error(`has ${bytes} bytes; at most ${maxBytes} are read`)
}

/** Standard input, as bytes. The stream of Node for a directory or a disk is empty and has no error. */
export function standardInput(): AsyncIterable<unknown> {
  const found = orMissing(() => fs.fstatSync(0), 'EBADF')
  const isOwn = found?.isDirectory() === true || found?.isBlockDevice() === true
  return isOwn ? fs.createReadStream('', { fd: 0, autoClose: false }) : process.stdin
}

/** Reads a file, pipe or device, or standard input for `-`, until its end or one byte after `limit`. */
export async function readSome(file: string, limit: number): Promise<Buffer> {
  const stream = file === '-' ? standardInput() : fs.createReadStream(file)
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
