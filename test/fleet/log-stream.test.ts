import { expect, test } from 'vitest'
import { type Chunk, readChunks } from '../../src/fleet/log-stream.ts'
import { newFakeTalk } from '../support/fleet/talk.ts'
import { newMachine, newWorld } from '../support/fleet/world.ts'

const request = { task: 'job', run: null, lines: null, isFollowing: true }

/** Reads from a machine that sends these heads at once, whatever the reader allows. */
async function readFrom(heads: readonly object[]): Promise<Chunk[]> {
  const world = newWorld(1)
  const talk = newFakeTalk(world)
  const sender = talk.of('web1').exchange
  sender.listen('ask.web1', ({ data, reply = '' }) => {
    const { stream } = JSON.parse(Buffer.from(data).toString()) as { stream: string }
    sender.publish(reply, JSON.stringify({ v: 1, host: 'web1', value: {} }))
    for (const head of heads)
      sender.publish(`log.${stream}.out`, `${JSON.stringify(head)}\nsome bytes`)
  })
  const { exchange } = talk.of('reader')
  const { clock } = newMachine(world, 'reader', 0)
  const chunks: Chunk[] = []
  const read = async (): Promise<void> => {
    const signal = new AbortController().signal
    for await (const chunk of readChunks(exchange, clock, 'web1', request, signal)) {
      chunks.push(chunk)
      // It is slower than the sender.
      await new Promise<void>((resolve) => world.after(100, resolve))
    }
  }
  let isOver = false
  const done = read().finally(() => (isOver = true))
  done.catch(() => {})
  while (!isOver) await world.runTo(world.now() + 1_000)
  await done
  return chunks
}

const output = { kind: 'output', task: 'job', run: 'r', at: '2026-03-10T12:00:00Z' }

test('what a machine sends is read until it has no more', async () => {
  const chunks = await readFrom([{ kind: 'start', task: 'job' }, output, { kind: 'over' }])
  expect(chunks.map(({ head }) => head)).toEqual([{ kind: 'start', task: 'job' }, output])
  expect(Buffer.from(chunks[1]?.bytes ?? []).toString()).toBe('some bytes')
})

test('a machine that sends more than it may is read no further', async () => {
  const heads = Array.from({ length: 100 }, () => output)
  await expect(readFrom(heads)).rejects.toThrow('web1 sends more than it was asked for')
})

test('what another version sends, and this one does not know, is left out', async () => {
  const odd = { ...output, task: 7, run: {}, at: null }
  const chunks = await readFrom([{ kind: 'news' }, { kind: 3 }, odd, { kind: 'over' }])
  expect(chunks.map(({ head }) => head)).toEqual([{ kind: 'output' }])
})
