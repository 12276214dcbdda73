/**
 * The simple commands of a line of shell, each as its words without quotes. Only good enough to
 * find names in it: substitutions stay as they are written, and here-documents are not known.
 */
export function shellCommands(text: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word)
    word = undefined
  }
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + maxPart)
    const [part, kind] = partOf(rest)
    at += part.length
    if (kind === 'text') word = (word ?? '') + unquoted(part)
    else endWord()
    if (kind === 'operator') commands.push([])
  }
  endWord()
  return commands.filter((words) => words.length > 0)
}

/** Names come from the beginning of a line, and no quote of a real one is longer. */
const maxPart = 1000

const parts: readonly (readonly [RegExp, 'text' | 'blank' | 'operator'])[] = [
  [/^[ \t]+/, 'blank'],
  [/^(?:'[^']*'|"(?:\\[^]|[^"\\])*")/, 'text'],
  // Substitutions with one level of parentheses within them, and redirections: no operators.
  [/^(?:\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$?\{[^}\s]*\})/, 'text'],
  [/^\d*(?:&>>?|[<>]+(?:&[\d-]*)?)/, 'text'],
  [/^(?:[;&|\n]+|[(){}](?=[\s;]|$)|[()])/, 'operator'],
  [/^(?:\\[^]|[^\s'"`;&|<>()\\$]+|[^])/, 'text'],
]

function partOf(rest: string): readonly [string, 'text' | 'blank' | 'operator'] {
  for (const [pattern, kind] of parts) {
    const found = pattern.exec(rest)
    if (found !== null) return [found[0], kind]
  }
  return [rest, 'text']
}

function unquoted(part: string): string {
  if (/^'.*'$/s.test(part) && part.length > 1) return part.slice(1, -1)
  if (/^".*"$/s.test(part) && part.length > 1) return part.slice(1, -1).replaceAll(/\\([^])/g, '$1')
  return part.startsWith('\\') ? part.slice(1) : part
}
