import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import type { Job } from '../../src/notify/deliver.ts'
import type { Letter } from '../../src/notify/entry-file.ts'
import type { Delivery } from '../../src/notify/retry-plan.ts'
import { newSending } from '../../src/notify/sending.ts'
import { newFaults } from '../../src/run/faults.ts'
import { handClock } from '../support/clock.ts'
import { messageOf } from '../support/notify.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

/** A daemon whose deliveries the test answers. Another one may follow on the same home. */
function bench(home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-sending-'))) {
  made.push(home)
  const folder = path.join(home, 'outbox')
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const logged: { facts: object; words: string }[] = []
  const asked: { job: Job; what: string; answer: (delivery: Delivery) => Promise<void> }[] = []
  const targets = new Set(['a', 'b', 'c', 'd', 'e'])
  const sending = newSending({
    ...{ host: { clock, files: diskFiles }, folder, faults: newFaults(clock, () => {}) },
    log: { warn: (_, facts, words) => logged.push({ facts, words }) },
    hostName: 'db1',
    seeMore: () => ({ more: 'torch status', url: null }),
    jobOf: (letter) =>
      letter.kind === 'message' && !targets.has(letter.target) ? undefined : jobFor(letter),
    deliverer: {
      deliver: (job) =>
        new Promise((resolve) => {
          asked.push({
            job,
            what: job.kind === 'message' ? `${job.target.name} ${job.message.id}` : job.event,
            async answer(delivery) {
              resolve(delivery)
              await new Promise((done) => setImmediate(done))
            },
          })
        }),
      close: () => Promise.resolve(),
    },
  })
  const add = async (...letters: Letter[]): Promise<void> => {
    for (const letter of letters) sending.add(letter)
    await clock.turn()
  }
  const waiting = (): string[] => asked.map(({ what }) => what)
  const answer = async (kind: Delivery['kind'], words = 'HTTP 1', more = {}): Promise<void> =>
    asked.shift()?.answer({ kind, words, ...more })
  return { home, folder, clock, logged, asked, targets, sending, add, waiting, answer }
}

function jobFor(letter: Letter): Job {
  if (letter.kind === 'message') {
    const target = { kind: 'command', name: letter.target, command: ['true'] } as const
    return { kind: 'message', target, message: letter.message }
  }
  const event = letter.kind === 'ping' ? letter.event : 'ok'
  return { kind: 'ping', url: 'http://x', form: 'plain', event, words: '' }
}

const message = (id: string, target = 'a', task: string | null = id): Letter => ({
  ...{ kind: 'message', target, message: messageOf({ id, task }) },
})
const ping = (event: 'start' | 'ok' | 'failed'): Letter => ({
  ...{ kind: 'ping', task: 'dump', event, words: '' },
})

test('nothing is sent before the start; then four at a time, and each target in turn', async () => {
  const { sending, add, waiting, answer } = bench()
  for (const target of ['a', 'b', 'c', 'd', 'e'])
    for (const id of ['1', '2']) await add(message(id, target))
  expect(waiting()).toEqual([])
  sending.start()
  expect(waiting()).toEqual(['a 1', 'b 1', 'c 1', 'd 1'])
  await answer('delivered')
  expect(waiting()).toEqual(['b 1', 'c 1', 'd 1', 'a 2'])
  await answer('delivered')
  await answer('delivered')
  expect(waiting()).toEqual(['d 1', 'a 2', 'b 2', 'c 2'])
})

test('targets that hang leave one place for the heartbeat and the pings', async () => {
  const { sending, add, waiting, answer } = bench()
  for (const target of ['a', 'b', 'c', 'd'])
    for (const id of ['1', '2']) await add(message(id, target))
  sending.start()
  expect(waiting()).toEqual(['a 1', 'b 1', 'c 1', 'd 1'])
  await add({ kind: 'heartbeat' })
  await answer('delivered')
  expect(waiting()).toEqual(['b 1', 'c 1', 'd 1', 'ok'])
  for (const task of ['t1', 't2', 't3', 't4'])
    await add({ kind: 'ping', task, event: 'start', words: '' })
  for (let n = 0; n < 3; n++) await answer('delivered')
  expect(waiting()).toEqual(['ok', 'a 2', 'b 2', 'c 2'])
  await answer('delivered')
  expect(waiting()).toEqual(['a 2', 'b 2', 'c 2', 'start'])
})

test('what could not be sent is tried again after 5 s, 30 s and 2 m, until it arrives', async () => {
  const { sending, add, waiting, answer, clock, logged } = bench()
  sending.start()
  await add(message('1'))
  for (const delay of [5_000, 30_000, 120_000]) {
    await answer('later', 'HTTP 500')
    expect(sending.results.last('a')).toMatchObject({ result: 'waiting', words: 'HTTP 500' })
    clock.advance(delay - 1)
    expect(waiting()).toEqual([])
    clock.advance(1)
    expect(waiting()).toEqual(['a 1'])
  }
  await answer('delivered', 'HTTP 200')
  expect(sending.entries()).toEqual([])
  expect(sending.results.last('a')).toEqual({
    ...{ at: '2026-03-10T12:02:35.000Z', result: 'delivered', words: 'HTTP 200' },
  })
  expect([...sending.results.counts()]).toEqual([['a', { delivered: 1, failed: 0, dropped: 0 }]])
  expect(logged).toEqual([])
})

test('a delivery makes everything due that waits for the same target, in order', async () => {
  const { sending, add, waiting, answer, clock } = bench()
  sending.start()
  await add(message('1', 'a', 'dump'), message('1', 'b'))
  for (const delay of [5_000, 30_000, 120_000, 600_000]) {
    await answer('later', 'HTTP 500')
    await answer('later', 'HTTP 500')
    clock.advance(delay)
  }
  await answer('later', 'HTTP 500')
  await answer('later', 'HTTP 500')
  await add(message('2', 'a', 'dump'))
  expect(waiting()).toEqual([])
  await add(message('3', 'a', 'other'))
  expect(waiting()).toEqual(['a 3'])
  await answer('delivered', 'HTTP 200')
  expect(waiting()).toEqual(['a 1'])
  await answer('delivered', 'HTTP 200')
  expect(waiting()).toEqual(['a 2'])
  await answer('delivered', 'HTTP 200')
  expect(sending.entries().map(({ recipient }) => recipient)).toEqual(['b'])
  sending.retryNow('b')
  expect(waiting()).toEqual(['b 1'])
})

test('after an outage a target gets ten messages in a minute: the last one is a digest of all others', async () => {
  const { sending, add, waiting, answer, clock, asked } = bench()
  sending.start()
  for (let n = 1; n <= 30; n++) {
    await add(message(`m${n}`))
    await answer('later', 'HTTP 500')
  }
  clock.advance(4_999)
  await add(message('late', 'a', 'm30'), message('new'))
  expect(waiting()).toEqual(['a new'])
  await answer('delivered')
  const got: string[] = []
  while (asked.length > 0) {
    got.push(...waiting())
    await answer('delivered')
  }
  expect(got.slice(0, 8)).toEqual(
    ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8'].map((id) => `a ${id}`),
  )
  expect(got).toHaveLength(9)
  expect(sending.entries()).toEqual([])
  // More than that waits until the minute is over, and is one message too.
  await add(message('x'), message('y'))
  expect(waiting()).toEqual([])
  await add(message('z', 'b'))
  expect(waiting()).toEqual(['b z'])
  await answer('delivered')
  clock.advance(59_999)
  expect(waiting()).toEqual([])
  clock.advance(1)
  expect(waiting()).toEqual(['a x'])
  await answer('delivered')
  expect(waiting()).toEqual(['a y'])
})

test('the next daemon knows how many messages a target got in this minute', async () => {
  const first = bench()
  first.sending.start()
  for (let n = 1; n <= 10; n++) {
    await first.add(message(`m${n}`))
    await first.answer('delivered')
  }
  await first.add(message('x'), message('y'))
  expect(first.waiting()).toEqual([])
  const next = bench(first.home)
  next.sending.start()
  expect(next.waiting()).toEqual([])
  next.clock.advance(60_000)
  expect(next.waiting()).toEqual(['a x'])
  expect(next.sending.results.last('a')).toEqual({
    ...{ at: '2026-03-10T12:00:00.000Z', result: 'delivered', words: 'HTTP 1' },
  })
})

test('a message that waits for an earlier one about its task is not in a digest before it', async () => {
  const { sending, add, waiting, answer, asked } = bench()
  sending.start()
  for (let n = 1; n <= 9; n++) {
    await add(message(`m${n}`))
    await answer('delivered')
  }
  await add(message('failed', 'a', 'dump'))
  await answer('later', 'HTTP 500')
  await add(message('recovered', 'a', 'dump'), message('x'), message('y'))
  expect(waiting()).toHaveLength(1)
  expect(asked[0]?.job).toMatchObject({ message: { kind: 'digest', count: 2, ids: ['x', 'y'] } })
  expect(sending.entries()).toHaveLength(3)
  await answer('delivered')
  expect(waiting()).toEqual([])
  expect(sending.entries().map(({ task }) => task)).toEqual(['dump', 'dump'])
})

test('if the disk is full, messages that would be in a digest are sent one by one', async () => {
  const { sending, add, waiting, answer, folder, clock } = bench()
  sending.start()
  for (let n = 1; n <= 9; n++) {
    await add(message(`m${n}`))
    await answer('delivered')
  }
  fs.renameSync(folder, `${folder}.gone`)
  fs.writeFileSync(folder, 'not a folder')
  await add(message('x'), message('y'))
  expect(waiting()).toEqual(['a x'])
  await answer('delivered')
  expect(waiting()).toEqual([])
  clock.advance(60_000)
  expect(waiting()).toEqual(['a y'])
  await answer('delivered')
  expect(sending.entries()).toEqual([])
})

test('a pause that ends early does not count as waited, so nothing is given up too soon', async () => {
  const { sending, add, waiting, answer, clock } = bench()
  sending.start()
  await add(message('bad'))
  for (const delay of [5_000, 30_000, 120_000, 600_000]) {
    await answer('later', 'HTTP 500')
    clock.advance(delay)
  }
  await answer('later', 'HTTP 500')
  for (let n = 0; n < 50; n++) {
    await add(message(`good ${n}`))
    await answer('delivered')
    clock.advance(10_000)
    expect(waiting()).toEqual(['a bad'])
    await answer('later', 'HTTP 500')
  }
  expect(sending.entries()).toMatchObject([{ waitedMs: 755_000 + 3_600_000 }])
})

test('after 24 hours it is given up, which is in the log once', async () => {
  const { sending, add, answer, clock, logged, asked } = bench()
  sending.start()
  await add(message('1'))
  let attempts = 0
  while (asked.length > 0) {
    attempts += 1
    await answer('later', 'HTTP 500')
    clock.advance(3_600_000)
  }
  expect(attempts).toBe(29)
  expect(logged).toEqual([
    {
      facts: {
        ...{ target: 'a', task: '1', attempts: 29, id: '1', kind: 'failed' },
        ...{ run: messageOf().run, reason: 'HTTP 500' },
      },
      words: 'a: could not be delivered: HTTP 500: 1 failed on db1',
    },
  ])
  expect(sending.results.counts().get('a')).toMatchObject({ failed: 1 })
  expect(sending.results.last('a')).toMatchObject({ result: 'failed' })
})

test('what a server refuses for good is not tried again', async () => {
  const { sending, add, answer, clock, logged, waiting } = bench()
  sending.start()
  await add(message('1'))
  await answer('refused', 'HTTP 404')
  clock.advance(86_400_000)
  expect(waiting()).toEqual([])
  expect(logged.map(({ words }) => words)).toEqual([
    'a: could not be delivered: HTTP 404: 1 failed on db1',
  ])
})

test('a target that asks for a pause gets nothing meanwhile; others do', async () => {
  const { sending, add, answer, clock, waiting } = bench()
  sending.start()
  for (const id of ['1', '2']) await add(message(id))
  await answer('later', 'HTTP 429', { retryAfterMs: 60_000 })
  await add(message('3', 'b'))
  expect(waiting()).toEqual(['b 3'])
  await answer('delivered')
  clock.advance(59_999)
  expect(waiting()).toEqual([])
  clock.advance(1)
  expect(waiting()).toEqual(['a 1'])
})

test('messages about one task stay in order; another task does not wait for them', async () => {
  const { sending, add, answer, waiting } = bench()
  sending.start()
  await add(message('failed', 'a', 'dump'))
  await add(message('recovered', 'a', 'dump'))
  await add(message('other', 'a', 'other'))
  await answer('later')
  expect(waiting()).toEqual(['a other'])
  await answer('delivered')
  expect(waiting()).toEqual(['a failed'])
  await answer('delivered')
  expect(waiting()).toEqual(['a recovered'])
})

test('the next daemon sends what waited and what was under way, when it is due', async () => {
  const first = bench()
  first.sending.start()
  await first.add(message('1'))
  await first.answer('later', 'HTTP 500')
  await first.add(message('2', 'b'))
  expect(first.waiting()).toEqual(['b 2'])
  // It is killed: nothing else happens here.
  const next = bench(first.home)
  expect(next.sending.results.last('a')).toMatchObject({ result: 'waiting', words: 'HTTP 500' })
  next.sending.start()
  expect(next.waiting()).toEqual(['b 2'])
  next.clock.advance(5_000)
  expect(next.waiting()).toEqual(['b 2', 'a 1'])
})

test('a wrong clock lets nothing wait for ever', async () => {
  const first = bench()
  first.sending.start()
  await first.add(message('1'))
  first.clock.set(Date.parse('2100-01-01'))
  await first.answer('later')
  const next = bench(first.home)
  next.sending.start()
  next.clock.advance(86_400_000)
  expect(next.waiting()).toEqual(['a 1'])
})

test('a target that is gone from the tasks file, and a file that is gone, end an entry', async () => {
  const { sending, add, answer, logged, targets, folder, waiting } = bench()
  sending.start()
  for (const id of ['1', '2', '3']) await add(message(id))
  targets.delete('a')
  const last = fs.readdirSync(folder).toSorted().at(-2) ?? ''
  expect(last).toMatch(/^\d{15}-/)
  fs.rmSync(path.join(folder, last))
  await answer('delivered')
  expect(waiting()).toEqual([])
  expect(sending.entries()).toEqual([])
  expect(logged).toHaveLength(1)
  expect(logged[0]?.words).toContain('the tasks file does not have this target any more')
})

test('a newer ping replaces an older one that waits or fails, and one line of the log is enough', async () => {
  const { sending, add, answer, waiting, clock, logged } = bench()
  sending.start()
  await add(ping('start'))
  await add(ping('failed'))
  expect(waiting()).toEqual(['start'])
  await answer('later')
  expect(waiting()).toEqual(['failed'])
  await answer('later')
  for (let n = 0; n < 3; n++) {
    await add(ping('ok'))
    await answer('later', 'HTTP 503')
  }
  clock.advance(5_000)
  expect(waiting()).toEqual(['ok'])
  await answer('delivered')
  expect(sending.entries()).toEqual([])
  expect(logged.map(({ words }) => words)).toEqual(['ping dump: could not be delivered: HTTP 1'])
})

test('close waits for what is under way, but not for long, and begins nothing', async () => {
  const { sending, add, answer, waiting, clock } = bench()
  sending.start()
  await add(message('1'))
  await add(message('2'))
  const closed = sending.close()
  await answer('delivered')
  await closed
  expect(waiting()).toEqual([])
  expect(sending.entries()).toHaveLength(1)
  const other = bench()
  other.sending.start()
  await other.add(message('1'))
  const soon = other.sending.close()
  other.clock.advance(2_000)
  await soon
  expect(other.sending.entries()).toHaveLength(1)
  clock.advance(1)
})
