import { whyTooLong } from './argument-length.ts'
import { expected } from './expected.ts'
import { allowedName } from './limits.ts'
import { lineFinder } from './lines.ts'

/** A problem of an env_file. */
interface EnvFileProblem {
  readonly line: number
  /** Never contains a value, which may be secret. */
  readonly message: string
}

/** The variables of an env_file, and what is wrong with it. */
interface EnvFile {
  /** Without those that have a problem. The last value of a name counts. */
  readonly values: ReadonlyMap<string, string>
  readonly problems: readonly EnvFileProblem[]
}

/** execve(2) takes some 2 MB in all, so a larger file is a mistake. */
export const maxEnvFileBytes = 1_000_000

/**
 * Reads an env_file: lines of KEY=VALUE, perhaps with `export` in front. A value is what sh(1) makes of
 * it, by the rules for quotes in POSIX (Shell Command Language, 2.2), but torch expands nothing: `$HOME`
 * and `~` stay as they are. For blanks and characters such as `&`, sh wants quotes and torch does not: the
 * value is the rest of the line, as in the files of systemd and Docker.
 */
export function parseEnvFile(text: string): EnvFile {
  const values = new Map<string, string>()
  const problems: EnvFileProblem[] = []
  const reader = { text: text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'), at: 0 }
  const lineAt = lineFinder(reader.text)
  while (reader.at < reader.text.length) {
    const begin = reader.at
    const { key, value, problems: found } = readLine(reader)
    if (key !== undefined && found.length === 0) values.set(key, value)
    for (const message of found) problems.push({ line: lineAt(begin).line, message })
  }
  return { values, problems }
}

/** A text, and how much of it is read. */
interface Reader {
  readonly text: string
  at: number
}

interface Line {
  /** undefined for a line that is not KEY=VALUE. */
  readonly key: string | undefined
  readonly value: string
  readonly problems: readonly string[]
}

/** Blanks around the `=` are allowed, although sh would take what they separate for a command. */
const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=/

/** Reads a line, with the following ones if its value spans them. */
function readLine(reader: Reader): Line {
  const line = reader.text.slice(reader.at, endOfLine(reader))
  const next = reader.at + line.length + 1
  const [head, key] = assignment.exec(line) ?? []
  if (head === undefined || key === undefined) {
    reader.at = next
    const isEmpty = /^[ \t]*(?:#|$)/.test(line)
    return { key, value: '', problems: isEmpty ? [] : ['expected KEY=VALUE'] }
  }
  reader.at += head.length
  const pieces = readPieces(reader)
  // After an open quote, the next line is read as if the quote were closed.
  if (pieces === undefined) reader.at = next
  else reader.at++
  const value = (pieces ?? []).map((piece) => piece.value).join('')
  return { key, value, problems: [...problemsOfName(key), ...problemsOfValue(pieces, key, value)] }
}

interface Piece {
  readonly kind: 'plain' | 'quoted' | 'blanks'
  /** Without the quotes. */
  readonly value: string
}

/** Reads up to the end of the line in which a value ends; undefined if a quote is not closed. */
function readPieces(reader: Reader): readonly Piece[] | undefined {
  const pieces: Piece[] = []
  let isAfterBlank = false
  for (;;) {
    // The first thing in sh(1): a backslash and a line break are nothing.
    while (reader.text.startsWith('\\\n', reader.at)) reader.at += 2
    const piece = readPiece(reader)
    if (piece === undefined) return undefined
    const isComment = isAfterBlank && piece.kind === 'plain' && piece.value.startsWith('#')
    if (isComment) reader.at = endOfLine(reader)
    if (isComment || (piece.kind === 'plain' && piece.value === '')) {
      return pieces.slice(0, pieces.findLastIndex(({ kind }) => kind !== 'blanks') + 1)
    }
    isAfterBlank = piece.kind === 'blanks'
    if (pieces.length > 0 || !isAfterBlank) pieces.push(piece)
  }
}

/** The next piece of a value: an empty plain one at the end of the line; undefined for an open quote. */
function readPiece(reader: Reader): Piece | undefined {
  const { text, at } = reader
  const take = (kind: Piece['kind'], end: number, value: string): Piece => {
    reader.at = end
    return { kind, value }
  }
  switch (text.charAt(at)) {
    case ' ':
    case '\t': {
      const end = indexOf(text, /[^ \t]/g, at)
      return take('blanks', end, text.slice(at, end))
    }
    case '\\': {
      // At the very end, a backslash is itself.
      const char = text.charAt(at + 1) || '\\'
      return take('quoted', Math.min(at + 2, text.length), char)
    }
    case "'": {
      const end = text.indexOf("'", at + 1)
      return end === -1 ? undefined : take('quoted', end + 1, text.slice(at + 1, end))
    }
    case '"': {
      const end = closingQuote(text, at + 1)
      if (end === -1) return undefined
      const value = text
        .slice(at + 1, end)
        .replaceAll(/\\([$`"\\]|\n)/g, (_, char: string) => (char === '\n' ? '' : char))
      return take('quoted', end + 1, value)
    }
    default: {
      const end = indexOf(text, /[ \t\n\\'"]/g, at)
      return take('plain', end, text.slice(at, end))
    }
  }
}

/** Where the double quotes end; -1 if they do not. */
function closingQuote(text: string, from: number): number {
  let at = from
  for (;;) {
    at = indexOf(text, /["\\]/g, at)
    if (at === text.length) return -1
    if (text.charAt(at) === '"') return at
    at += 2
  }
}

/** The index of what a global pattern finds; the length of the text if it finds nothing. */
function indexOf(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function endOfLine({ text, at }: Reader): number {
  return indexOf(text, /\n/g, at)
}

function problemsOfName(key: string): string[] {
  const problems: string[] = []
  // The shells between torch and the command drop any other name: see recorder.ts.
  if (!/^\w+$/.test(key)) problems.push(`${key}: expected ${expected.envName}`)
  if (!allowedName.test(key)) problems.push(`${key}: torch sets it itself`)
  return problems
}

/** What is not clear in a value, because sh and the author of the file would differ about it. */
function problemsOfValue(
  pieces: readonly Piece[] | undefined,
  key: string,
  value: string,
): string[] {
  if (pieces === undefined) return ['the quote is not closed']
  if (value.includes('\0')) return ['the value contains a NUL character']
  if (value.includes('\ufffd')) return ['the value contains bytes that are not UTF-8']
  const tooLong = whyTooLong(key, value)
  if (tooLong !== undefined) return [`${key}: ${tooLong}`]
  const isQuoted = pieces.some(({ kind }) => kind === 'quoted')
  if (isQuoted && pieces.some(({ kind }) => kind === 'blanks'))
    return ['expected quotes around the whole value; got text before or after them']
  const plain = plainText(pieces)
  if (isQuoted && /^[[{]/.test(plain))
    return ['expected JSON in single quotes; without them sh removes its double quotes']
  if (/[ \t][A-Za-z_]\w*=/.test(plain))
    return ['expected one variable on a line; a value with blanks and = needs quotes']
  if (/;(?:[ \t]|$)/.test(plain))
    return ['expected no ; after a value; if it is a part of the value, put it in quotes']
  return []
}

/** What is not in quotes. A quoted piece is a `_` there. */
function plainText(pieces: readonly Piece[]): string {
  return pieces.map(({ kind, value }) => (kind === 'quoted' ? '_' : value)).join('')
}
