import { parseNetwork } from '../../tasks/address.ts'
import { parseHostEntry } from '../../tasks/host-entry.ts'
import { hostFacts, type HostFacts } from '../../tasks/hosts.ts'
import type { Call } from '../command.ts'
import { usageError } from './option.ts'
import type { Values } from './options.ts'

/** The host of --host: a name or an address, which is then all that is known of it, and --address. */
export function askedHost(
  call: Pick<Call, 'from'>,
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
  const given = call.from.address === 'flag' ? checkedAddresses(call, address) : []
  return hostFacts(host, isAddress ? [host, ...given] : given)
}

/** Throws the usage error for a value of --address, wherever it stands, that is none. */
export function checkedAddresses(
  { from }: Pick<Call, 'from'>,
  texts: readonly string[],
): readonly string[] {
  const wrong = texts.find((text) => !isSingleAddress(text))
  if (wrong === undefined) return texts
  const isVariable = from.address === 'variable'
  const called = isVariable ? 'TORCH_ADDRESS' : from.address === 'config' ? 'address' : '--address'
  throw usageError(
    `${called}: expected an IPv4 or IPv6 address; got ${JSON.stringify(wrong)}`,
    isVariable ? 'TORCH_ADDRESS=10.0.1.5' : '--address 10.0.1.5 --address 2001:db8::5',
  )
}

export function isSingleAddress(text: string): boolean {
  const network = parseNetwork(text)
  return network !== undefined && network.first === network.last
}
