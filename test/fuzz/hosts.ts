import assert from 'node:assert/strict'
import net from 'node:net'
import fc from 'fast-check'
import { matchGlob } from '../../src/text/glob.ts'
import { parseHostEntry } from '../../src/tasks/host-entry.ts'
import { hostFacts, type HostMatch, matchHosts, matchesNothing } from '../../src/tasks/hosts.ts'
import { shareOf } from '../../src/tasks/hosts.ts'
import { pure } from './target.ts'

const byte = fc.oneof(fc.constantFrom(0, 1, 10, 127, 128, 255), fc.nat(255))
const v4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'))
const group = fc.oneof(
  fc.constantFrom('0', '1', 'db8', 'ffff', '2001'),
  fc.nat(0xffff).map((one) => one.toString(16)),
)
const full = fc.array(group, { minLength: 8, maxLength: 8 }).map((all) => all.join(':'))
const short = fc
  .tuple(fc.array(group, { minLength: 1, maxLength: 3 }), fc.array(group, { maxLength: 3 }))
  .map(([a, b]) => `${a.join(':')}::${b.join(':')}`)
const v6 = fc.oneof(
  full,
  short,
  full.map((text) => text.toUpperCase()),
)
const networks = fc.oneof(
  fc
    .tuple(v4, fc.nat(32), v4)
    .map(([address, bits, other]) => ({ address, bits, other, family: 'ipv4' as const })),
  fc
    .tuple(v6, fc.nat(128), v6)
    .map(([address, bits, other]) => ({ address, bits, other, family: 'ipv6' as const })),
)

/** A CIDR block contains the same addresses as in Node's BlockList. */
export const cidr = pure(
  'hosts-cidr',
  120,
  fc.record({ network: networks, nudge: fc.nat(40) }),
  ({ network, nudge }) => {
    const { address, bits, family } = network
    const rule = { some: [matchOf(`${address}/${bits}`)], none: [] }
    const list = new net.BlockList()
    list.addSubnet(address, bits, family)
    if (isMapped(address, family)) return
    for (const one of [address, network.other, near(address, nudge, family)]) {
      if (isMapped(one, family)) continue
      const host = { names: ['x'], addresses: [one] }
      assert.equal(matchHosts(rule, host), list.check(one, family), `${one} in ${address}/${bits}`)
    }
  },
)

/** IPv4 addresses in IPv6 notation: torch treats them as IPv4, Node does not. */
const mapped = new net.BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

function isMapped(address: string, family: 'ipv4' | 'ipv6'): boolean {
  return family === 'ipv6' && mapped.check(address, 'ipv6')
}

const letter = fc.constantFrom('a', 'b', '-', '1')
const namePart = fc.array(fc.oneof(letter, fc.constantFrom('*', '?', '*?')), { maxLength: 10 })
const globs = fc.tuple(
  namePart.map((all) => all.join('')),
  fc.array(letter, { maxLength: 12 }).map((all) => all.join('')),
)

/** A glob matches the same names as the equivalent regular expression. */
export const glob = pure('hosts-glob', 250, globs, ([pattern, name]) => {
  const expression = pattern.replaceAll(/\*+/g, '.*').replaceAll('?', '.')
  assert.equal(matchGlob(pattern, name), new RegExp(`^${expression}$`).test(name))
})

const entryParts = [
  '10.0.0.',
  '1',
  '/8',
  '::',
  'web',
  '*',
  '?',
  '!',
  '.',
  '-',
  ' ',
  '%eth0',
  'a',
  '255',
  ':',
  'FFFF',
  'x',
  '[1-3]',
  '{1..3}',
  '10.0.1.',
  '\n',
  'é',
  '٣',
  '',
]
const entryTexts = fc.oneof(
  fc.array(fc.constantFrom(...entryParts), { maxLength: 7 }).map((all) => all.join('')),
  fc.string({ unit: 'binary', maxLength: 15 }),
)

/** Any entry is a match, a bare word, or an error of one line; an address is one for Node too. */
export const entry = pure('hosts-entries', 200, entryTexts, (text) => {
  const read = parseHostEntry(text)
  if (read.kind === 'wrong') {
    assert.doesNotMatch(read.message, /[\n\r]/)
    for (const instead of read.instead)
      assert.notEqual(parseHostEntry(instead).kind, 'wrong', `${text}: ${instead} is an entry`)
    return
  }
  if (read.kind === 'word') return assert.match(read.word, /^[\w-]+\.?$/)
  if (read.match.kind !== 'network') return
  const [address = ''] = text
    .trim()
    .replace(/\.$/, '')
    .replace(/%[^/]*/, '')
    .split('/')
  assert.notEqual(net.isIP(address), 0, text)
})

const small = fc
  .tuple(fc.nat(15), fc.integer({ min: 28, max: 32 }))
  .map(([last, bits]) => `10.0.0.${last}/${bits}`)
const rules = fc.record({
  some: fc.array(small, { maxLength: 3 }),
  none: fc.array(small, { maxLength: 3 }),
})

/** The share of a block that runs a task agrees with asking each address of the block. */
export const share = pure(
  'hosts-share',
  60,
  fc.record({ rule: rules, machines: fc.array(small, { minLength: 1, maxLength: 3 }) }),
  ({ rule, machines }) => {
    const compiled = { some: rule.some.map(matchOf), none: rule.none.map(matchOf) }
    const all = Array.from({ length: 16 }, (_, last) => hostFacts('x', [`10.0.0.${last}`]))
    const among = all.filter((host) =>
      machines.some((one) => matchHosts({ some: [matchOf(one)], none: [] }, host)),
    )
    const taken = among.filter((host) => matchHosts(compiled, host)).length
    const expected = taken === 0 ? 'none' : taken === among.length ? 'all' : 'some'
    assert.equal(shareOf(compiled, machines.map(matchOf)), expected)
    if (matchesNothing(compiled))
      assert.equal(all.filter((host) => matchHosts(compiled, host)).length, 0)
  },
)

function matchOf(text: string): HostMatch {
  const read = parseHostEntry(text)
  if (read.kind !== 'match') throw new Error(`${text} is ${read.kind}`)
  return read.match
}

/** A nearby address: the last part differs. */
function near(address: string, by: number, family: 'ipv4' | 'ipv6'): string {
  const parts = address.split(family === 'ipv4' ? '.' : ':')
  const last = parts.pop() ?? ''
  if (family === 'ipv4') return [...parts, (Number(last) + by) % 256].join('.')
  return [...parts, (((Number.parseInt(last || '0', 16) + by) % 0x10000) >>> 0).toString(16)].join(
    ':',
  )
}
