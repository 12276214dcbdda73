import yargs from 'yargs'
import { type Command, optionsOf } from './command.ts'
import { aliasOf, helpOption, options } from './args/options.ts'

const helpWidth = 80

/** What `torch COMMAND --help` shows: its words, what it does, its options, and examples. */
export function helpOf(name: string, command: Command): Promise<string> {
  const about = command.about.replaceAll('\n', ' ')
  const parser = yargs()
    .scriptName('torch')
    .locale('en')
    .version(false)
    .wrap(helpWidth)
    .usage(`torch ${name} ${command.words}`.trimEnd() + ` [OPTIONS]\n\n${about}`)
  for (const option of optionsOf(command)) {
    const { kind, value, words } = options[option]
    const alias = aliasOf(option)
    const type = kind === 'flag' ? 'boolean' : 'string'
    const describe = kind === 'flag' ? words : `${value}: ${words}`
    parser.option(option, { type, describe, ...(alias === undefined ? {} : { alias }) })
  }
  for (const [words, does] of command.examples) parser.example(`torch ${words}`, does)
  return parser.help(helpOption.name, helpOption.words).getHelp()
}
