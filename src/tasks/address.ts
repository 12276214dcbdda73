import { Address, isIPv4, isIPv6 } from 'ip/core'

/** All addresses from `first` to `last`: hexadecimal digits of full width, so that they compare as text. */
export interface Network {
  readonly family: 4 | 6
  readonly first: string
  readonly last: string
}

/**
 * The network of `10.0.1.7`, `10.0.1.0/24` or `2001:db8::/32`; undefined for any other text. Bits
 * after the prefix are ignored, and so is a zone (`%eth0`). An IPv4 address that is mapped into IPv6
 * becomes the IPv4 address.
 *
 * The package is used only to read addresses: its cidrSubnet() takes ::/0 for an IPv4 network, and
 * its contains() ignores the family.
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...more] = text.replace(/%[^/]*/, '').split('/')
  if (more.length > 0 || !(isIPv4(address) || isIPv6(address))) return undefined
  const { family, big } = Address.from(address)
  const bits = family === 4 ? 32 : 128
  const length = prefix === undefined ? bits : prefixOf(prefix)
  if (length > bits) return undefined

  const span = (1n << BigInt(bits - length)) - 1n
  const first = (big | span) - span
  const mapped = family === 6 && first >> 32n === 0xffffn && length >= 96
  if (!mapped) return networkOf(family, first, first + span)
  return networkOf(4, first & 0xffffffffn, (first + span) & 0xffffffffn)
}

/** Whether `outer` contains all of `inner`. A single address is a network too. */
export function covers(outer: Network, inner: Network): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last
}

/** The number of addresses in a network. */
const loopback = ['127.0.0.0/8', '::1'].flatMap((text) => parseNetwork(text) ?? [])

/** Whether only the machine itself has these addresses. */
export function isLoopbackNetwork(network: Network): boolean {
  return loopback.some((each) => covers(each, network))
}

/** Whether only the machine itself is reached by this: `localhost`, `127.0.0.1`, `::1`. */
export function isThisMachine(host: string): boolean {
  const network = parseNetwork(host)
  return host === 'localhost' || (network !== undefined && isLoopbackNetwork(network))
}

export function sizeOf({ first, last }: Network): number {
  return Number(BigInt(`0x${last}`) - BigInt(`0x${first}`)) + 1
}

/** The next address, as digits of the same width. The highest address of all has no next one. */
export function addressAfter(address: string): string {
  return (BigInt(`0x${address}`) + 1n).toString(16).padStart(address.length, '0')
}

/** The fewest blocks with exactly the addresses from `from` to `to`; none if they do not follow each other. */
export function blocksBetween(from: Network, to: Network): string[] {
  const bits = from.family === 4 ? 32 : 128
  const blocks: string[] = []
  if (from.family !== to.family) return blocks
  const end = BigInt(`0x${to.last}`)
  for (let start = BigInt(`0x${from.first}`); start <= end;) {
    let free = 0
    while (
      free < bits &&
      start % (2n << BigInt(free)) === 0n &&
      start + (2n << BigInt(free)) - 1n <= end
    )
      free++
    blocks.push(addressText(from.family, start) + (free === 0 ? '' : `/${bits - free}`))
    start += 1n << BigInt(free)
  }
  return blocks
}

function addressText(family: 4 | 6, address: bigint): string {
  const [count, size, radix, sign] =
    family === 4 ? ([4, 8, 10, '.'] as const) : ([8, 16, 16, ':'] as const)
  const parts = Array.from({ length: count }, (_, index) =>
    ((address >> BigInt((count - 1 - index) * size)) & ((1n << BigInt(size)) - 1n)).toString(radix),
  )
  const text = parts.join(sign)
  return family === 4 ? text : text.replace(/(?:^|:)0(?::0)+(?::|$)/, '::')
}

function prefixOf(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : Infinity
}

function networkOf(family: 4 | 6, first: bigint, last: bigint): Network {
  const width = family === 4 ? 8 : 32
  const digits = (address: bigint): string => address.toString(16).padStart(width, '0')
  return { family, first: digits(first), last: digits(last) }
}
