import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { messageOf, TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'

const tokenBytes = 32
/** Somebody may write a token into the file: it must not be one that can be guessed. */
const minTokenLength = 32
const maxTokenFileBytes = 4096

/**
 * The token in that file, which is made with a new one if it is missing. Throws TorchError `bad-token` for a file that others may
 * read, and for a token that is too short.
 */
export function readToken({ files }: Host, file: string): string {
  try {
    const text = files.readFile(file, maxTokenFileBytes)?.toString('utf8')
    if (text === undefined) {
      const token = newToken()
      files.makeDirectory(path.dirname(file))
      files.replace(file, `${token}\n`)
      return token
    }
    const mode = files.facts(file)?.mode ?? 0
    if ((mode & 0o077) !== 0)
      throw badToken(`other users may open ${file} (mode ${mode.toString(8)})`, `chmod 600 ${file}`)
    const token = text.trim()
    if (token.length >= minTokenLength && /^[\w.~+/=-]+$/.test(token)) return token
    throw badToken(
      `${file} has no usable token: expected at least ${minTokenLength} letters and digits`,
      'remove the file: the next start makes a new token',
    )
  } catch (error) {
    if (error instanceof TorchError) throw error
    throw badToken(
      `cannot use the token file ${file}: ${messageOf(error)}`,
      'name a file that this user may read and write with --token-file',
    )
  }
}

/** 256 bits that nobody guesses. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url')
}

function badToken(message: string, hint: string): TorchError {
  return new TorchError('bad-token', message, { hint })
}
