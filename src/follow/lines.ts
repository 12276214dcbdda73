import type { Piece } from './holes.ts'

/** A line of an output. */
export interface OutputLine {
  /** Without its line break. Bytes that are not UTF-8 are replaced by U+FFFD. */
  readonly text: string
  /** Where the next line begins in what the run wrote, in bytes. */
  readonly next: number
  /** The line is too long, and continues in the next one. */
  readonly isPart: boolean
}

/** A longer line comes in parts. By default, torch does not keep that much output of a run anyway. */
const maxLineBytes = 16 * 1024 * 1024

/** Makes lines of the pieces of one output. */
export interface LineSplitter {
  /** The lines that this piece completes. */
  take(piece: Piece): OutputLine[]
  /** The line that has no end yet, if any, as if it ended here. */
  rest(): OutputLine[]
}

const newline = 10

export function newLineSplitter(longest = maxLineBytes): LineSplitter {
  let chunks: Buffer[] = []
  let length = 0
  let end = 0
  const textWith = (last: Buffer): string => {
    const text = length === 0 ? last.toString() : Buffer.concat([...chunks, last]).toString()
    chunks = []
    length = 0
    return text
  }
  const keep = (bytes: Buffer): void => {
    if (bytes.length > 0) chunks.push(bytes)
    length += bytes.length
  }
  /** The parts of a line that is too long. What is left of it is kept. */
  const parts = (lines: OutputLine[]): void => {
    while (length > longest) {
      const whole = Buffer.concat(chunks)
      const cut = startOfCharacter(whole, longest)
      const rest = whole.subarray(cut)
      lines.push({ text: whole.toString('utf8', 0, cut), next: end - rest.length, isPart: true })
      chunks = [rest]
      length = rest.length
    }
  }
  return {
    take(piece) {
      const { bytes } = piece
      const lines: OutputLine[] = []
      let start = 0
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, start)) {
        const text = textWith(bytes.subarray(start, at))
        start = at + 1
        lines.push({ text, next: placeOf(piece, start), isPart: false })
      }
      keep(bytes.subarray(start))
      end = piece.end
      parts(lines)
      return lines
    },
    rest() {
      return length === 0 ? [] : [{ text: textWith(Buffer.alloc(0)), next: end, isPart: false }]
    },
  }
}

/** The place of a byte of a piece. The line of a gap stands for another number of bytes. */
function placeOf({ bytes, begin, end }: Piece, at: number): number {
  if (at === bytes.length) return end
  return begin + (end - begin === bytes.length ? at : 1)
}

/** The bytes of a character after its first one are 10xxxxxx. */
function startOfCharacter(bytes: Buffer, at: number): number {
  const maxCharacterBytes = 4
  for (let start = at; start > at - maxCharacterBytes; start--)
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start
  return at
}
