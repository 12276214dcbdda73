import { expect, test } from 'vitest'
import { newEventStreams, type OpenStream } from '../../src/http/event-stream.ts'
import { handClock } from '../support/clock.ts'

/** Streams whose texts the test gives, and how many of them were closed. */
function bench() {
  const clock = handClock('2026-03-10T12:00:00Z')
  const streams = newEventStreams(clock)
  const counts = { closed: 0, asked: 0 }
  const open = (next: OpenStream['next'] = () => undefined) => {
    let wake = (): void => {}
    const stream = streams.start((wakeStream) => {
      wake = wakeStream
      return {
        next() {
          counts.asked += 1
          return next()
        },
        close: () => void (counts.closed += 1),
      }
    })
    return stream === undefined ? undefined : { reader: stream.getReader(), wake: () => wake() }
  }
  return { clock, streams, counts, open }
}

/** Lets what is under way come to its next pause. */
async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function textOf({ value }: { readonly value?: Uint8Array | undefined }): string {
  return Buffer.from(value ?? []).toString()
}

test('a stream that nobody begins to read gives its place back after a minute', async () => {
  const { clock, counts, open } = bench()
  const all = Array.from({ length: 50 }, () => open())
  expect(all).not.toContain(undefined)
  expect(open()).toBeUndefined()
  clock.advance(60_000)
  expect(counts.closed).toBe(50)
  expect(open()).toBeDefined()
  await expect(all[0]?.reader.read()).rejects.toThrow('the reader stands still')
})

test('a reader that waits for news keeps its stream; one that takes none loses it', async () => {
  const { clock, counts, open } = bench()
  const news: string[] = []
  const { reader, wake } = open(() => news.shift()) ?? expect.fail('no stream')
  const first = reader.read()
  await settled()
  news.push('data: 1\n\n')
  wake()
  expect(textOf(await first)).toBe('data: 1\n\n')
  for (let n = 0; n < 10; n++) {
    const alive = reader.read()
    await settled()
    clock.advance(15_000)
    expect(textOf(await alive)).toBe(': alive\n\n')
  }
  expect(counts.closed).toBe(0)
  clock.advance(60_000)
  expect(counts.closed).toBe(1)
})

test('a stream that is woken for nothing still says each 15 s that it is alive', async () => {
  const { clock, counts, open } = bench()
  const { reader, wake } = open() ?? expect.fail('no stream')
  const alive = reader.read()
  for (let n = 0; n < 15; n++) {
    await settled()
    clock.advance(1_000)
    wake()
  }
  expect(textOf(await alive)).toBe(': alive\n\n')
  expect(counts.asked).toBeGreaterThan(10)
})

test('a stream that fails, ends or is left gives its place back', async () => {
  const { counts, open, streams } = bench()
  const failing = open(() => Promise.reject(new Error('no file')))
  await expect(failing?.reader.read()).rejects.toThrow('no file')
  expect(counts.closed).toBe(1)
  const ended = open(() => null)
  expect(await ended?.reader.read()).toMatchObject({ done: true })
  expect(counts.closed).toBe(2)
  await open()?.reader.cancel()
  expect(counts.closed).toBe(3)
  const waiting = open()
  const last = waiting?.reader.read()
  await settled()
  streams.close()
  expect(await last).toMatchObject({ done: true })
  expect(counts.closed).toBe(4)
})
