import { lineFault, maxLineBytes } from '../../text/line-fault.ts'
import { usageError } from '../args/option.ts'
import type { Terminal } from './terminal.ts'

/**
 * The lines of standard input without their line breaks, as many at once as have arrived. The last one
 * may lack its line break. Throws a usage error for a line that cannot be sent, after all lines before it.
 */
export async function* inputLines(terminal: Pick<Terminal, 'input'>): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0)
  let count = 0
  for await (const chunk of terminal.input()) {
    if (!Buffer.isBuffer(chunk)) continue
    const { lines, left } = split(Buffer.concat([rest, chunk]))
    rest = left
    yield* checked(rest.length > maxLineBytes ? [...lines, rest] : lines, count)
    count += lines.length
  }
  if (rest.length > 0) yield* checked([rest], count)
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

/** `before`: how many lines came before these. */
function* checked(lines: readonly Buffer[], before: number): Generator<Buffer[]> {
  const bad = lines.findIndex((line) => lineFault(line) !== undefined)
  const good = bad === -1 ? lines : lines.slice(0, bad)
  if (good.length > 0) yield [...good]
  const line = lines[bad]
  if (line !== undefined)
    throw usageError(
      `line ${before + bad + 1} of standard input ${lineFault(line)}`,
      'write long or binary data into a file, and send its path',
    )
}
