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
  const scopes = { of: async () => ({ view }) }
  addOutputRoutes(app, { scopes, clock, streams: newEventStreams(clock) })
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

/** Follows a run whose parts the test gives, one for each look, on a clock that it moves. */
async function follow(parts: readonly OutputPart[], query = '') {
  const left = [...parts]
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const asked: number[] = []
  const row = runRow(1, { run: 'r1', outcome: 'ok' })
  const view: Pick<View, 'run' | 'output'> = {
    run: async () => row,
    async output(_, from) {
      asked.push(from)
      return left.shift() ?? { bytes: Buffer.alloc(0), from, to: from, size: from, isWhole: true }
    },
  }
  const app = new Hono<Env>()
  const scopes = { of: async () => ({ view }) }
  addOutputRoutes(app, { scopes, clock, streams: newEventStreams(clock) })
  const answer = await app.request(`/api/runs/r1/output?follow=1${query}`)
  const reader = answer.body?.getReader()
  /** The next event. Time moves on until it is there. */
  const next = async (): Promise<string> => {
    let isHere = false
    const reading = reader?.read().finally(() => (isHere = true))
    while (!isHere) {
      clock.advance(10)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    return Buffer.from((await reading)?.value ?? []).toString()
  }
  return { next, asked, clock }
}

test('a character whose bytes come in two parts is shown once it is whole', async () => {
  const bytes = Buffer.from('a😀z')
  const part = (from: number, to: number): OutputPart => {
    return { bytes: bytes.subarray(from, to), from, to, size: to, isWhole: to === bytes.length }
  }
  const { next, asked } = await follow([part(0, 2), part(1, 4), part(1, 6)])
  expect(await next()).toBe('id: 1\ndata: {"from":0,"text":"a"}\n\n')
  expect(await next()).toBe('id: 6\ndata: {"from":1,"text":"😀z"}\n\n')
  expect(asked).toEqual([0, 1, 1])
  expect(await next()).toMatch(/^event: end\ndata: \{"run":"r1"/)
})

test('half a character at the very end is shown as it is, and the stream ends', async () => {
  const bytes = Buffer.from('a😀').subarray(0, 3)
  const { next } = await follow([{ bytes, from: 0, to: 3, size: 3, isWhole: true }])
  expect(await next()).toBe('id: 3\ndata: {"from":0,"text":"a\ufffd"}\n\n')
  expect(await next()).toMatch(/^event: end\n/)
})

test('after a gap the output continues behind what is gone', async () => {
  const line = Buffer.from('[left out]\n')
  const { next, asked } = await follow(
    [
      { bytes: line, from: 100, to: 9_000, size: 9_002, isWhole: false },
      { bytes: Buffer.from('ok'), from: 9_000, to: 9_002, size: 9_002, isWhole: true },
    ],
    '&from=100',
  )
  expect(await next()).toContain('data: {"from":100,"text":"[left out]\\n"}')
  expect(await next()).toContain('id: 9002\ndata: {"from":9000,"text":"ok"}')
  expect(asked).toEqual([100, 9_000])
})

test('output that is followed comes with at most 1 MB a second', async () => {
  const size = 256 * 1024
  const parts = Array.from({ length: 4 }, (_, n): OutputPart => {
    const bytes = Buffer.alloc(size, 'x')
    return { bytes, from: n * size, to: (n + 1) * size, size: 4 * size, isWhole: true }
  })
  const { next, clock } = await follow(parts)
  const begin = clock.monotonic()
  for (let n = 1; n <= 4; n++) expect(await next()).toContain(`id: ${n * size}\n`)
  expect(clock.monotonic() - begin).toBeGreaterThanOrEqual(750)
})
