/** What in a text cannot be in a tasks file: bytes that are not UTF-8, and control characters but tabs. */
export function unfitIn(text: string): string | undefined {
  const found = text.match(unfit)?.[0]
  if (found === undefined) return undefined
  if (found >= '\ud800') return 'it holds bytes that are not UTF-8'
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return `it holds the control character U+${code}`
}

/** The text with a `?` for each of these: of words about a task nothing is lost by that. */
export function withoutUnfit(text: string): string {
  return text.replaceAll(unfit, '?')
}

const unfit = /[^\P{Cc}\t]|[\ufffd\p{Cs}]/gu
