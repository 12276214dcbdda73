import { parseArgs } from 'node:util'
import { nearest } from '../../text/suggest.ts'
import { argumentsOf, type Command, optionsOf } from '../command.ts'
import { commandNamed } from '../commands.ts'
import { usageError } from './option.ts'
import { helpOption, type OptionName, optionNamed, optionNames } from './options.ts'
import { hintForMissing, hintForOption, hintForSurplus, hintForWord } from './other-words.ts'

/** A command line, taken apart; the values of its options are not read yet. */
export type Parsed =
  | { readonly kind: 'help'; readonly command: Command }
  | {
      readonly kind: 'call'
      readonly command: Command
      readonly args: readonly string[]
      /** Options as they were written. */
      readonly raw: Readonly<Record<string, unknown>>
    }

/**
 * Takes what was typed after `torch` apart. Throws the usage error for anything torch does not
 * know. This is Node's parser, not that of yargs: to load yargs takes longer than to start Node.
 */
export function parseCommandLine(typed: readonly string[]): Parsed {
  const tokens = tokensOf(typed)
  const given = tokens.filter((token) => token.kind === 'option')
  const [name, ...args] = tokens.flatMap((token) =>
    token.kind === 'positional' ? [token.value] : [],
  )
  const command = commandNamed(name)
  if (command === undefined) throw unknownCommand(name, args, given)
  if (given.some((token) => token.name === helpOption.name)) return { kind: 'help', command }
  const raw = rawOptions(command, given)
  checkArguments(command, args, raw)
  return { kind: 'call', command, args, raw }
}

/** The arguments and options of a line, unchecked. Everything after `--` is an argument. */
export function tokensOf(typed: readonly string[]) {
  return parseArgs({ args: [...typed], options: forms, strict: false, tokens: true }).tokens
}

/** An option means the same for every command, so a line can be taken apart before its command is known. */
const forms = {
  ...Object.fromEntries(optionNames.map((name) => [name, formOf(name)])),
  [helpOption.name]: { type: 'boolean', short: helpOption.alias },
} as const

function formOf(name: OptionName) {
  const { alias, type } = optionNamed(name)
  const form = { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) }
  return alias === undefined ? form : { ...form, short: alias }
}

/** An option as it was typed: `rawName` is `--limit` or `-n`. */
interface Given {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function rawOptions(command: Command, given: readonly Given[]): Record<string, unknown> {
  const raw = new Map<string, unknown>()
  for (const option of given) {
    const name = optionOf(command, option)
    const value = valueOf(option, optionNamed(name).type === 'boolean')
    const earlier = raw.get(name)
    raw.set(name, earlier === undefined ? value : [earlier, value].flat())
  }
  return Object.fromEntries(raw)
}

/** Which option of the command it is: `-n` is a different one for each. */
function optionOf(command: Command, { name, rawName }: Given): OptionName {
  const own = optionsOf(command)
  const isLetter = !rawName.startsWith('--')
  const found = own.find((each) =>
    isLetter ? optionNamed(each).alias === rawName.slice(1) : each === name,
  )
  if (found !== undefined) return found
  const near = isLetter ? undefined : nearest(name, own)
  const hint =
    near === undefined ? `torch ${command.name} --help lists them` : `did you mean "--${near}"?`
  throw usageError(
    `torch ${command.name} has no option ${rawName}`,
    hintForOption(command, rawName.replace(/^-+/, '')) ?? hint,
  )
}

/** In `--tasks --json`, `--json` is not a file: the value of --tasks was forgotten. */
function valueOf({ rawName, value, inlineValue }: Given, isFlag: boolean): string | boolean {
  if (isFlag) return value ?? true
  if (value === undefined || (!inlineValue && /^-[-a-z]/i.test(value))) return ''
  return inlineValue && !rawName.startsWith('--') ? value.replace(/^=/, '') : value
}

function unknownCommand(
  name: string | undefined,
  args: readonly string[],
  given: readonly Given[],
): Error {
  if (name === undefined) {
    const near = given.flatMap((option) => nearest(option.name, ['help', 'version']) ?? []).at(0)
    const hint =
      near === undefined ? 'torch --help lists the commands' : `did you mean "--${near}"?`
    return usageError('no command given', hint)
  }
  return usageError(`unknown command "${name}"`, hintForWord(name, args))
}

function checkArguments(
  command: Command,
  args: readonly string[],
  raw: Readonly<Record<string, unknown>>,
): void {
  const usage = `torch ${command.name} ${command.usage}`.trimEnd()
  const known = argumentsOf(command)
  const most = known.some(({ isRepeated }) => isRepeated) ? Infinity : known.length
  const surplus = args[most]
  if (surplus !== undefined)
    throw usageError(`unexpected argument "${surplus}"`, hintForSurplus(command, surplus) ?? usage)
  const missing = known[args.length]
  // Lower case stands for itself.
  const words = missing?.names.map((name) => (name === name.toUpperCase() ? `a ${name}` : name))
  if (missing?.isRequired)
    throw usageError(
      `torch ${command.name} needs ${words?.join(' or ')}`,
      hintForMissing(command, raw) ?? usage,
    )
  // "$FILE" is empty if FILE is not set. As a path it would mean this folder. A line may be empty.
  const names = args.filter((_, index) => !(known[index] ?? known.at(-1))?.names.includes('LINE'))
  if (names.includes('')) throw usageError('an argument is empty', usage)
}
