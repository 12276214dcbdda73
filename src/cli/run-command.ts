import path from 'node:path'
import { exitStatus } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { parseCommandLine } from './args/command-line.ts'
import { chosenHome, optionSources, resolveOptions, without } from './args/precedence.ts'
import { optionsOf } from './command.ts'
import { showFailure, type Terminal } from './terminal/terminal.ts'

/** Finds the command that was typed, reads its options and runs it. Returns the exit status. */
export async function runCommand(
  host: Host,
  terminal: Terminal,
  version: string,
  typed: readonly string[],
): Promise<number> {
  const parsed = parseCommandLine(typed)
  const { command } = parsed
  if (parsed.kind === 'help') {
    const { commandHelp } = await import('./help.ts')
    await terminal.say(await commandHelp(command))
    return exitStatus.done
  }
  const { args, raw } = parsed
  const help = `torch ${command.name} --help`
  const [flags, ...others] = await optionSources(host, raw, help)
  const weaker = others.map((each) => without(each, command.flagsOnly ?? []))
  const { values, from } = resolveOptions(optionsOf(command), [flags, ...weaker], help)
  const script = path.resolve(process.argv[1] ?? '')
  // The stronger file wins, as for an option.
  const fleet = others.find((each) => each.fleet !== undefined)?.fleet
  const paths = chosenHome(host, values)
  const call = { host, terminal, paths, args, from, fleet, version, script }
  try {
    return await command.run(call, values)
  } catch (error) {
    return showFailure(terminal, error, values.verbose ?? false)
  }
}
