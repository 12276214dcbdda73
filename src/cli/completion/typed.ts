/** A command line as far as the cursor, taken apart as a shell would. */
export interface Typed {
  /** What is meant by the words before the one at the cursor, without the program's name. */
  readonly words: readonly string[]
  /** The word at the cursor, as far as it is there. */
  readonly current: string
  /** What of it stands before the part that bash replaces: see `breaks`. */
  readonly kept: string
  /** The quote that is still open in it. */
  readonly quote: '' | '"' | "'"
}

/**
 * Reads what was typed up to the cursor. Quotes are those of sh(1), which those of zsh and fish
 * differ from in corners only. `breaks` are the characters at which bash begins a new word for its
 * completion (COMP_WORDBREAKS), although they are none for the command: `=` and `:` are among them.
 */
export function readTyped(line: string, breaks = ''): Typed {
  const words: string[] = []
  let word = noWord
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at)
    const isEscape = char === '\\' && escapes(word.quote, line.charAt(at + 1))
    if (isEscape) word = added(word, line.charAt((at += 1)))
    else if (word.quote !== '') word = char === word.quote ? closed(word) : added(word, char)
    else if (char === '"' || char === "'") word = { ...closed(word), quote: char, kept: word.text }
    else if (!/\s/.test(char)) word = broken(added(word, char), breaks)
    else if (word.isBegun) {
      words.push(word.text)
      word = noWord
    }
  }
  const { text: current, kept, quote } = word
  return { words: words.slice(1), current, kept, quote }
}

interface Word {
  readonly text: string
  readonly kept: string
  readonly quote: Typed['quote']
  /** Also `''` is a word. */
  readonly isBegun: boolean
}

const noWord: Word = { text: '', kept: '', quote: '', isBegun: false }

function escapes(quote: Typed['quote'], next: string): boolean {
  if (next === '' || quote === "'") return false
  return quote === '' || '"\\$`'.includes(next)
}

function added(word: Word, char: string): Word {
  return { ...word, text: word.text + char, isBegun: true }
}

function closed(word: Word): Word {
  return { ...word, quote: '', isBegun: true }
}

function broken(word: Word, breaks: string): Word {
  return breaks.includes(word.text.slice(-1)) ? { ...word, kept: word.text } : word
}
