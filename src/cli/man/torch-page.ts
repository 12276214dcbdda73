import type { Command } from '../command.ts'
import { commands, insteadOfCommands } from '../commands.ts'
import { aliasOf, commonOptions, type OptionName, optionNames, options } from '../args/options.ts'
import { setInRuns, variableOf } from '../args/variables.ts'
import { type Section, sectionOf } from './markdown.ts'
import { sectionsRoff } from './prose.ts'
import {
  bold,
  heading,
  italic,
  type Lines,
  literal,
  page,
  paragraph,
  prose,
  subheading,
  tagged,
} from './roff.ts'

/** What a page is made of, besides the tables of commands and options. */
export interface Sources {
  readonly readme: readonly Section[]
  /** The package's own line on itself. */
  readonly summary: string
  readonly version: string
  /** ISO 8601, without the time. */
  readonly date: string
}

/** torch(1): the commands as in their help, and what the README has on all of them. */
export async function torchPage({ readme, summary, version, date }: Sources): Promise<string> {
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([name, entry]) => ({ name, command: await entry.load() })),
  )
  const [intro] = sectionOf(readme, 'torch')
  const from = (title: string) => sectionsRoff(sectionOf(readme, title))
  const line = summary.charAt(0).toLowerCase() + summary.slice(1)
  return page({ name: 'torch', section: 1, summary: line, version, date }, [
    ...heading('Synopsis'),
    ...paragraph(
      `${bold('torch')} ${italic('COMMAND')} [${italic('WORDS')}] [${italic('OPTIONS')}]`,
    ),
    ...Object.keys(insteadOfCommands).flatMap((word) => ['.br', bold(`torch ${literal(word)}`)]),
    ...heading('Description'),
    ...sectionsRoff([intro]),
    ...paragraph(prose('The tasks file is described in torch-tasks(5).')),
    ...heading('Commands'),
    ...Object.entries(commands).flatMap(([name, entry]) =>
      tagged(usage(name, entry.words), prose(entry.summary)),
    ),
    ...loaded.flatMap(({ name, command }) => commandRoff(name, command)),
    ...heading('Options of all commands'),
    ...commonOptions.flatMap((name) => optionRoff(name)),
    ...heading('Variables and config files'),
    ...from('Options'),
    ...heading('Environment'),
    ...variablesRoff(loaded),
    ...heading('Files'),
    ...from('Where things are'),
    ...subheading(prose('The log')),
    ...from('The log'),
    ...heading('Exit status'),
    ...from('Exit statuses'),
    ...heading('Signals'),
    ...paragraph(prose('To the daemon:')),
    ...from('Signals'),
    ...heading('After a crash'),
    ...from('After a crash'),
    ...heading('Caveats'),
    ...from('Limits, and what to know'),
    ...heading('See also'),
    ...paragraph(seeAlso('torch-tasks(5)', 'crontab(5)', 'systemd.service(5)', 'signal(7)')),
  ])
}

/** Other pages, by their names. */
export function seeAlso(...pages: readonly string[]): string {
  const named = pages.map((each) => each.replace(/^[^(]+/, (name) => bold(literal(name))))
  return named.join(', ')
}

function usage(name: string, words: string): string {
  return [bold(literal(name)), italic(literal(words))].slice(0, words === '' ? 1 : 2).join(' ')
}

function commandRoff(name: string, command: Command): Lines {
  return [
    ...subheading(`${bold('torch')} ${usage(name, command.words)}`),
    ...paragraph(prose(command.about)),
    ...command.options.flatMap((option) => optionRoff(option)),
    ...command.examples.flatMap(([words, does]) =>
      tagged(literal(`torch ${words}`), italic(prose(does))),
    ),
  ]
}

function optionRoff(name: OptionName): Lines {
  const { value, words } = options[name]
  const alias = aliasOf(name)
  const flags = [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`]
  const written = flags.map((flag) => bold(literal(flag))).join(', ')
  return tagged(value === '' ? written : `${written} ${italic(literal(value))}`, prose(words))
}

/** Which option a variable is, and of which commands: as a flag alone it is not. */
function variablesRoff(loaded: readonly { name: string; command: Command }[]): Lines {
  const taken = (option: OptionName) =>
    loaded.filter(
      ({ command: { options: own, flagsOnly = [] } }) =>
        own.includes(option) && !flagsOnly.includes(option),
    )
  const isCommon = (option: OptionName) => commonOptions.some((each) => each === option)
  const lines = optionNames.flatMap((option) => {
    const variable = variableOf(option)
    const of = isCommon(option) ? ['all commands'] : taken(option).map(({ name }) => name)
    if (setInRuns.has(variable) || of.length === 0) return []
    return tagged(
      bold(literal(variable)),
      `${bold(literal(`--${option}`))} ${prose(`of ${of.join(', ')}`)}`,
    )
  })
  const others = Object.entries(otherVariables).flatMap(([name, does]) =>
    tagged(bold(literal(name)), prose(does)),
  )
  return [...lines, ...others]
}

/** Variables that are no options. */
const otherVariables: Readonly<Record<string, string>> = {
  XDG_STATE_HOME: 'where the home is without --home, for all but root',
  NO_COLOR: 'no colours, also on a terminal; so does TERM=dumb',
  SHELL: 'the shell that torch completion is for where none is named',
  TZ: "the machine's zone",
}
