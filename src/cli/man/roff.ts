import { wrapped } from '../terminal/table.ts'

/** The lines of a manual page: see man(7), and groff_char(7) for what is escaped. */
export type Lines = readonly string[]

/** mandoc(1) finds fault with lines of more than 80 bytes; one that is guarded is longer by two. */
const maxLineChars = 78

/** Words to be read. Options in it are to be copied: their dashes are no hyphens. */
export function prose(text: string): string {
  return escaped(text).replaceAll(/(?<![\w-])-{1,2}[A-Za-z][\w-]*/g, dashes)
}

/** What is to be copied as it stands. */
export function literal(text: string): string {
  return dashes(escaped(text))
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('"', String.raw`\(dq`)
}

export function bold(roff: string): string {
  return String.raw`\fB${roff}\fP`
}

export function italic(roff: string): string {
  return String.raw`\fI${roff}\fP`
}

/** What stands above a page, and its first section; the page as a text. */
export interface PageName {
  readonly name: string
  readonly section: number
  readonly summary: string
  readonly version: string
  /** ISO 8601, without the time. */
  readonly date: string
}

/** The text of a page. Words are not hyphenated: many are to be typed as they stand. */
export function page({ name, section, summary, version, date }: PageName, body: Lines): string {
  const title = dashes(name.toUpperCase())
  const lines = [
    `.TH ${title} ${section} ${date} "torch ${version}" "torch manual"`,
    '.nh',
    '.ad l',
    ...heading('Name'),
    ...filled(String.raw`${literal(name)} \- ${prose(summary)}`),
    ...body,
  ]
  // A heading begins a paragraph by itself.
  const isSpare = (line: string, at: number) =>
    line === '.PP' && /^\.S[HS] /.test(lines[at - 1] ?? '')
  return lines.filter((line, at) => !isSpare(line, at)).join('\n') + '\n'
}

export function heading(title: string): Lines {
  return [`.SH ${title.toUpperCase()}`]
}

export function subheading(roff: string): Lines {
  return [`.SS ${roff}`]
}

export function paragraph(roff: string): Lines {
  return ['.PP', ...filled(roff)]
}

/** What is explained, and below it, indented, what it is. */
export function tagged(tag: string, roff: string): Lines {
  return ['.TP', guarded(tag), ...filled(roff)]
}

export function bullet(roff: string): Lines {
  return [String.raw`.IP \(bu 2`, ...filled(roff)]
}

/** Lines as they are, in the face of a typewriter. Its end turns hyphenation on again. */
export function example(text: string): Lines {
  const lines = text.split('\n').map((line) => guarded(literal(line)))
  return ['.PP', '.RS 4', '.EX', ...lines, '.EE', '.nh', '.RE']
}

/** Text to be filled: a sentence begins a line, by which roff knows it, and none is too long. */
function filled(roff: string): Lines {
  const sentences = roff.replaceAll(/\s+/g, ' ').split(/(?<=[.?!]\)?) (?=\S)/)
  return sentences.flatMap((sentence) => wrapped(sentence, maxLineChars)).map(guarded)
}

/** A dot or a quote at the beginning of a line would make it a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? String.raw`\&${line}` : line
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('~', String.raw`\(ti`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll('`', String.raw`\(ga`)
    .replaceAll(/[^\n -~]/gu, (char) => String.raw`\[u${codeOf(char)}]`)
}

function codeOf(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}

function dashes(text: string): string {
  return text.replaceAll('-', String.raw`\-`)
}
