/** A text on one line without characters that a terminal would obey. */
export function plainLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd')
}

/** The same of a text that may have several lines, without blank ones around it. */
export function plainLines(text: string): string[] {
  return text
    .replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
    .trim()
    .split('\n')
}
