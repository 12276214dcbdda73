import yargs, { type Argv } from 'yargs'
import { nearest } from '../schedule/near.ts'
import { type Command, optionsOf } from './command.ts'
import { commands } from './commands.ts'
import { usageError } from './option.ts'
import { commonOptions, type OptionName, options } from './options.ts'

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

const helpWidth = 80

/** Takes the words behind `torch` apart. Throws the usage error for what torch does not know. */
export async function parseWords(typed: readonly string[]): Promise<Parsed> {
  let called: { name: string; command: Command } | undefined
  let help = ''
  const parser = describeOptions(newParser(), commonOptions)
  for (const [name, entry] of Object.entries(commands)) {
    parser.command(name, entry.summary, async (inner: Argv) => {
      const command = await entry.load()
      called = { name, command }
      return describeCommand(inner, name, command)
    })
  }
  const argv = await parser.parseAsync([...typed], {}, (_error, _argv, output: string) => {
    help = output
  })
  const { _: words, $0: _script, ...raw } = argv
  if (called === undefined) throw unknownCommand(words.map(String))
  if (help !== '') return { kind: 'help', text: help }
  const { name, command } = called
  checkOptions(name, command, Object.keys(raw))
  const own = words.slice(1).map(String)
  checkWords(name, command, own)
  return { kind: 'call', name, command, words: own, raw }
}

/** Numbers stay text, and nothing is guessed: every value is read by its option. */
function newParser(): Argv {
  return yargs()
    .scriptName('torch')
    .locale('en')
    .exitProcess(false)
    .version(false)
    .help('help', 'show this')
    .wrap(helpWidth)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
    })
}

function describeCommand(inner: Argv, name: string, command: Command): Argv {
  const about = command.about.replaceAll('\n', ' ')
  inner.usage(`torch ${name} ${command.words}`.trimEnd() + ` [OPTIONS]\n\n${about}`)
  describeOptions(inner, command.options)
  for (const [words, does] of command.examples) inner.example(`torch ${words}`, does)
  return inner
}

function describeOptions(parser: Argv, names: readonly OptionName[]): Argv {
  for (const name of names) {
    const { kind, value, words, alias } = { alias: undefined, ...options[name] }
    const type = kind === 'flag' ? 'boolean' : 'string'
    const describe = kind === 'flag' ? words : `${value}: ${words}`
    parser.option(name, { type, describe, ...(alias === undefined ? {} : { alias }) })
  }
  return parser
}

function unknownCommand(words: readonly string[]): Error {
  const [name] = words
  if (name === undefined) return usageError('no command is given', 'torch --help')
  const near = nearest(name, Object.keys(commands))
  return usageError(
    `unknown command "${name}"`,
    near === undefined ? 'torch --help lists the commands' : `did you mean "${near}"?`,
  )
}

function checkOptions(name: string, command: Command, given: readonly string[]): void {
  const known: readonly string[] = optionsOf(command)
  const unknown = given.find((option) => !known.includes(option))
  if (unknown === undefined) return
  const near = nearest(unknown, known)
  const hint = near === undefined ? `torch ${name} --help lists them` : `did you mean "--${near}"?`
  const dashes = unknown.length === 1 ? '-' : '--'
  throw usageError(`torch ${name} has no option ${dashes}${unknown}`, hint)
}

function checkWords(name: string, command: Command, words: readonly string[]): void {
  const usage = `torch ${name} ${command.words}`.trimEnd()
  const surplus = words[command.mostWords]
  if (surplus !== undefined) throw usageError(`unexpected "${surplus}"`, usage)
  if (words.length < command.leastWords)
    throw usageError(`torch ${name} needs a ${command.words}`, usage)
}
