/** What in a text cannot be in a tasks file: bytes that are not UTF-8, and control characters but tabs. */
export function unfitIn(text: string): string | undefined {
  const [found] = /[^\P{Cc}\t]|[\ufffd\p{Cs}]/u.exec(text) ?? []
  if (found === undefined) return undefined
  if (found >= '\ud800') return 'it holds bytes that are not UTF-8'
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return `it holds the control character U+${code}`
}
