/**
 * Lines of at most so many columns, broken at blanks; a word that is longer than a line stays whole.
 * All lines but the first begin with `indent`.
 */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length === 0) lines.push(word)
    else if (longer.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines
}
