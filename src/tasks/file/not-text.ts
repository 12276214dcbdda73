import { maxFileBytes } from './limits.ts'

/** Why this is not the text of a tasks file at all, or undefined where it may be one. */
export function notText(text: string): { message: string; offset: number } | undefined {
  const junk = junkIn(text)
  if (junk !== undefined || !isOver(text, maxFileBytes)) return junk
  return { message: `expected a file of at most ${maxFileBytes / 1_000_000} MB`, offset: 0 }
}

/** Before its size is judged: each byte that is not UTF-8 has become three. */
function junkIn(text: string): { message: string; offset: number } | undefined {
  // YAML allows no control characters but tab and line breaks. U+FFFD is what bytes become that
  // are not UTF-8. https://yaml.org/spec/1.2.2/#51-character-set
  // oxlint-disable-next-line no-control-regex
  const offset = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/)
  if (offset === -1) return undefined
  const code = text.charCodeAt(offset)
  const found =
    code === 0xfffd
      ? 'bytes that are not UTF-8'
      : `the control character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return { message: `not a text file: it holds ${found}`, offset }
}

function isOver(text: string, bytes: number): boolean {
  if (text.length > bytes) return true
  // A UTF-16 unit takes at most three bytes of UTF-8, so most files need not be encoded to know.
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes
}
