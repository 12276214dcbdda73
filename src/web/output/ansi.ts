import { plainText } from '../../text/sanitize.ts'

/** A piece of a line in one look: the classes that paint it, separated by spaces; empty for plain text. */
export interface Piece {
  readonly text: string
  readonly look: string
}

/** The look that is in force: numbers of colours 0 to 15, or `#rrggbb` cut to one of them. */
export interface Look {
  readonly fore: number | null
  readonly back: number | null
  readonly isBold: boolean
  readonly isDim: boolean
  readonly isItalic: boolean
  readonly isUnderlined: boolean
  readonly isReversed: boolean
}

export const plainLook: Look = {
  fore: null,
  back: null,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
  isReversed: false,
}

// Every control sequence of ECMA-48: CSI ... final, strings (OSC, DCS, SOS, PM, APC) up to their end, others of two or three characters.
const sequences =
  // eslint-disable-next-line no-control-regex
  /\u001b\[([0-?]*)([ -/]*)([@-~])|\u009b[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)|\u001b\[[0-?]*[ -/]*$|\u001b[ -/]*[0-~]|\u001b[ -/]*/g

/**
 * One line of output as pieces. Colours and the weight of letters (SGR) are kept; every other escape sequence is
 * dropped. If a line was written over with carriage returns, its last text counts, as on a terminal.
 */
export function piecesOf(line: string, start: Look): { pieces: Piece[]; look: Look } {
  if (!unusual.test(line))
    return { pieces: line === '' ? [] : [{ text: line, look: classesOf(start) }], look: start }
  const pieces: Piece[] = []
  let look = start
  let from = 0
  const push = (text: string): void => {
    const last = text.replace(/\r+$/, '')
    const over = last.lastIndexOf('\r')
    if (over !== -1) pieces.length = 0
    const shown = plainText(over === -1 ? last : last.slice(over + 1))
    if (shown !== '') pieces.push({ text: shown, look: classesOf(look) })
  }
  for (const match of line.matchAll(sequences)) {
    push(line.slice(from, match.index))
    from = match.index + match[0].length
    if (match[3] === 'm' && match[2] === '') look = withCodes(look, match[1] ?? '')
  }
  push(line.slice(from))
  return { pieces, look }
}

// eslint-disable-next-line no-control-regex
const unusual = /[^\t\u0020-\u007e\u00a1-\u00ac\u00ae-\u05ff]/

/** The text of a line alone, for searching and measuring. */
export function plainOutput(line: string): string {
  if (!unusual.test(line)) return line
  return piecesOf(line, plainLook)
    .pieces.map(({ text }) => text)
    .join('')
}

function withCodes(before: Look, text: string): Look {
  const codes = text === '' ? [0] : text.split(/[;:]/).map(Number)
  let look = before
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, at)
      at += used
      look = code === 38 ? { ...look, fore: colour } : { ...look, back: colour }
    } else look = withCode(look, code)
  }
  return look
}

function withCode(look: Look, code: number): Look {
  if (code === 0) return plainLook
  if (code === 1) return { ...look, isBold: true }
  if (code === 2) return { ...look, isDim: true }
  if (code === 3) return { ...look, isItalic: true }
  if (code === 4) return { ...look, isUnderlined: true }
  if (code === 7) return { ...look, isReversed: true }
  if (code === 22) return { ...look, isBold: false, isDim: false }
  if (code === 23) return { ...look, isItalic: false }
  if (code === 24) return { ...look, isUnderlined: false }
  if (code === 27) return { ...look, isReversed: false }
  if (code === 39) return { ...look, fore: null }
  if (code === 49) return { ...look, back: null }
  if (code >= 30 && code <= 37) return { ...look, fore: code - 30 }
  if (code >= 40 && code <= 47) return { ...look, back: code - 40 }
  if (code >= 90 && code <= 97) return { ...look, fore: code - 82 }
  if (code >= 100 && code <= 107) return { ...look, back: code - 92 }
  return look
}

/** The colour of `38;5;N` or `38;2;R;G;B`, cut to the nearest of the sixteen, and how many codes it took. */
function extended(codes: readonly number[], at: number): [number | null, number] {
  if (codes[at + 1] === 5) return [nearest256(codes[at + 2] ?? 0), 2]
  if (codes[at + 1] === 2)
    return [nearestRgb(codes[at + 2] ?? 0, codes[at + 3] ?? 0, codes[at + 4] ?? 0), 4]
  return [null, codes.length]
}

function nearest256(index: number): number {
  if (index < 16) return Math.max(0, index)
  if (index >= 232) {
    const grey = (Math.min(index, 255) - 232) * 10 + 8
    return nearestRgb(grey, grey, grey)
  }
  const level = (value: number): number => (value === 0 ? 0 : value * 40 + 55)
  const cube = index - 16
  return nearestRgb(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

/** Colours 1 to 6 are the sums of red 1, green 2 and blue 4; bright ones are 8 more. */
function nearestRgb(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue)
  const least = Math.min(red, green, blue)
  if (most - least < 40) return most < 64 ? 0 : most < 128 ? 8 : most < 208 ? 7 : 15
  const half = (most + least) / 2
  const sum = (red > half ? 1 : 0) + (green > half ? 2 : 0) + (blue > half ? 4 : 0)
  return most > 200 ? sum + 8 : sum
}

function classesOf(look: Look): string {
  if (look === plainLook) return ''
  const { fore, back } = look.isReversed
    ? { fore: look.back ?? 'back', back: look.fore ?? 'fore' }
    : look
  return [
    fore === null ? '' : `fore-${fore}`,
    back === null ? '' : `back-${back}`,
    look.isBold ? 'bold' : '',
    look.isDim ? 'dim' : '',
    look.isItalic ? 'italic' : '',
    look.isUnderlined ? 'underlined' : '',
  ]
    .filter(Boolean)
    .join(' ')
}
