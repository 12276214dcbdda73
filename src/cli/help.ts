import { type Command, groups, optionsOf } from './command.ts'
import { commands } from './commands.ts'
import { commonOptions, helpOption, type OptionName, optionNamed } from './args/options.ts'

const helpWidth = 80

/** What `torch --help` shows: one line for each command, in groups. */
export function overview(): string {
  const groupWidth = Math.max(...groups.map((group) => group.length)) + 2
  const usages = commands.map(({ name, usage }) => `${name} ${usage}`.trimEnd())
  const usageWidth = Math.max(...usages.map((usage) => usage.length)) + 2
  const lines = commands.map(({ group, summary }, at) => {
    const isFirst = commands[at - 1]?.group !== group
    const left = (isFirst ? group : '').padEnd(groupWidth)
    return `${left}${(usages[at] ?? '').padEnd(usageWidth)}${summary}`
  })
  // One line for each command and two more: a person reads it at one glance.
  return `usage: torch COMMAND [OPTIONS]; torch COMMAND --help shows them, with examples
${lines.join('\n')}
Exit status: 0 done, 1 failed, 2 wrong usage or bad tasks file, 3 no daemon.`
}

/**
 * What `torch COMMAND --help` shows. yargs lays it out. It is loaded only here: to load it takes
 * longer than to start Node.
 */
export async function commandHelp(command: Command): Promise<string> {
  const { default: yargs } = await import('yargs')
  const parser = yargs()
    .scriptName('torch')
    .locale('en')
    .version(false)
    .wrap(helpWidth)
    .usage(
      `${`torch ${command.name} ${command.usage}`.trimEnd()} [OPTIONS]\n\n${command.description}`,
    )
  for (const name of optionsOf(command)) {
    const { alias } = optionNamed(name)
    const describe = describeOption(name)
    parser.option(name, { describe, ...(alias === undefined ? {} : { alias }) })
  }
  for (const [typed, effect] of command.examples) parser.example(`torch ${typed}`, effect)
  parser.group([...command.options], 'Options:')
  parser.group([...commonOptions, helpOption.name], 'Common options:')
  const { name, alias, description } = helpOption
  return parser.help(false).option(name, { describe: description, alias }).getHelp()
}

/** What an option does, the type of its value, and what applies without it. */
export function describeOption(name: OptionName): string {
  const { description, type, preset } = optionNamed(name)
  const notes = [
    ...(type === 'boolean' ? [] : [`[${type}]`]),
    ...(preset === undefined ? [] : [`[default: ${preset}]`]),
  ]
  return [description, ...notes].join(' ')
}
