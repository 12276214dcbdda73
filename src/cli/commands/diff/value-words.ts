import type { Written } from '../../../tasks/compare/written.ts'
import { plainText } from '../../../text/sanitize.ts'

/** A value as a person reads it on one line, or on several where its text has several. */
export function valueWords(key: string, value: Written): string {
  if (value === null) return key === 'hosts' ? 'everywhere' : 'none'
  if (typeof value === 'string') return isBare(value) ? plainText(value) : quoted(value)
  if (typeof value !== 'object') return String(value)
  return `[${value.map((one) => (typeof one === 'string' ? entryWords(one) : String(one))).join(', ')}]`
}

/** Without quotes it would look like no text, like none, or like a list. */
function isBare(text: string): boolean {
  return text.trim() === text && !/^(?:|none|\[.*\]|".*")$/.test(text)
}

/** As within the brackets of a list in YAML. */
function entryWords(text: string): string {
  return /^(?:[\w./]|--?\w)[\w./:@=+*?-]*$/.test(text) ? text : quoted(text)
}

function quoted(text: string): string {
  return plainText(JSON.stringify(text))
}
