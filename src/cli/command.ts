import type { HomePaths } from '../daemon/settings.ts'
import type { Host } from '../host/host.ts'
import type { FleetSection } from './args/fleet-section.ts'
import { commonOptions, type OptionName, type Values } from './args/options.ts'
import type { Resolved } from './args/precedence.ts'
import type { Terminal } from './terminal/terminal.ts'

/** The groups of `torch --help`, in its order. */
export const groups = ['daemon', 'look', 'act', 'file', 'setup'] as const

/**
 * Everything torch knows about one command. The parser, the help, completion, the man page and the
 * CLI reference all read it.
 */
export interface Command {
  readonly name: string
  readonly group: (typeof groups)[number]
  /** The arguments after the name, such as `[TASK...]`: see argumentsOf(). */
  readonly usage: string
  /** One line for `torch --help`. */
  readonly summary: string
  readonly description: string
  /** The options it takes besides the common ones. */
  readonly options: readonly OptionName[]
  /** Options that it does not read from variables or config files: they mean nothing there. */
  readonly flagsOnly?: readonly OptionName[]
  /** What to type after `torch`, and what that does. */
  readonly examples: readonly (readonly [typed: string, effect: string])[]
  /** Does the work and returns the exit status. Loads its code only when it is called. */
  readonly run: (call: Call, values: Values) => Promise<number>
}

/** What a command gets besides the values of its options. */
export interface Call {
  readonly host: Host
  readonly terminal: Terminal
  readonly paths: HomePaths
  /** The arguments that are not options: tasks, runs, files. */
  readonly args: readonly string[]
  /** Where the value of each option comes from. */
  readonly from: Resolved['from']
  /** The section `fleet` of the config file, not checked yet. */
  readonly fleet: FleetSection | undefined
  readonly version: string
  /** The script that Node runs now; a daemon is started with the same one. */
  readonly script: string
}

/** All options of a command, with the common ones. */
export function optionsOf(command: Command): readonly OptionName[] {
  return [...command.options, ...commonOptions]
}

/** One argument in a usage. */
export interface Argument {
  /** What it may be: `TASK`, `RUN`. Lower case stands for itself. */
  readonly names: readonly string[]
  readonly isRequired: boolean
  readonly isRepeated: boolean
}

/** The arguments that a usage names: `TASK`, `[FILE]`, `TASK|RUN...`, `[REV [REV]]`. */
export function argumentsOf({ usage }: Pick<Command, 'usage'>): Argument[] {
  const texts = usage.split(' ').filter((text) => text !== '')
  return texts.map((text) => ({
    names: text.replaceAll(/[[\].]/g, '').split('|'),
    isRequired: !text.startsWith('['),
    isRepeated: text.includes('...'),
  }))
}
