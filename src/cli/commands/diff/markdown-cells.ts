import { plainText } from '../../../text/sanitize.ts'

/**
 * Text of a tasks file within a page of GitHub's Markdown. All of it stands in code: there nobody is
 * mentioned, and no number, name or address becomes a link.
 * https://github.github.com/gfm/#code-spans
 */
export function code(text: string): string {
  const plain = plainText(text).replace(/[\n\t]/g, ' ')
  // Within a table a `|` ends the cell in a code span too, and there is no way to write `\|`.
  const isSafe = plain !== '' && plain.trim() === plain && !/[`|\\]/.test(plain)
  return isSafe ? `\`${plain}\`` : htmlCode(plain)
}

/** The same where Markdown is not read: in the summary of details. */
export function htmlCode(text: string): string {
  const escaped = plainText(text).replace(
    /[^A-Za-z0-9 .,=/+-]/gu,
    (char) => `&#${char.codePointAt(0)};`,
  )
  return `<code>${escaped}</code>`
}

/** A block of code, in a fence that is longer than any in it. */
export function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${plainText(text)}\n${fence}`
}

/** Something long that is opened by a click. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
}

export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** The first two rows of a table. */
export function tableHead(titles: readonly string[]): string {
  return `${row(titles)}\n${row(titles.map(() => '---'))}`
}
