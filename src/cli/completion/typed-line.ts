import { tokensOf } from '../args/command-line.ts'
import { type OptionName, optionNamed, optionNames } from '../args/options.ts'
import type { Command } from '../command.ts'
import { commandNamed } from '../commands.ts'

/** A command line up to the cursor, split as a shell splits it. */
export interface TypedLine {
  /** The words before the one at the cursor, unquoted, without the name of the program. */
  readonly words: readonly string[]
  /** The word at the cursor, up to the cursor. */
  readonly current: string
  /** Its beginning, which bash does not replace: see `breaks`. */
  readonly kept: string
  /** The quote that is open at the cursor. */
  readonly quote: '' | '"' | "'"
}

/**
 * Splits what was typed up to the cursor. The quotes are those of sh(1); zsh and fish differ only in
 * rare cases. `breaks` are the characters after which bash starts a new word for completion
 * (COMP_WORDBREAKS), such as `=` and `:`, although the command sees one word.
 */
export function splitLine(line: string, breaks = ''): TypedLine {
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
  readonly quote: TypedLine['quote']
  /** `''` is a word too. */
  readonly isBegun: boolean
}

const noWord: Word = { text: '', kept: '', quote: '', isBegun: false }

function escapes(quote: TypedLine['quote'], next: string): boolean {
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

/** What the words before the cursor mean. */
export interface LineSoFar {
  readonly command: Command | undefined
  /** The arguments after the command. */
  readonly args: readonly string[]
  /** Options as they were written, a flag as true. */
  readonly raw: Readonly<Partial<Record<OptionName, readonly string[] | true>>>
  /** The option whose value comes next. */
  readonly awaits: OptionName | undefined
  /** After `--`, where nothing is an option. */
  readonly onlyArguments: boolean
}

/** Parses the words as torch will parse the whole line, but ignores what is wrong in them. */
export function parseSoFar(typed: readonly string[]): LineSoFar {
  const raw: Partial<Record<OptionName, readonly string[] | true>> = {}
  const words: string[] = []
  let awaits: OptionName | undefined
  let onlyArguments = false
  for (const token of tokensOf(typed)) {
    if (token.kind === 'option-terminator') onlyArguments = true
    if (token.kind === 'positional') words.push(token.value)
    const name =
      token.kind === 'option' ? optionNames.find((each) => each === token.name) : undefined
    if (token.kind !== 'option' || name === undefined) continue
    const before = raw[name]
    if (optionNamed(name).type === 'boolean') raw[name] = true
    else if (token.value === undefined) awaits = name
    else raw[name] = [...(before === undefined || before === true ? [] : before), token.value]
  }
  const [first, ...behind] = words
  const command = commandNamed(first)
  return { command, args: command === undefined ? words : behind, raw, awaits, onlyArguments }
}
