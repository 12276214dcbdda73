import path from 'node:path'
import { exitStatus } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { optionsOf } from './command.ts'
import { showFailure } from './terminal/failure.ts'
import { parseWords } from './args/parse.ts'
import { chosenHome, writtenPlaces } from './args/places.ts'
import { settle, without } from './args/precedence.ts'
import type { Terminal } from './terminal/terminal.ts'

/**
 * Finds the command, reads its options (flag over variable over config file), and runs it. Gives
 * its exit status.
 */
export async function dispatch(
  host: Host,
  terminal: Terminal,
  version: string,
  typed: readonly string[],
): Promise<number> {
  const parsed = await parseWords(typed)
  if (parsed.kind === 'help') {
    await terminal.say(parsed.text)
    return exitStatus.done
  }
  const { name: called, command, words, raw } = parsed
  const help = `torch ${called} --help`
  const [flags, ...others] = await writtenPlaces(host, raw, help)
  const weaker = others.map((each) => without(each, command.flagsOnly ?? []))
  const { values, from } = settle(optionsOf(command), [flags, ...weaker], help)
  const script = path.resolve(process.argv[1] ?? '')
  const call = { host, terminal, paths: chosenHome(host, values), words, from, version, script }
  try {
    return await command.run(call, values)
  } catch (error) {
    return showFailure(terminal, error, values.verbose ?? false)
  }
}
