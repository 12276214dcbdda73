/**
 * Text that is safe to print on a terminal, and shows all that is in it. Control characters (except line
 * breaks and tabs), characters that reverse the direction of writing (https://trojansource.codes) and others that
 * nobody sees become U+FFFD. A joiner stays between characters that may need it, as in Persian and in emoji.
 */
export function plainText(text: string): string {
  return text.replace(unsafe, '\ufffd')
}

const unsafe =
  /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\p{Cs}]|[^\P{Cf}\u200c\u200d]|(?<!\P{ASCII})[\u200c\u200d]|[\u200c\u200d](?!\P{ASCII})/gu

/** Like plainText(), but on one line: line breaks and tabs become U+FFFD too. */
export function plainLine(text: string): string {
  return plainText(text).replace(/[\n\t]/g, '\ufffd')
}

/** The lines of plainText(), without blank lines at the beginning and end. */
export function plainLines(text: string): string[] {
  return plainText(text).trim().split('\n')
}

/** The lines of a command: those of a shell script, or one line for a list of words, as JSON. */
export function commandLines(command: string | readonly string[]): string[] {
  return typeof command === 'string' ? plainLines(command) : [plainLine(JSON.stringify(command))]
}

/** At most so many UTF-16 units, and not cut in the middle of a character. */
export function shortened(text: string, length: number): string {
  return text.length > length
    ? `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
    : text
}
