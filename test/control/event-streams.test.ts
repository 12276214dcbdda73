import { execFile } from 'node:child_process'
import net from 'node:net'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { streamEvents } from '../../src/control/client.ts'
import { aliveMs, type EventLine, maxEventProblems } from '../../src/control/events.ts'
import {
  maxKeptEvents,
  maxStreams,
  maxViewerStreams,
  newEventStreams,
} from '../../src/control/event-streams.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { handClock } from '../support/clock.ts'
import { requestText, sendRaw, serve } from '../support/control.ts'
import { runRow } from '../support/history.ts'
import { until } from '../support/until.ts'

/** Streams behind a real socket, with a clock that the test moves. */
async function streams() {
  const clock = handClock('2026-03-08T07:00:00Z')
  const looks: string[] = []
  const events = newEventStreams({
    clock,
    nextStarts: () => {
      looks.push('all')
      return (task) => (task === 'backup' ? '2026-03-09T02:30:00Z' : null)
    },
  })
  const { socket, server } = await serve({ events: (...call) => events.follow(...call) })
  return { clock, looks, events, socket, server }
}

function row(task: string, changes: Partial<HistoryRow> = {}): HistoryRow {
  return runRow(1, { task, ...changes })
}

/** A client that takes what comes when the test asks. */
function rawClient(socket: string, body = '{}') {
  const client = net.connect(socket)
  onTestFinished(() => void client.destroy())
  let text = ''
  client.on('error', () => {})
  client.on('data', (chunk) => (text += chunk.toString()))
  client.write(requestText('POST', '/events', body))
  const lines = (): EventLine[] =>
    chunksOf(text)
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EventLine)
  const kinds = () => lines().map(({ kind }) => kind)
  return {
    client,
    lines,
    kinds,
    text: () => text,
    has: (count: number) => until(() => lines().length >= count, `${count} lines`),
  }
}

/** The whole chunks of a reply that has only ASCII. */
function chunksOf(text: string): string[] {
  const chunks: string[] = []
  for (let at = text.indexOf('\r\n\r\n') + 4; ;) {
    const [, size = ''] = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20)) ?? []
    const begin = at + size.length + 2
    const end = begin + Number.parseInt(size, 16)
    if (size === '' || end > text.length) return chunks
    chunks.push(text.slice(begin, end))
    at = end + 2
  }
}

test('a stream begins with hello and then has each event with its number and the next start', async () => {
  const { events, socket, looks } = await streams()
  events.row(row('before'))
  const reader = rawClient(socket)
  await reader.has(1)
  expect(looks).toEqual([])
  events.row(row('backup', { outcome: 'running' }))
  events.row(row('backup', { outcome: 'failed' }))
  events.row(row('other', { outcome: 'skipped', run: null }))
  events.row(row('other', { outcome: 'missed', run: null }))
  events.load('3f2a91c')
  const problem = { file: 't.yaml', line: 1, column: 1, path: '', message: 'wrong' } as const
  const all = Array.from({ length: 100 }, () => ({
    ...{ ...problem, severity: 'error' as const, hint: null, source: null },
  }))
  events.refuse(all)
  await reader.has(7)
  const at = '2026-03-08T07:00:00.000Z'
  const daemon = expect.stringMatching(/^[0-9a-f-]{36}$/)
  expect(reader.lines()).toEqual([
    { kind: 'hello', daemon, seq: 1, isComplete: false },
    expect.objectContaining({ kind: 'start', seq: 2, at, next: '2026-03-09T02:30:00Z' }),
    expect.objectContaining({ kind: 'end', seq: 3, row: row('backup', { outcome: 'failed' }) }),
    expect.objectContaining({ kind: 'skip', seq: 4, next: null }),
    expect.objectContaining({ kind: 'miss', seq: 5 }),
    { kind: 'load', seq: 6, at, revision: '3f2a91c' },
    { kind: 'refuse', seq: 7, at, problems: all.slice(0, maxEventProblems) },
  ])
})

test('a client that comes back gets what it missed, or learns that it is gone', async () => {
  const { events, socket } = await streams()
  for (let n = 0; n < 5; n++) events.row(row(`job-${n}`))
  const first = rawClient(socket)
  await first.has(1)
  const [hello] = first.lines()
  const daemon = hello?.kind === 'hello' ? hello.daemon : ''
  const again = async (since: object) => {
    const reader = rawClient(socket, JSON.stringify({ since, tasks: ['job-[0-9]', 'job-*'] }))
    await reader.has(1)
    events.load(null)
    await until(() => reader.kinds().includes('load'), 'the event that is new for all')
    return reader.lines().map((line) => ('seq' in line ? [line.kind, line.seq] : [line.kind]))
  }
  expect(await again({ daemon, seq: 3 })).toEqual([
    ['hello', 5],
    ['end', 4],
    ['end', 5],
    ['load', 6],
  ])
  expect(await again({ daemon, seq: 6 })).toEqual([
    ['hello', 6],
    ['load', 7],
  ])
  expect(await again({ daemon: 'another', seq: 1 })).toEqual([
    ['hello', 7],
    ['load', 8],
  ])
  for (let n = 0; n < maxKeptEvents; n++) events.row(row('job-1'))
  expect(await again({ daemon, seq: 3 })).toEqual([
    ['hello', 1008],
    ['load', 1009],
  ])
})

test('a client may ask for some tasks, and a wrong request is refused', async () => {
  const { events, socket } = await streams()
  const reader = rawClient(socket, '{"tasks":["web-*","db"]}')
  await reader.has(1)
  for (const task of ['web-1', 'web', 'db', 'dbx']) events.row(row(task))
  events.load(null)
  await until(() => reader.kinds().includes('load'), 'the event for everybody')
  expect(reader.lines().flatMap((line) => ('row' in line ? [line.row.task] : []))).toEqual([
    ...['web-1', 'db'],
  ])
  for (const body of ['{"since":{"daemon":1,"seq":0}}', '{"tasks":"a"}', '{"seq":1}', '[]'])
    expect(await sendRaw(socket, requestText('POST', '/events', body))).toContain(' 400 ')
})

test('one client more than may follow is refused, until another one goes', async () => {
  const { events, socket } = await streams()
  const readers = Array.from({ length: maxStreams }, () => rawClient(socket))
  for (const reader of readers) await reader.has(1)
  const refusal = await sendRaw(socket, requestText('POST', '/events', '{}'))
  expect(refusal).toContain(' 429 ')
  expect(refusal).toContain('"too-many"')
  for (let n = 0; n < 2_500; n++) events.row(row('job'))
  // A burst that is larger than what is kept has come in one turn: all of them learn how much is gone.
  for (const reader of readers) await reader.has(1 + 1 + maxKeptEvents)
  expect(readers[0]?.lines()[1]).toEqual({ kind: 'dropped', count: 1_500 })
  readers[0]?.client.destroy()
  await until(async () => {
    const next = rawClient(socket)
    await until(() => next.text() !== '', 'an answer')
    return next.kinds().includes('hello')
  }, 'room for another client')
})

test('viewers cannot take the streams of the user of the daemon', async () => {
  const { events, socket } = await streams()
  const follow: typeof events.follow = (...call) => events.follow(...call)
  const view = await serve({ events: follow }, undefined, { viewers: process.getgid?.() ?? 0 })
  const viewers = Array.from({ length: maxViewerStreams }, () => rawClient(view.socket))
  for (const viewer of viewers) await viewer.has(1)
  const refused = rawClient(view.socket)
  await until(() => refused.text().includes('}'), 'an answer')
  expect(refused.text()).toMatch(/ 429 [^]*32 viewers follow/)
  const owners = Array.from({ length: maxStreams - maxViewerStreams }, () => rawClient(socket))
  for (const owner of owners) await owner.has(1)
  viewers[0]?.client.destroy()
  await until(async () => {
    const next = rawClient(view.socket)
    await until(() => next.text() !== '', 'an answer')
    return next.kinds().includes('hello')
  }, 'room for another viewer')
})

test('a client that stands still loses events but no others, and is ended when it stays so', async () => {
  const { clock, events, socket } = await streams()
  const [slow, quick] = [rawClient(socket), rawClient(socket)]
  await slow.has(1)
  await quick.has(1)
  slow.client.pause()
  const reason = 'x'.repeat(2_000)
  for (let n = 1; n <= 4_000; n++) {
    events.row(row('job', { reason }))
    if (n % 200 === 0) await quick.has(1 + n)
  }
  const seen = slow.lines().length
  slow.client.resume()
  await until(() => slow.lines().some((line) => 'seq' in line && line.seq === 4_000), 'the last')
  const dropped = slow.lines().flatMap((line) => (line.kind === 'dropped' ? [line.count] : []))
  expect(seen).toBeLessThan(1_000)
  expect(slow.lines().filter(({ kind }) => kind === 'end').length).toBe(
    4_000 - dropped.reduce((sum, count) => sum + count, 0),
  )
  expect(dropped.length).toBeGreaterThan(0)
  slow.client.pause()
  for (let n = 1; n <= 1_000; n++) {
    events.row(row('job', { reason }))
    if (n % 200 === 0) await quick.has(4_001 + n)
  }
  clock.advance(aliveMs)
  clock.advance(aliveMs)
  await until(() => quick.kinds().filter((kind) => kind === 'alive').length === 2, 'two signs')
  slow.client.resume()
  await until(() => slow.client.destroyed, 'the end of the slow client')
  expect(quick.client.destroyed).toBe(false)
})

test('the end of the streams comes behind the last event, and later clients are ended at once', async () => {
  const { events, socket, server } = await streams()
  const got: EventLine[] = []
  const never = new AbortController()
  const read = async () => {
    for await (const line of streamEvents(socket, {}, never.signal)) got.push(line)
  }
  const reading = read()
  await until(() => got.length === 1, 'hello')
  for (let n = 0; n < 500; n++) events.row(row('job'))
  events.end()
  await reading
  expect(got.at(-1)).toMatchObject({ kind: 'end', seq: 500 })
  await read()
  await server.close()
  await expect(read()).rejects.toMatchObject({ code: 'no-daemon' })
})

test('curl can read a stream', async () => {
  const { events, socket } = await streams()
  const url = ['--unix-socket', socket, '-sSN', '-X', 'POST', 'http://torch/events']
  const reading = promisify(execFile)('curl', url)
  const [other] = [rawClient(socket)]
  await other.has(1)
  await until(() => {
    events.row(row('job'))
    return other.lines().length > 20
  }, 'events')
  events.end()
  const { stdout } = await reading
  expect(stdout.split('\n').filter((line) => line !== '').length).toBeGreaterThan(0)
  expect(JSON.parse(stdout.split('\n', 1)[0] ?? '')).toMatchObject({ kind: 'hello' })
})
