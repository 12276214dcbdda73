import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { OutputPart } from '../../src/follow/output-part.ts'
import { newEventStreams } from '../../src/http/event-stream.ts'
import { addOutputRoutes } from '../../src/http/output-routes.ts'
import type { Env } from '../../src/http/reply.ts'
import type { View } from '../../src/view/view.ts'
import { handClock } from '../support/clock.ts'
import { runRow } from '../support/history.ts'

/** The routes of a run that printed 8 bytes in two parts. `parts`: how many of them can be read. */
function routesOf({ isWhole, parts }: { isWhole: boolean; parts: number }) {
  const text = 'one\ntwo\n'
  const part = (from: number, to: number): OutputPart => {
    return { bytes: Buffer.from(text.slice(from, to)), from, to, size: 8, isWhole }
  }
  const view: Pick<View, 'run' | 'output'> = {
    run: async () => runRow(1, { run: 'r1', outcome: 'ok' }),
    async output(_, from, maxBytes) {
      if (from / 4 >= parts && from < 8) return undefined
      return part(from, Math.min(from + Math.min(maxBytes, 4), 8))
    },
  }
  const app = new Hono<Env>()
  const clock = handClock('2026-03-10T12:00:00.000Z')
  addOutputRoutes(app, { view, clock, streams: newEventStreams(clock) })
  return app
}

test('a download fails if the output is removed before its end', async () => {
  const at = '/api/runs/r1/output?download=1'
  const whole = await routesOf({ isWhole: true, parts: 2 }).request(at)
  expect(await whole.text()).toBe('one\ntwo\n')
  const cut = await routesOf({ isWhole: true, parts: 1 }).request(at)
  await expect(cut.text()).rejects.toThrow('the output was removed')
})

test('the output of a run that has ended is not called whole while some of it may come', async () => {
  for (const isWhole of [true, false])
    for (const query of ['', '?from=0&to=0', '?download=1']) {
      const app = routesOf({ isWhole, parts: 2 })
      const { headers } = await app.request(`/api/runs/r1/output${query}`)
      expect(headers.get('torch-output-ended'), query).toBe(String(isWhole))
    }
})
