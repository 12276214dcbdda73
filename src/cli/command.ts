import type { HomePaths } from '../daemon/settings.ts'
import type { Host } from '../host/host.ts'
import { commonOptions, type OptionName, type Values } from './args/options.ts'
import type { Settled } from './args/precedence.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What a command is called with. */
export interface Call {
  readonly host: Host
  readonly terminal: Terminal
  readonly paths: HomePaths
  /** The words that are no options: tasks, runs, files. */
  readonly words: readonly string[]
  readonly from: Settled['from']
  readonly version: string
  /** What Node was started with, to start a daemon with. */
  readonly script: string
}

/** A command of torch: its help, and what it does. */
export interface Command {
  /** The words after its name, as in its help: `[TASK...]`. */
  readonly words: string
  readonly mostWords: number
  /** How many it cannot do without. */
  readonly leastWords: number
  readonly options: readonly OptionName[]
  /** Of these, and of those that all have, the ones that mean nothing as variable or in a config file. */
  readonly flagsOnly?: readonly OptionName[]
  /** More than the line that the list of commands has. */
  readonly about: string
  /** What stands behind `torch`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Gives the exit status. */
  run(call: Call, values: Values): Promise<number>
}

/** The options of a command, with those that all have. */
export function optionsOf(command: Command): readonly OptionName[] {
  return [...command.options, ...commonOptions]
}
