import { defaultHome, type HomePaths, homePaths } from '../../daemon/settings.ts'
import { TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { readConfig } from './config-file.ts'
import { BadValue, type PathBase, usageError } from './option.ts'
import {
  flagName,
  type OptionName,
  optionNames,
  options,
  type OptionSource,
  type Values,
  variableName,
} from './options.ts'

/** The values of options, and where each comes from. */
export interface Resolved {
  readonly values: Values
  readonly from: { readonly [N in OptionName]?: OptionSource['kind'] }
}

/**
 * Everything that sets options, the strongest first: the command line, where `raw` was typed; the
 * variables; the config files. `help` is the hint of errors: see resolveOptions().
 */
export async function optionSources(
  host: Host,
  raw: OptionSource['raw'],
  help: string,
): Promise<[commandLine: OptionSource, ...others: OptionSource[]]> {
  const userHome = host.accounts.self().home
  const base = { folder: workingFolder(), userHome }
  const commandLine: OptionSource = { kind: 'flag', base, raw, nameOf: flagName }
  const variables = variablesSource(process.env, base)
  const { config } = resolveOptions(['config'], [commandLine, variables], help).values
  return [commandLine, variables, ...(await readConfig(host, userHome, config))]
}

/**
 * Reads each option from the first source that sets it. Throws a usage error for a value that its
 * option does not take; `help` is what to try if the value itself gives no hint.
 */
export function resolveOptions(
  names: readonly OptionName[],
  sources: readonly OptionSource[],
  help: string,
): Resolved {
  const values: Record<string, unknown> = {}
  const from: Record<string, OptionSource['kind']> = {}
  for (const name of names) {
    const source = sources.find(({ raw }) => raw[name] !== undefined)
    if (source === undefined) continue
    values[name] = read(name, source, help)
    from[name] = source.kind
  }
  return { values, from }
}

/** The same source without some options; their values are not even checked. */
export function without(source: OptionSource, names: readonly OptionName[]): OptionSource {
  const ignored: readonly string[] = names
  const entries = Object.entries(source.raw).filter(([name]) => !ignored.includes(name))
  return { ...source, raw: Object.fromEntries(entries) }
}

/** The home of a command. Without --home: that of the system for root, else the user's own. */
export function chosenHome(host: Host, { home }: Pick<Values, 'home'>): HomePaths {
  return homePaths(home?.absolute ?? defaultHome(host))
}

function workingFolder(): string {
  try {
    return process.cwd()
  } catch {
    throw new TorchError('no-folder', 'the current folder does not exist any more', {
      hint: 'cd to another one',
    })
  }
}

/**
 * Variables that torch sets in runs and that are not options, because a task may call torch. It sets
 * TORCH_HOME too: that is an option, so the task asks its own daemon.
 */
const setInRuns = new Set([
  'TORCH_TASK',
  'TORCH_RUN_ID',
  'TORCH_SLOT',
  'TORCH_ATTEMPT',
  'TORCH_HOST',
  'TORCH_SCRIPT',
  'TORCH_AFTER_RUN',
])

/** The options in TORCH_<NAME> variables. An empty variable counts as not set. */
export function variablesSource(environment: NodeJS.ProcessEnv, base: PathBase): OptionSource {
  const raw: Record<string, string> = {}
  for (const name of optionNames) {
    const variable = variableName(name)
    const value = environment[variable] ?? ''
    if (value !== '' && !setInRuns.has(variable)) raw[name] = value
  }
  return { kind: 'variable', base, raw, nameOf: variableName }
}

function read(name: OptionName, { raw, base, nameOf }: OptionSource, help: string): unknown {
  try {
    return options[name].read(textsOf(raw[name]), base)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    throw usageError(`${nameOf(name)}: ${error.message}`, error.hint ?? help)
  }
}

function textsOf(raw: unknown): string[] {
  if (Array.isArray(raw)) return raw.flatMap(textsOf)
  if (typeof raw === 'string') return [raw]
  if (typeof raw === 'number' || typeof raw === 'boolean') return [String(raw)]
  throw new BadValue('expected text, a number, true or false')
}
