import type { Settings } from '../../daemon/settings.ts'
import { checkedAddresses } from '../args/host-facts.ts'
import type { Call } from '../command.ts'
import type { FilePath } from '../args/option.ts'
import type { Values } from '../args/options.ts'

const defaultGraceMs = 30_000
const defaultLogLevel = 'info'

/** The settings of a daemon: the options, else those of the previous daemon, else the defaults. */
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
    addresses:
      (values.address && checkedAddresses(call, values.address)) ?? before?.addresses ?? [],
    graceMs: values.grace ?? before?.graceMs ?? defaultGraceMs,
    foreground,
    pretty: foreground && process.stdout.isTTY,
    logLevel: values['log-level'] ?? before?.logLevel ?? defaultLogLevel,
    version: call.version,
  }
}
