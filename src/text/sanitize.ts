/**
 * Text of a tasks file without what a terminal would obey and not show: control characters but
 * line breaks and tabs, and those that turn the direction of writing (https://trojansource.codes).
 */
export function plainText(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** The same on one line. */
export function plainLine(text: string): string {
  return plainText(text).replace(/[\n\t]/g, '\ufffd')
}

/** The same of a text that may have several lines, without blank ones around it. */
export function plainLines(text: string): string[] {
  return plainText(text).trim().split('\n')
}
