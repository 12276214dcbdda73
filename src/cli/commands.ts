import type { Command } from './command.ts'
import { daemonCommands, runCommands } from './control-commands.ts'
import { fileCommands, setupCommands } from './file-commands.ts'
import { lookCommands } from './look-commands.ts'

/**
 * All commands, in the order of the help. This loads only their descriptors; the code of a command,
 * in commands/, is loaded when the command runs.
 */
export const commands: readonly Command[] = [
  ...daemonCommands,
  ...lookCommands,
  ...runCommands,
  ...fileCommands,
  ...setupCommands,
]

/** Words that may stand in the place of a command, each with what it shows. */
export const otherCommands: Readonly<Record<string, string>> = {
  help: 'the help of a command',
  '--help': 'all commands',
  '--version': 'the version of torch',
}

export function commandNamed(name: string | undefined): Command | undefined {
  return commands.find((command) => command.name === name)
}
