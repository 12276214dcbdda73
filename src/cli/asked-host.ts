import { parseNetwork } from '../tasks/address.ts'
import { parseHostEntry } from '../tasks/host-entry.ts'
import { hostFacts, type HostFacts } from '../tasks/hosts.ts'
import type { Call } from './command.ts'
import { usageError } from './option.ts'
import type { Values } from './options.ts'

/** The host of --host: a name or an address, which is then all that is known of it, and --address. */
export function askedHost(
  { from }: Pick<Call, 'from'>,
  { address = [] }: Pick<Values, 'address'>,
  host: string,
): HostFacts {
  const entry = parseHostEntry(host)
  const isName = entry.kind === 'word' || (entry.kind === 'match' && entry.match.kind === 'name')
  const isAddress = isSingleAddress(host)
  if (!isName && !isAddress) {
    const message = `--host: expected a host name or an address; got ${JSON.stringify(host)}`
    throw usageError(message, 'one machine, such as web1.example.com or 10.0.1.7')
  }
  // As a variable or in a config file they are those of this machine.
  const given = from.address === 'flag' ? address.map(checkedAddress) : []
  return hostFacts(host, isAddress ? [host, ...given] : given)
}

/** Throws the usage error for a value of --address that is none. */
export function checkedAddress(text: string): string {
  if (isSingleAddress(text)) return text
  throw usageError(
    `--address: expected an IPv4 or IPv6 address; got ${JSON.stringify(text)}`,
    '--address 10.0.1.5 --address 2001:db8::5',
  )
}

export function isSingleAddress(text: string): boolean {
  const network = parseNetwork(text)
  return network !== undefined && network.first === network.last
}
