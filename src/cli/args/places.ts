import path from 'node:path'
import { type HomePaths, homePaths } from '../../daemon/settings.ts'
import { TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { readConfig } from './config-file.ts'
import { flagName, type Values } from './options.ts'
import { settle, type Written } from './precedence.ts'
import { variablesOf } from './variables.ts'

/**
 * The places where options stand, the strongest first: the command line, of which `raw` is what was
 * typed; the variables; the config files. `helpWords` are for errors: see settle().
 */
export async function writtenPlaces(
  host: Host,
  raw: Written['raw'],
  helpWords: string,
): Promise<[flags: Written, ...others: Written[]]> {
  const userHome = host.accounts.self().home
  const base = { folder: workingFolder(), userHome }
  const flags: Written = { from: 'flag', base, raw, called: flagName }
  const variables = variablesOf(process.env, base)
  const { config } = settle(['config'], [flags, variables], helpWords).values
  return [flags, variables, ...(await readConfig(host, userHome, config))]
}

function workingFolder(): string {
  try {
    return process.cwd()
  } catch {
    throw new TorchError('no-folder', 'the folder that you are in is not there any more', {
      hint: 'cd to another one',
    })
  }
}

/** The home that a command is about. Without --home: of the system for root, else the user's own. */
export function chosenHome(host: Host, { home }: Pick<Values, 'home'>): HomePaths {
  return homePaths(home?.absolute ?? defaultHome(host))
}

/** XDG Base Directory Specification. */
function defaultHome(host: Host): string {
  if (host.processes.uid === 0) return '/var/lib/torch'
  const state = process.env['XDG_STATE_HOME'] ?? ''
  const base = path.isAbsolute(state) ? state : path.join(host.accounts.self().home, '.local/state')
  return path.join(base, 'torch')
}
