import { messageOf, TorchError } from '../../errors.ts'
import { lineFault, maxLineBytes } from '../../text/line-fault.ts'
import { usageError } from '../args/option.ts'
import type { Terminal } from './terminal.ts'

/**
 * The lines of standard input without their line breaks, as many at once as have arrived. The last one
 * may lack its line break. Throws a usage error for a line that cannot be sent, and TorchError
 * `input-unreadable`, after all lines before it.
 */
export async function* inputLines(terminal: Pick<Terminal, 'input'>): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0)
  let count = 0
  for await (const chunk of readable(terminal, () => count)) {
    const { lines, left } = split(Buffer.concat([rest, chunk]))
    rest = left
    yield* checked(rest.length > maxLineBytes ? [...lines, rest] : lines, count)
    count += lines.length
  }
  if (rest.length > 0) yield* checked([rest], count)
}

async function* readable(
  { input }: Pick<Terminal, 'input'>,
  linesBefore: () => number,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of input()) if (Buffer.isBuffer(chunk)) yield chunk
  } catch (error) {
    const count = linesBefore()
    const where = count === 0 ? '' : ` after line ${count}`
    throw new TorchError(
      'input-unreadable',
      `standard input cannot be read${where}: ${messageOf(error)}`,
      { hint: 'what could not be read is not sent; check where it comes from', cause: error },
    )
  }
}

function split(bytes: Buffer): { lines: Buffer[]; left: Buffer } {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(lineBreak); end !== -1; end = bytes.indexOf(lineBreak, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return { lines, left: bytes.subarray(start) }
}

const lineBreak = 10

/** What is not sent if a line cannot be. */
export const lineAndRest = 'this line and all after it are'

/** `before`: how many lines came before these. */
function* checked(lines: readonly Buffer[], before: number): Generator<Buffer[]> {
  const bad = lines.findIndex((line) => lineFault(line) !== undefined)
  const good = bad === -1 ? lines : lines.slice(0, bad)
  if (good.length > 0) yield [...good]
  const line = lines[bad]
  if (line !== undefined)
    throw usageError(
      `line ${before + bad + 1} of standard input ${lineFault(line)}; ${lineAndRest} not sent`,
      'write long or binary data into a file, and send its path',
    )
}
