import { expect, test } from 'vitest'
import {
  candidatesOf,
  hasLeft,
  type Heartbeat,
  impostorOf,
  type Member,
  memberState,
  oddMembers,
} from '../../../src/plan/fleet/members.ts'
import { holdBackMs, isAmongFirst, rankOf } from '../../../src/plan/fleet/ranks.ts'
import { hostFacts, type HostRule } from '../../../src/tasks/hosts.ts'

function member(host: string, change: Partial<Heartbeat> = {}, heardMs = 0): Member {
  return {
    heardMs,
    beat: {
      ...{ v: 1, host, session: `s-${host}`, facts: hostFacts(host, []), torch: '0.2.0' },
      ...{ tz: '2025b', file: { revision: null, committedMs: null, hash: 'h' }, running: 0 },
      ...{ places: [], offsetMs: 0, isDraining: false },
      ...change,
    },
  }
}

const glob = (text: string): HostRule => ({ some: [{ kind: 'glob', glob: text }], none: [] })
const names = ['db1', 'db2', 'web1', 'web2', 'web3']

test('candidates are the live machines that the task names, in the tiers of prefer', () => {
  const members = [
    ...names.map((name) => member(name)),
    member('web4', { isDraining: true }),
    member('web5', {}, -15_000),
  ]
  const rule = { hosts: glob('web*'), prefer: [glob('web3'), glob('web1')] }
  expect(candidatesOf(rule, members, 0)).toEqual([
    { host: 'web1', tier: 1 },
    { host: 'web2', tier: 2 },
    { host: 'web3', tier: 0 },
  ])
  expect(candidatesOf({ hosts: undefined, prefer: [] }, members, 0)).toHaveLength(5)
  expect(candidatesOf({ hosts: undefined, prefer: [] }, members, 15_000)).toEqual([])
})

test('another daemon with this name is noticed by its session', () => {
  const own = member('web1').beat
  expect(impostorOf(own, own)).toBeUndefined()
  expect(impostorOf(own, member('web2').beat)).toBeUndefined()
  expect(impostorOf(own, member('web1', { session: 'other' }).beat)?.session).toBe('other')
})

test('each machine has another rank, and over many slots each is first as often as the others', () => {
  const candidates = names.map((host) => ({ host, tier: 0 }))
  const first = new Map<string, number>()
  for (let slot = 0; slot < 5_000; slot += 1) {
    const ranks = names.map((host) => rankOf({ task: 't', slot, host }, candidates))
    expect(ranks.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
    const winner = names[ranks.indexOf(0)] ?? ''
    first.set(winner, (first.get(winner) ?? 0) + 1)
  }
  for (const count of first.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test.each([
  { what: 'the first of the first tier', host: 'a', aheadMs: 0, waits: [0, 150] },
  { what: 'the other tier', host: 'c', aheadMs: 0, waits: [1_000] },
  { what: 'a clock that is ahead', host: 'c', aheadMs: 700, waits: [1_700] },
  { what: 'a clock that is behind', host: 'c', aheadMs: -700, waits: [1_000] },
  { what: 'a machine that nobody heard of', host: 'z', aheadMs: 0, waits: [0, 150, 300] },
])('how long it waits: $what', ({ host, aheadMs, waits }) => {
  const candidates = [
    { host: 'a', tier: 0 },
    { host: 'b', tier: 0 },
    { host: 'c', tier: 1 },
  ]
  expect(waits).toContain(holdBackMs({ task: 't', slot: 1, host, aheadMs }, candidates))
})

test('a machine among a hundred waits two seconds at most', () => {
  const candidates = Array.from({ length: 100 }, (_, index) => ({ host: `h${index}`, tier: 0 }))
  const waits = candidates.map(({ host }) =>
    holdBackMs({ task: 't', slot: 7, host, aheadMs: 0 }, candidates),
  )
  expect([Math.min(...waits), Math.max(...waits)]).toEqual([0, 2_000])
})

test('two machines are the first for a slot, whatever their tiers, and others when these are gone', () => {
  const firstOf = (candidates: readonly { host: string; tier: number }[], slot = 60): string[] =>
    candidates
      .filter(({ host }) => isAmongFirst({ task: 'dump', slot, host }, candidates))
      .map(({ host }) => host)
  const equal = names.map((host) => ({ host, tier: 0 }))
  expect(firstOf(equal)).toHaveLength(2)
  const all = new Set([60, 120, 180, 240, 300, 360].flatMap((slot) => firstOf(equal, slot)))
  expect(all.size).toBeGreaterThan(2)
  const tiers = names.map((host, tier) => ({ host, tier }))
  expect(firstOf(tiers)).toEqual(['db1', 'db2'])
  expect(firstOf(tiers.slice(1))).toEqual(['db2', 'web1'])
  const two = [{ host: 'a', tier: 0 }, ...names.map((host) => ({ host, tier: 1 }))]
  expect(firstOf(two)).toHaveLength(2)
  expect(firstOf(two)).toContain('a')
  expect(firstOf([{ host: 'a', tier: 2 }])).toEqual(['a'])
})

test.each([
  ['was never heard', undefined, true],
  ['is silent', member('web1', { places: ['job/0'] }, 84_000), true],
  ['names the place', member('web1', { places: ['job/0'] }, 95_000), false],
  ['does not name the place that was seen before', member('web1', {}, 95_000), true],
  // It may have taken the place after its last word.
  ['was not heard since the place was seen', member('web1', {}, 89_000), false],
])('whether a machine has left its place that %s', (_, holder, isLeft) => {
  expect(hasLeft(holder, 'job/0', { seenMs: 90_000, nowMs: 100_000 })).toBe(isLeft)
})

test('the state of a machine is what it said last, and whether it is heard', () => {
  const states = [false, true].flatMap((isDraining) =>
    [90_000, 80_000].map((heardMs) =>
      memberState(member('web1', { isDraining }, heardMs), 100_000),
    ),
  )
  expect(states).toEqual(['up', 'silent', 'stopping', 'stopped'])
})

test('machines with other tasks than most are odd, as long as they are heard', () => {
  const file = { revision: null, committedMs: null, hash: 'other' }
  const members = [
    ...['web1', 'web2'].map((name) => member(name, {}, 100_000)),
    member('web3', { file }, 100_000),
    ...['db1', 'db2', 'db3'].map((name) => member(name, { file }, 0)),
  ]
  expect(oddMembers(members, 100_000).map(({ beat }) => beat.host)).toEqual(['web3'])
})
