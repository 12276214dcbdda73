import { expect, test } from 'vitest'
import { newNotice, type Notice } from '../../../src/plan/notify/notice.ts'
import { type Outage, withOneForOutage } from '../../../src/plan/notify/outage.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')
const hour = 3_600_000
const ended = (how: 'stopped' | 'died' | 'rebooted', by: string | null = null): Outage => ({
  ...{ previous: { how, atMs: noon, by }, toMs: noon + hour },
})

const missed = (task: string, count = 1, isOutage = true): Notice =>
  newNotice({
    ...{ kind: 'missed', task, atMs: noon + hour, sinceMs: noon + 60_000, key: `missed/${task}` },
    ...{ count, isOutage },
  })

/** What targets get about these tasks. */
function words(outage: Outage, ...posts: [string, Notice][]): string[] {
  const given = posts.map(([target, notice]) => ({ target, notice }))
  return withOneForOutage(given, outage).map(
    ({ target, notice: { task, reason, count } }) => `${target}: ${task} ${count} ${reason}`,
  )
}

test('tasks that missed starts in one outage are one message for each target, in place of the first', () => {
  const names = Array.from({ length: 25 }, (_, n) => `t${n}`)
  const many = names.map((name): [string, Notice] => ['ops', missed(name, 2)])
  const other = newNotice({ kind: 'failed', task: 'x', atMs: noon, key: 'x' })
  const times = 'from 2026-03-10 12:00:00 UTC to 2026-03-10 13:00:00 UTC (torch stop)'
  expect(
    words(ended('stopped', 'torch stop'), ['ops', other], ...many, ['log', missed('t1')]),
  ).toEqual([
    'ops: x 1 null',
    `ops: null 50 torch was down ${times}: 25 tasks missed starts: ${names.slice(0, 10).join(', ')} and 15 more`,
    `log: t1 1 torch was down ${times}`,
  ])
})

test('one task that missed starts in an outage says when it was and why, and what was due', () => {
  const reason = 'due from 2026-03-10T12:10:00Z to 2026-03-10T12:50:00Z'
  expect(words(ended('died'), ['ops', { ...missed('a', 5), reason }])).toEqual([
    'ops: a 5 torch was down from about 2026-03-10 12:00:00 UTC to 2026-03-10 13:00:00 UTC (it was killed or crashed); ' +
      'due from 2026-03-10 12:10:00 UTC to 2026-03-10 12:50:00 UTC',
  ])
})

test('starts that were missed while the machine slept stay messages of their tasks', () => {
  const [a, b] = [missed('a', 1, false), missed('b', 1, false)]
  expect(words(ended('died'), ['ops', a], ['ops', b])).toHaveLength(2)
})

test.each([
  [
    ended('died'),
    'from about 2026-03-10 12:00:00 UTC to 2026-03-10 13:00:00 UTC (it was killed or crashed)',
  ],
  [
    ended('rebooted'),
    'from about 2026-03-10 12:00:00 UTC to 2026-03-10 13:00:00 UTC (the machine went down)',
  ],
  [ended('stopped'), 'from 2026-03-10 12:00:00 UTC to 2026-03-10 13:00:00 UTC'],
  [{ previous: undefined, toMs: noon }, 'until 2026-03-10 12:00:00 UTC'],
])('an outage %j is %s', (outage, times) => {
  const both: [string, Notice][] = [
    ['ops', missed('a')],
    ['ops', missed('b')],
  ]
  expect(words(outage, ...both)).toEqual([
    `ops: null 2 torch was down ${times}: 2 tasks missed starts: a, b`,
  ])
})

test('the message about an outage has the same key if it is decided once more, and one for each target', () => {
  const keys = (target: string, count: number): string[] =>
    withOneForOutage(
      ['a', 'b'].map((name) => ({ target, notice: missed(name, count) })),
      ended('died'),
    ).map(({ notice }) => notice.key)
  expect(keys('ops', 1)).toEqual(keys('ops', 2))
  expect(keys('ops', 1)).not.toEqual(keys('log', 1))
})
