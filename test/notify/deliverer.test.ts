import { expect, test } from 'vitest'
import type { Job } from '../../src/notify/deliver.ts'
import { newDeliverer } from '../../src/notify/deliverer.ts'
import type { Delivery } from '../../src/notify/retry-plan.ts'
import { handClock } from '../support/clock.ts'

const job: Job = { kind: 'ping', url: 'http://x', form: 'plain', event: 'ok', words: '' }

/** A deliverer whose helpers say only what the test says. */
function bench() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const helpers: { say: (line: object) => void; sent: number; isEnded: boolean }[] = []
  const deliverer = newDeliverer({
    clock,
    startHelper({ onLine }) {
      const helper = {
        say: (line: object) => onLine(JSON.stringify(line)),
        sent: 0,
        isEnded: false,
      }
      helpers.push(helper)
      return {
        send: () => void (helper.sent += 1),
        async end() {
          helper.isEnded = true
        },
      }
    },
  })
  const ends: Delivery[] = []
  const deliver = () => void deliverer.deliver(job).then((delivery) => ends.push(delivery))
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  return { clock, helpers, deliver, ends, settled }
}

test('the start of the helper is not the time of the target', async () => {
  const { clock, helpers, deliver, ends, settled } = bench()
  deliver()
  clock.advance(59_000)
  helpers[0]?.say({ isReady: true })
  clock.advance(14_000)
  deliver()
  helpers[0]?.say({ number: 1, delivery: { kind: 'delivered', words: 'HTTP 200' } })
  await settled()
  expect(ends).toEqual([{ kind: 'delivered', words: 'HTTP 200' }])
  clock.advance(14_999)
  expect(helpers[0]).toMatchObject({ sent: 2, isEnded: false })
  clock.advance(1)
  await settled()
  expect(ends[1]).toEqual({
    ...{ kind: 'later', words: 'the machine is too busy: not sent within 15 s' },
  })
  expect(helpers[0]?.isEnded).toBe(true)
})

test('a helper that does not start in a minute is ended, and the next delivery gets another one', async () => {
  const { clock, helpers, deliver, ends, settled } = bench()
  deliver()
  clock.advance(60_000)
  await settled()
  expect(ends).toEqual([
    { kind: 'later', words: 'the machine is too busy: nothing was sent within 60 s' },
  ])
  expect(helpers[0]?.isEnded).toBe(true)
  deliver()
  expect(helpers).toHaveLength(2)
  // What the first one says now means nothing.
  helpers[0]?.say({ number: 2, delivery: { kind: 'delivered', words: '' } })
  await settled()
  expect(ends).toHaveLength(1)
})
