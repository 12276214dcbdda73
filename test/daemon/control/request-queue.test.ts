import { expect, test } from 'vitest'
import type { Answers } from '../../../src/control/server.ts'
import { newRequestQueue } from '../../../src/daemon/control/request-queue.ts'

/** Answers `stop` with this pid, and nothing else. */
function answering(pid: number): Answers {
  const { answers } = newRequestQueue()
  return { ...answers, stop: () => ({ pid }) }
}

const stop = { graceMs: null, leave: false }

test('a request waits until somebody serves it', async () => {
  const queue = newRequestQueue()
  const asked = queue.answers.stop(stop)
  queue.serve(answering(1))
  expect(await asked).toEqual({ pid: 1 })
})

test('a request that is held goes to whoever serves next', async () => {
  const queue = newRequestQueue()
  queue.serve(answering(1))
  expect(await queue.answers.stop(stop)).toEqual({ pid: 1 })
  queue.hold()
  const held = queue.answers.stop(stop)
  queue.serve(answering(2))
  expect(await held).toEqual({ pid: 2 })
  expect(await queue.answers.stop(stop)).toEqual({ pid: 2 })
})

test('the last to serve answers, also without a pause in which requests are held', async () => {
  const queue = newRequestQueue()
  queue.serve(answering(1))
  queue.serve(answering(2))
  expect(await queue.answers.stop(stop)).toEqual({ pid: 2 })
})
