import { parseNetwork } from '../../tasks/address.ts'
import { parseHostEntry } from '../../tasks/host-entry.ts'
import { hostFacts, type HostFacts } from '../../tasks/hosts.ts'
import type { Call } from '../command.ts'
import { usageError } from './option.ts'
import type { Values } from './options.ts'

/** This machine as `hosts` sees it: its name, and its addresses or those of --address. */
export function factsHere(call: Call, { address = [] }: Pick<Values, 'address'>): HostFacts {
  const { network } = call.host
  const own = checkedAddresses(call, address)
  return hostFacts(network.name(), own.length > 0 ? own : network.addresses())
}

/** The machine of --host: a name or an address, and the addresses of --address. */
export function factsOfHost(
  call: Pick<Call, 'from'>,
  { address = [] }: Pick<Values, 'address'>,
  host: string,
): HostFacts {
  const entry = parseHostEntry(host)
  const isName = entry.kind === 'word' || (entry.kind === 'match' && entry.match.kind === 'name')
  const isAddress = isSingleAddress(host)
  if (!isName && !isAddress) {
    const message = `--host: expected a host name or an address; got ${JSON.stringify(host)}`
    throw usageError(message, 'name one machine, such as web1.example.com or 10.0.1.7')
  }
  // In a variable or a config file they are the addresses of this machine.
  const given = call.from.address === 'flag' ? checkedAddresses(call, address) : []
  return hostFacts(host, isAddress ? [host, ...given] : given)
}

/** Throws the usage error for a value of --address that is not an address. */
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
    `such as ${isVariable ? 'TORCH_ADDRESS=10.0.1.5' : '--address 10.0.1.5 --address 2001:db8::5'}`,
  )
}

export function isSingleAddress(text: string): boolean {
  const network = parseNetwork(text)
  return network !== undefined && network.first === network.last
}
