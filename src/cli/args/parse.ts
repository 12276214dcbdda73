import { parseArgs } from 'node:util'
import { nearest } from '../../text/suggest.ts'
import { type Command, optionsOf } from '../command.ts'
import { commands } from '../commands.ts'
import { usageError } from './option.ts'
import { aliasOf, helpOption, optionNames, options } from './options.ts'

/** What was typed, taken apart and not yet read. */
export type Parsed =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly command: Command
      readonly words: readonly string[]
      /** Options as they were written. */
      readonly raw: Readonly<Record<string, unknown>>
    }

/**
 * Takes the words behind `torch` apart. Throws the usage error for what torch does not know. yargs,
 * which would take them apart as well, is loaded for the help alone: it takes longer than Node
 * takes to start.
 */
export async function parseWords(typed: readonly string[]): Promise<Parsed> {
  const tokens = tokensOf(typed)
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const given = tokens.filter((token) => token.kind === 'option')
  const [name, ...own] = words
  const entry = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
  if (name === undefined || entry === undefined) throw unknownCommand(name)
  const command = await entry.load()
  if (given.some((token) => token.name === helpOption.name))
    return { kind: 'help', text: await (await import('../help.ts')).helpOf(name, command) }
  const raw = rawOptions(name, command, given)
  checkWords(name, command, own)
  return { kind: 'call', name, command, words: own, raw }
}

/** The words and options of a line, none of them checked; those behind `--` are all words. */
export function tokensOf(typed: readonly string[]) {
  return parseArgs({ args: [...typed], options: forms, strict: false, tokens: true }).tokens
}

/** An option means the same for every command, so all can be taken apart before one is known. */
const forms = {
  ...Object.fromEntries(optionNames.map((name) => [name, formOf(name)])),
  [helpOption.name]: { type: 'boolean', short: helpOption.letter },
} as const

function formOf(name: (typeof optionNames)[number]) {
  const short = aliasOf(name)
  const type = options[name].kind === 'flag' ? ('boolean' as const) : ('string' as const)
  return { type, ...(short === undefined ? {} : { short }) }
}

/** An option as it was typed: `rawName` is `--limit` or `-n`. */
interface Given {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function rawOptions(
  called: string,
  command: Command,
  given: readonly Given[],
): Record<string, unknown> {
  const raw = new Map<string, unknown>()
  for (const option of given) {
    const name = ownName(called, command, option)
    const value = valueOf(option, options[name].kind === 'flag')
    const before = raw.get(name)
    raw.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(raw)
}

/** Which of the command's options it is: `-n` is another one for each. */
function ownName(called: string, command: Command, { name, rawName }: Given) {
  const own = optionsOf(command)
  const isShort = !rawName.startsWith('--')
  const found = own.find((each) => (isShort ? aliasOf(each) === rawName.slice(1) : each === name))
  if (found !== undefined) return found
  const near = nearest(name, own)
  const hint =
    near === undefined || isShort
      ? `torch ${called} --help lists them`
      : `did you mean "--${near}"?`
  throw usageError(`torch ${called} has no option ${rawName}`, hint)
}

/** Of `--tasks --json` the second is no file, but an option before which a value was forgotten. */
function valueOf({ rawName, value, inlineValue }: Given, isFlag: boolean): string | boolean {
  if (isFlag) return value ?? true
  if (value === undefined || (!inlineValue && /^-[-a-z]/i.test(value))) return ''
  return inlineValue && !rawName.startsWith('--') ? value.replace(/^=/, '') : value
}

function unknownCommand(name: string | undefined): Error {
  if (name === undefined) return usageError('no command is given', 'torch --help')
  const near = nearest(name, Object.keys(commands))
  return usageError(
    `unknown command "${name}"`,
    near === undefined ? 'torch --help lists the commands' : `did you mean "${near}"?`,
  )
}

function checkWords(name: string, command: Command, words: readonly string[]): void {
  const usage = `torch ${name} ${command.words}`.trimEnd()
  const surplus = words[command.mostWords]
  if (surplus !== undefined) throw usageError(`unexpected "${surplus}"`, usage)
  if (words.length < command.leastWords)
    throw usageError(`torch ${name} needs a ${command.words.replace('...', '')}`, usage)
  // As of "$FILE" where FILE is not set: taken for a path it would be this folder.
  if (words.includes('')) throw usageError('an argument is empty', usage)
}
