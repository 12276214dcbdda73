import path from 'node:path'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { hasCode } from '../../host/system-error.ts'
import { shellQuoted } from '../../text/shell-quote.ts'
import { nearest } from '../../text/suggest.ts'
import type { FleetSection } from './fleet-section.ts'
import type { FilePath } from './option.ts'
import { optionNames, type OptionSource } from './options.ts'

/** The config file of the machine. The user's own file goes over it, key by key. */
const systemFile = '/etc/torch/torch.yaml'
const userFile = '.config/torch/torch.yaml'

/** A config file has about twenty lines. */
const maxConfigBytes = 1_000_000

/** A config file may set every option except which config file to use. */
const keys = optionNames.filter((name) => name !== 'config')
/** And it may have this section, which is no option: only the commands that need it check what is in it. */
const fleetKey = 'fleet'

/**
 * Reads the config files, the stronger first: the named one, which must exist; otherwise the user's
 * own and that of the machine, if they exist. An unknown key is an error, so that a typo is noticed.
 */
export async function readConfig(
  host: Host,
  userHome: string,
  named: FilePath | undefined,
): Promise<OptionSource[]> {
  const files = named?.absolute
    ? [named.absolute]
    : [path.join(userHome, userFile), systemFile].filter((file) => exists(host, file))
  const sources: OptionSource[] = []
  for (const file of files) sources.push(await readOne(host, userHome, file))
  return sources
}

/** After sudo, HOME may be that of another user: a file in a closed folder does not count. */
function exists(host: Host, file: string): boolean {
  try {
    return host.files.facts(file) !== undefined
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return false
    throw refusal(file, messageOf(error))
  }
}

async function readOne(host: Host, userHome: string, file: string): Promise<OptionSource> {
  const text = readText(host, file)
  // It can name the tasks file, and so what root runs.
  if (host.processes.uid === 0) await refuseIfOpen(host, file)
  if (text === undefined) throw refusal(file, 'does not exist')
  const { parse } = await import('yaml')
  const raw: Record<string, unknown> = {}
  const base = { folder: path.dirname(file), userHome }
  let fleet: FleetSection | undefined
  for (const [key, value] of Object.entries(mapOf(file, () => parse(text)))) {
    if (key === fleetKey) {
      fleet = { file, base, value }
      continue
    }
    const name = keys.find((each) => each === key.replaceAll('_', '-'))
    if (name === undefined) throw refusal(file, `unknown key "${key}"`, hintFor(key))
    raw[name] = value ?? undefined
  }
  const nameOf: OptionSource['nameOf'] = (name) => `${file}: ${name}`
  return { kind: 'config', base, raw, nameOf, ...(fleet && { fleet }) }
}

async function refuseIfOpen(host: Host, file: string): Promise<void> {
  const { openToOthers } = await import('../../host/open-to-others.ts')
  const open = openToOthers(host, file)
  if (open === undefined) return
  throw refusal(
    file,
    `other users can change it by writing ${open.path}`,
    `give it to root, and remove that permission: chmod go-w ${shellQuoted(open.path)}`,
  )
}

function readText(host: Host, file: string): string | undefined {
  try {
    return host.files.readFile(file, maxConfigBytes)?.toString('utf8')
  } catch (error) {
    throw refusal(file, messageOf(error))
  }
}

function mapOf(file: string, parse: () => unknown): object {
  let value: unknown
  try {
    value = parse() ?? {}
  } catch (error) {
    throw refusal(file, `not valid YAML: ${messageOf(error).split('\n')[0]}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw refusal(file, 'expected a map of options')
}

function hintFor(key: string): string {
  const all = [...keys, fleetKey]
  const near = nearest(key, all)
  return near === undefined ? `the keys are ${all.join(', ')}` : `did you mean "${near}"?`
}

function refusal(
  file: string,
  message: string,
  hint = 'a config file has options as keys, such as: grace: 1m',
): TorchError {
  return new TorchError('bad-config', `${file}: ${message}`, { exit: exitStatus.usage, hint })
}
