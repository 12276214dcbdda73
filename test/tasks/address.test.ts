import { BlockList, isIPv4 } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blocksBetween, covers, isThisMachine, parseNetwork } from '../../src/tasks/address.ts'

describe('a network', () => {
  test.each([
    ['10.0.1.7', 4, '0a000107', '0a000107'],
    ['10.0.1.7/24', 4, '0a000100', '0a0001ff'],
    ['255.255.255.255/0', 4, '00000000', 'ffffffff'],
    ['::1', 6, `${'0'.repeat(31)}1`, `${'0'.repeat(31)}1`],
    ['::/0', 6, '0'.repeat(32), 'f'.repeat(32)],
    ['2001:DB8::/32', 6, `20010db8${'0'.repeat(24)}`, `20010db8${'f'.repeat(24)}`],
    ['fe80::1%eth0', 6, `fe80${'0'.repeat(27)}1`, `fe80${'0'.repeat(27)}1`],
    ['fe80::%eth0/10', 6, `fe80${'0'.repeat(28)}`, `febf${'f'.repeat(28)}`],
    ['::ffff:10.0.0.0/104', 4, '0a000000', '0affffff'],
  ])('%s is a network', (text, family, first, last) => {
    expect(parseNetwork(text)).toEqual({ family, first, last })
  })

  test.each([
    ...[
      '',
      ' ',
      '10',
      '10.0.1',
      '10.0.1.256',
      '10.0.01.1',
      '0x0a.0.0.1',
      '10.0.1.1.1',
      '1e1.0.0.1',
    ],
    ...['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/1.5', '10.0.0.0/8/8', '10.0.0.0/a'],
    ...['::/129', ':::', '1::2::3', '12345::', '2001:db8::g', '::ffff:10.0.0.256', 'localhost'],
  ])('%s is not a network', (text) => {
    expect(parseNetwork(text)).toBeUndefined()
  })
})

test('a network contains no address of the other family, even with the same digits', () => {
  const [four, six] = [parseNetwork('32.1.0.0/16'), parseNetwork('2001:db8::5')]
  expect(four && six && covers(four, six)).toBe(false)
})

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('10.0.0.1', '::', '::1', '2001:dead::5'),
)

test('a network contains the same addresses as the BlockList of Node', () => {
  fc.assert(
    fc.property(address, fc.nat(128), address, (base, bits, other) => {
      const family = isIPv4(base) ? 'ipv4' : 'ipv6'
      const prefix = family === 'ipv4' ? bits % 33 : bits
      const network = parseNetwork(`${base}/${prefix}`)
      const single = parseNetwork(other)
      // Mapped addresses are IPv4 here, and both in a BlockList.
      const mapped =
        [network, single].some((one) => one?.family === 4) && `${base}${other}`.includes(':')
      fc.pre(network !== undefined && single !== undefined && !mapped)
      const list = new BlockList()
      list.addSubnet(base, prefix, family)
      expect(covers(network, single)).toBe(list.check(other, isIPv4(other) ? 'ipv4' : 'ipv6'))
    }),
  )
})

test('blocksBetween gives the fewest blocks with exactly the addresses of a range', () => {
  const last = fc.integer({ min: 0, max: 300 })
  fc.assert(
    fc.property(last, last, fc.constantFrom('10.0.', '2001:db8::'), (a, b, prefix) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const addressOf = (at: number): string =>
        prefix === '10.0.' ? `10.0.${at >> 8}.${at & 255}` : prefix + at.toString(16)
      const network = (text: string) => parseNetwork(text) ?? expect.fail(text)
      const blocks = blocksBetween(network(addressOf(from)), network(addressOf(to))).map(network)
      for (let at = 0; at <= 300; at++) {
        const holders = blocks.filter((block) => covers(block, network(addressOf(at))))
        if (holders.length !== (at >= from && at <= to ? 1 : 0)) expect([a, b, at]).toBe('in one')
      }
      expect(blocks.length).toBeLessThanOrEqual(17)
    }),
    { numRuns: 30 },
  )
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['127.0.0.1.example.com', false],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.1.5', false],
])('only this machine reaches %s: %s', (host, expected) => {
  expect(isThisMachine(host)).toBe(expected)
})
