import { expect, test } from 'vitest'
import { TorchError } from '../../../src/errors.ts'
import { polled } from '../../../src/view/fleet/poll.ts'
import { handClock } from '../../support/clock.ts'

test('a look that fails ends nothing: the next one tells what is new', async () => {
  const clock = handClock('2026-03-08T12:00:00Z')
  const stop = new AbortController()
  let looks = 0
  const heard = polled(
    clock,
    () => {
      looks += 1
      return looks === 1
        ? Promise.reject(new TorchError('daemon-silent', 'no answer'))
        : Promise.resolve([])
    },
    stop.signal,
  )
  expect(await heard.next()).toMatchObject({ value: { kind: 'look' } })
  const next = heard.next()
  while (looks === 0) await Promise.resolve()
  await new Promise(setImmediate)
  clock.advance(60_000)
  expect(await next).toMatchObject({ value: { kind: 'look' } })
  stop.abort()
  await heard.return()
})
