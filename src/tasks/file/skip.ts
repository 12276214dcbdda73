/** The first character from an offset on that is no space. */
export function skipBlanks(text: string, at: number): number {
  let first = at
  while (text.charCodeAt(first) === 0x20) first++
  return first
}

/** Where the next line begins; the end of the text where there is none. */
export function skipLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}
