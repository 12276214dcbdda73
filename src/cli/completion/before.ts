import type { Command } from '../command.ts'
import { commandNamed } from '../commands.ts'
import { type OptionName, optionNamed, optionNames } from '../args/options.ts'
import { tokensOf } from '../args/command-line.ts'

/** What the words before the cursor say. */
export interface Before {
  readonly command: Command | undefined
  /** The arguments after the command. */
  readonly words: readonly string[]
  /** Options as they were written, a flag as true. */
  readonly raw: Readonly<Partial<Record<OptionName, readonly string[] | true>>>
  /** The option whose value is to come. */
  readonly awaits: OptionName | undefined
  /** Behind `--`, where nothing is an option any more. */
  readonly onlyWords: boolean
}

/** Reads them as torch will, but what is wrong in them is passed over. */
export function readBefore(typed: readonly string[]): Before {
  const raw: Partial<Record<OptionName, readonly string[] | true>> = {}
  const words: string[] = []
  let awaits: OptionName | undefined
  let onlyWords = false
  for (const token of tokensOf(typed)) {
    if (token.kind === 'option-terminator') onlyWords = true
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
  return { command, words: command === undefined ? words : behind, raw, awaits, onlyWords }
}
