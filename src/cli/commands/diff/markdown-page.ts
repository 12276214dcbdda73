import { counted } from '../../../text/plural.ts'
import { plainText } from '../../../text/sanitize.ts'

/** A table or a list of blocks. Whole items are left out if the page gets too long. */
export interface Section {
  /** What one item is called, to count those that are left out: "task". */
  readonly what: string
  /** The text before the first item. */
  readonly head: string
  readonly items: readonly string[]
  /** What separates the items. */
  readonly gap: '\n' | '\n\n'
}

/** The longest comment that GitHub accepts. */
export const maxPageChars = 65_536
/** Room for the line that says what was left out. */
const maxLeftOutChars = 500

/** A page: its first lines, which are short, and as many items of the sections as fit. */
export function page(first: string, sections: readonly Section[]): string {
  let text = first
  const leftOut: string[] = []
  for (const { what, head, items, gap } of sections) {
    let room = maxPageChars - maxLeftOutChars - text.length - head.length - '\n\n'.length
    const kept = items.filter((item) => {
      const fits = gap.length + item.length <= room
      if (fits) room -= gap.length + item.length
      return fits
    })
    if (kept.length > 0) text += `\n\n${[head, ...kept].filter((part) => part !== '').join(gap)}`
    if (kept.length < items.length) leftOut.push(counted(items.length - kept.length, what))
  }
  if (leftOut.length === 0) return text
  const why = `a comment has at most ${maxPageChars} characters`
  return `${text}\n\n**Left out** (${why}): ${leftOut.join(', ')}. Run \`torch diff\` to see everything.`
}

export function tableSection(
  what: string,
  title: string,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): Section {
  const head = `#### ${title}\n\n${row(titles)}\n${row(titles.map(() => '---'))}`
  return { what, head, items: rows.map(row), gap: '\n' }
}

export function blockSection(what: string, head: string, items: readonly string[]): Section {
  return { what, head, items, gap: '\n\n' }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/**
 * Text from a tasks file as a code span of GitHub's Markdown. In code, no name mentions a person and
 * no number or address becomes a link. https://github.github.com/gfm/#code-spans
 */
export function code(text: string): string {
  const plain = plainText(text).replace(/[\n\t]/g, ' ')
  // In a table, `|` ends the cell even in a code span, and a code span cannot contain `\|`.
  const isSafe = plain !== '' && plain.trim() === plain && !/[`|\\]/.test(plain)
  return isSafe ? `\`${plain}\`` : htmlCode(plain)
}

/** The same as HTML, for places where Markdown is not parsed, such as a <summary>. */
export function htmlCode(text: string): string {
  const escaped = plainText(text).replace(
    /[^A-Za-z0-9 .,=/+-]/gu,
    (char) => `&#${char.codePointAt(0)};`,
  )
  return `<code>${escaped}</code>`
}

/** A block of code. Its fence is longer than any fence inside the text. */
export function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${plainText(text)}\n${fence}`
}

/** A long text that opens on a click. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}
