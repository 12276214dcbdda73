import type { Settings } from '../daemon/settings.ts'
import { parseNetwork } from '../tasks/address.ts'
import type { Call } from './command.ts'
import { type FilePath, usageError } from './option.ts'
import type { Values } from './options.ts'

const defaultGraceMs = 30_000
const defaultLogLevel = 'info'

/** What a daemon is started with: options over what the daemon before had, over the defaults. */
export function daemonSettings(
  call: Call,
  values: Values,
  tasks: FilePath,
  before?: Settings,
): Settings {
  const foreground = values.foreground ?? false
  return {
    home: call.paths.home,
    tasks: tasks.absolute,
    addresses: values.address?.map(checkedAddress) ?? before?.addresses ?? [],
    graceMs: values.grace ?? before?.graceMs ?? defaultGraceMs,
    foreground,
    pretty: foreground && process.stdout.isTTY,
    logLevel: values['log-level'] ?? before?.logLevel ?? defaultLogLevel,
    version: call.version,
  }
}

function checkedAddress(text: string): string {
  const network = parseNetwork(text)
  if (network !== undefined && network.first === network.last) return text
  throw usageError(
    `--address: expected an IPv4 or IPv6 address; got ${JSON.stringify(text)}`,
    'torch start --address 10.0.1.5 --address 2001:db8::5',
  )
}
