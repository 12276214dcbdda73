import path from 'node:path'
import { homePaths } from '../daemon/settings.ts'
import { exitStatus } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { optionsOf } from './command.ts'
import { readConfig } from './config-file.ts'
import { showFailure } from './failure.ts'
import { parseWords } from './parse.ts'
import { flagName } from './options.ts'
import { settle, without, type Written } from './settle.ts'
import type { Terminal } from './terminal.ts'
import { variablesOf } from './variables.ts'

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
  const userHome = host.accounts.self().home
  const place = { folder: process.cwd(), userHome }
  const flags: Written = { from: 'flag', place, raw, called: flagName }
  const variables = variablesOf(process.env, place)
  const { config } = settle(['config'], [flags, variables], help).values
  const files = await readConfig(host, userHome, config)
  const others = [variables, ...files].map((each) => without(each, command.flagsOnly ?? []))
  const { values, from } = settle(optionsOf(command), [flags, ...others], help)
  const home = values.home?.absolute ?? defaultHome(host, userHome)
  const script = path.resolve(process.argv[1] ?? '')
  const call = { host, terminal, paths: homePaths(home), words, from, version, script }
  try {
    return await command.run(call, values)
  } catch (error) {
    return showFailure(terminal, error, values.verbose ?? false)
  }
}

/** Of the system for root, else the user's own: XDG Base Directory Specification. */
function defaultHome(host: Host, userHome: string): string {
  if (host.processes.uid === 0) return '/var/lib/torch'
  const state = process.env['XDG_STATE_HOME'] ?? ''
  return path.join(path.isAbsolute(state) ? state : path.join(userHome, '.local/state'), 'torch')
}
