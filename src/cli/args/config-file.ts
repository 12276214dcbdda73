import path from 'node:path'
import { exitStatus, TorchError, messageOf } from '../../errors.ts'
import { hasCode } from '../../host/system-error.ts'
import type { Host } from '../../host/host.ts'
import { nearest } from '../../text/suggest.ts'
import type { FilePath } from './option.ts'
import { optionNames } from './options.ts'
import type { Written } from './precedence.ts'

/** The machine's, which the user's own file goes over, key by key. */
const systemFile = '/etc/torch/torch.yaml'
const userFile = '.config/torch/torch.yaml'

/** A config file has some twenty lines. */
const maxConfigBytes = 1_000_000

/** A config file may set every option but which config file it is. */
const keys = optionNames.filter((name) => name !== 'config')

/**
 * What the config files say, the stronger first: the one that was named, which has to be there,
 * or the user's own and the machine's. Unknown keys are errors, so that no typo is without effect.
 */
export async function readConfig(
  host: Host,
  userHome: string,
  named: FilePath | undefined,
): Promise<Written[]> {
  const files = named?.absolute
    ? [named.absolute]
    : [path.join(userHome, userFile), systemFile].filter((file) => isThere(host, file))
  const places: Written[] = []
  for (const file of files) places.push(await readOne(host, userHome, file))
  return places
}

/** What lies where this user may not look is another's: HOME may still be that of who called sudo. */
function isThere(host: Host, file: string): boolean {
  try {
    return host.files.facts(file) !== undefined
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return false
    throw refusal(file, messageOf(error))
  }
}

async function readOne(host: Host, userHome: string, file: string): Promise<Written> {
  const text = readText(host, file)
  if (text === undefined) throw refusal(file, 'is not there')
  const { parse } = await import('yaml')
  const raw: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(mapOf(file, () => parse(text)))) {
    const name = keys.find((each) => each === key.replaceAll('_', '-'))
    if (name === undefined) throw refusal(file, `unknown key "${key}"`, hintFor(key))
    raw[name] = value ?? undefined
  }
  const base = { folder: path.dirname(file), userHome }
  return { from: 'config', base, raw, called: (name) => `${file}: ${name}` }
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
  const near = nearest(key, keys)
  return near === undefined ? `it may have: ${keys.join(', ')}` : `did you mean "${near}"?`
}

function refusal(
  file: string,
  words: string,
  hint = 'a config file has options as keys, such as: grace: 1m',
): TorchError {
  return new TorchError('bad-config', `${file}: ${words}`, { exit: exitStatus.usage, hint })
}
