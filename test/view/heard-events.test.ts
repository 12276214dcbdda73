import { expect, test } from 'vitest'
import { TorchError } from '../../src/errors.ts'
import type { HeardEvent } from '../../src/follow/events.ts'
import { heardEvents } from '../../src/view/heard-events.ts'
import { handClock } from '../support/clock.ts'
import { runRow } from '../support/history.ts'
import { until } from '../support/until.ts'

/** What is heard of the events that the test makes, on a clock that it moves. */
function listen() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const aborted = new AbortController()
  const waiting: HeardEvent[] = []
  let wake = (): void => {}
  aborted.signal.addEventListener('abort', () => wake())
  async function* events(): AsyncGenerator<HeardEvent, void, undefined> {
    while (!aborted.signal.aborted) {
      const next = waiting.shift()
      if (next !== undefined) yield next
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const heard: string[] = []
  const over = (async () => {
    for await (const { kind } of heardEvents(clock, events(), aborted.signal)) heard.push(kind)
  })()
  const say = (...some: HeardEvent[]): void => {
    waiting.push(...some)
    wake()
  }
  const times = (kind: string): number => heard.filter((each) => each === kind).length
  return { clock, aborted, over, say, times }
}

function ended(seq: number): HeardEvent {
  const row = runRow(seq, { task: 'backup', run: `r${seq}` })
  return { kind: 'end', seq, at: '2026-03-10T12:00:00Z', row, next: null }
}

test('the status is looked at each 30 s, also while events come more often', async () => {
  const { clock, aborted, over, say, times } = listen()
  say({ kind: 'hello', daemon: 'd', seq: 0, isComplete: false })
  await until(() => times('look') === 1, 'the first look')
  for (let seq = 1; seq <= 60; seq++) {
    clock.advance(10_000)
    say(ended(seq))
    await until(() => times('row') === seq, 'the row')
    await until(() => times('look') === 1 + Math.floor(seq / 3), 'the look')
  }
  aborted.abort()
  await over
  expect([times('row'), times('look')]).toEqual([60, 21])
})

test('many events at once are no reason to look', async () => {
  const { clock, aborted, over, say, times } = listen()
  say(...Array.from({ length: 50 }, (_, seq) => ended(seq)))
  await until(() => times('row') === 50, 'all rows')
  clock.advance(29_999)
  say(ended(50))
  await until(() => times('row') === 51, 'one more row')
  aborted.abort()
  await over
  expect(times('look')).toBe(0)
})

test('without a daemon the status is looked at each 5 s', async () => {
  const { clock, aborted, over, say, times } = listen()
  say({ kind: 'lost', why: new TorchError('no-daemon', 'no daemon runs') })
  for (let looks = 1; looks < 5; looks++) {
    await until(() => times('look') === looks, 'a look')
    clock.advance(5_000)
  }
  await until(() => times('look') === 5, 'the last look')
  aborted.abort()
  await over
})
