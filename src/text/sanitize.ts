/**
 * Text that is safe to print on a terminal. Control characters (except line breaks and tabs) and
 * characters that reverse the direction of writing (https://trojansource.codes) become U+FFFD.
 */
export function plainText(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** Like plainText(), but on one line: line breaks and tabs become U+FFFD too. */
export function plainLine(text: string): string {
  return plainText(text).replace(/[\n\t]/g, '\ufffd')
}

/** The lines of plainText(), without blank lines at the beginning and end. */
export function plainLines(text: string): string[] {
  return plainText(text).trim().split('\n')
}
