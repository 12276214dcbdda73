import { byteLength } from '../../text/size.ts'
import { type MachineBounds, maxArgumentBytes } from '../machine-bounds.ts'
import type { Task } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import { maxVariableBytes } from './limits.ts'
import type { Source } from './source.ts'

/*
 * execve(2) refuses a text of 128 KiB, and arguments and variables that are too long together. The error
 * is E2BIG, and it comes only at the start of a run.
 */

/** Why no program can get a variable: it is too long; undefined if it is not. */
export function whyTooLong(name: string, value: string): string | undefined {
  if ((name.length + value.length) * maxBytesPerUnit < maxVariableBytes) return undefined
  const bytes = byteLength(`${name}=${value}`)
  if (bytes <= maxVariableBytes) return undefined
  return `expected at most ${maxVariableBytes} bytes together with the name; got ${bytes}`
}

/** Most texts need not be encoded: a UTF-16 unit is at most three bytes of UTF-8. */
const maxBytesPerUnit = 3

/** For each text: the NUL at its end, a pointer to it, and the name that it has in the recorder. */
const bytesPerText = 32

/** What torch adds: the scripts of the recorder, and the variables of every run. */
const ownBytes = 16_384

/**
 * Reports a command and variables that are too long together, for this machine if the task runs here. The
 * variables of an env_file are not counted: the file can change until the start.
 */
export function checkLength(
  source: Source,
  path: KeyPath,
  {
    command,
    env = {},
    isHere,
  }: {
    readonly command: Task['command']
    readonly env: Task['env'] | undefined
    readonly isHere: boolean
  },
  bounds: MachineBounds,
): void {
  const most = isHere ? bounds.argumentBytes : maxArgumentBytes
  const words = typeof command === 'string' ? [command] : (command ?? [])
  const variables = Object.entries(env).flat()
  const texts = [...words, ...variables]
  const units = texts.reduce((sum, { length }) => sum + length, 0)
  if (units * maxBytesPerUnit + texts.length * bytesPerText + ownBytes <= most) return
  const sizes = { command: bytesOf(words), env: bytesOf(variables) }
  const bytes = sizes.command + sizes.env + ownBytes
  if (bytes <= most) return
  const message = `command and env need ${bytes} bytes together; the system passes at most ${most} to a program`
  const hint = 'put most of it in a file, and give the command the path of the file'
  source.report([...path, sizes.env > sizes.command ? 'env' : 'command'], message, { hint })
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + byteLength(text) + bytesPerText, 0)
}
