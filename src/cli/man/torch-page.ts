import type { Command } from '../command.ts'
import { commands, otherCommands } from '../commands.ts'
import { describeOption } from '../help.ts'
import { commonOptions, type OptionName, optionNamed, optionNames } from '../args/options.ts'
import { variableName } from '../args/options.ts'
import { setInRuns } from '../args/precedence.ts'
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
export function torchPage({ readme, summary, version, date }: Sources): string {
  const [intro] = sectionOf(readme, 'torch')
  const from = (title: string) => sectionsRoff(sectionOf(readme, title))
  const line = summary.charAt(0).toLowerCase() + summary.slice(1)
  return page({ name: 'torch', section: 1, summary: line, version, date }, [
    ...heading('Synopsis'),
    ...paragraph(
      `${bold('torch')} ${italic('COMMAND')} [${italic('WORDS')}] [${italic('OPTIONS')}]`,
    ),
    ...Object.keys(otherCommands).flatMap((word) => ['.br', bold(`torch ${literal(word)}`)]),
    ...heading('Description'),
    ...sectionsRoff([intro]),
    ...paragraph(prose('The tasks file is described in torch-tasks(5).')),
    ...heading('Commands'),
    ...commands.flatMap((command) => tagged(usage(command), prose(command.summary))),
    ...commands.flatMap((command) => commandRoff(command)),
    ...heading('Options of all commands'),
    ...commonOptions.flatMap((name) => optionRoff(name)),
    ...heading('Variables and config files'),
    ...from('Options'),
    ...heading('Environment'),
    ...variablesRoff(),
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

function usage({ name, usage: args }: Command): string {
  return [bold(literal(name)), italic(literal(args))].slice(0, args === '' ? 1 : 2).join(' ')
}

function commandRoff(command: Command): Lines {
  return [
    ...subheading(`${bold('torch')} ${usage(command)}`),
    ...paragraph(prose(command.description)),
    ...command.options.flatMap((option) => optionRoff(option)),
    ...command.examples.flatMap(([words, does]) =>
      tagged(literal(`torch ${words}`), italic(prose(does))),
    ),
  ]
}

function optionRoff(name: OptionName): Lines {
  const { type, alias } = optionNamed(name)
  const flags = [...(alias === undefined ? [] : [`-${alias}`]), `--${name}`]
  const written = flags.map((flag) => bold(literal(flag))).join(', ')
  return tagged(
    type === 'boolean' ? written : `${written} ${italic(literal(type))}`,
    prose(describeOption(name)),
  )
}

/** Which option a variable is, and of which commands: as a flag alone it is not. */
function variablesRoff(): Lines {
  const taken = (option: OptionName) =>
    commands.filter(
      ({ options: own, flagsOnly = [] }) => own.includes(option) && !flagsOnly.includes(option),
    )
  const isCommon = (option: OptionName) => commonOptions.some((each) => each === option)
  const lines = optionNames.flatMap((option) => {
    const variable = variableName(option)
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
