import fs from 'node:fs'
import type { IncomingMessage } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import { startHelper } from '../../src/host/helper.ts'
import { type Followed, newNotifier } from '../../src/notify/notifier.ts'
import { newFaults } from '../../src/run/faults.ts'
import { handClock } from '../support/clock.ts'
import { messageOf } from '../support/notify.ts'
import { scriptServer } from '../support/script-server.ts'
import { until } from '../support/until.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A notifier with a real helper process, and a server that notes what it gets. */
async function bench(followed: (url: string) => Partial<Followed>) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-notifier-'))
  const got: string[] = []
  const server = await scriptServer((request, response) => {
    void bodyOf(request).then((body) => {
      got.push(
        `${request.method} ${request.url} ${body.startsWith('{') ? idOf(body) : body}`.trim(),
      )
      return response.end()
    })
  })
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const notifier = newNotifier({
    ...{ host: { clock, files: diskFiles, startHelper }, hostName: 'db1' },
    ...{ folder: path.join(home, 'outbox'), faults: newFaults(clock, () => {}) },
    log: { warn() {} },
    seeMore: () => ({ more: 'torch status', url: null }),
  })
  const empty = { targets: [], pingOf: () => undefined, heartbeat: undefined }
  notifier.follow({ ...empty, ...followed(server.url) })
  notifier.start()
  closers.push(
    () => notifier.close(),
    () => server.close(),
    () => fs.rmSync(home, { recursive: true, force: true }),
  )
  return { server, got, clock, notifier }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}

function idOf(body: string): string {
  return (JSON.parse(body) as { id: string }).id
}

/** The helper processes of this process. */
function helpers(): number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(
        fs.readFileSync(`/proc/${name}/stat`, 'utf8'),
      )?.[1]
      const command = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8')
      return Number(parent) === process.pid && command.includes('helper-process')
        ? [Number(name)]
        : []
    } catch {
      return []
    }
  })
}

test('messages, pings and the heartbeat arrive by a helper process, which ends when it is idle', async () => {
  const { got, clock, notifier } = await bench((url) => ({
    targets: [
      { kind: 'webhook', name: 'ops', url: `${url}/hook`, format: 'json' },
      { kind: 'command', name: 'own', command: ['sh', '-c', 'cat; exit 3'] },
    ],
    pingOf: (task) =>
      task === 'plain'
        ? { url: `${url}/p`, form: 'plain', on: ['ok'] }
        : { url: `${url}/h/?a=1`, form: 'healthchecks', on: ['start', 'ok', 'failed'] },
    heartbeat: { url: `${url}/beat`, everyMs: 60_000 },
  }))
  const arrived = (what: string) => until(() => got.includes(what), what)
  await arrived('GET /beat')
  notifier.send('ops', messageOf({ id: '1' }))
  await arrived('POST /hook 1')
  notifier.ping('plain', 'start', '')
  notifier.ping('plain', 'ok', '')
  await arrived('GET /p')
  for (const [event, wanted] of [
    ['start', 'POST /h/start?a=1 begins'],
    ['failed', 'POST /h/fail?a=1 begins'],
    ['ok', 'POST /h?a=1 begins'],
  ] as const) {
    notifier.ping('dump', event, 'begins')
    await arrived(wanted)
  }
  expect(got).toHaveLength(6)
  expect(await notifier.test('own')).toMatchObject({ kind: 'later', words: 'exit code 3' })
  expect(await notifier.test('none')).toBeUndefined()
  await until(() => notifier.report().waiting === 0, 'an empty outbox')
  expect(notifier.report().targets).toMatchObject([
    {
      name: 'ops',
      kind: 'webhook',
      waiting: 0,
      next: null,
      last: { result: 'delivered', words: 'HTTP 200' },
    },
    { name: 'own', kind: 'command', last: { result: 'failed', words: 'exit code 3' } },
    { name: '(heartbeat)', kind: 'heartbeat', last: { result: 'delivered' } },
  ])
  expect(helpers()).toHaveLength(1)
  clock.advance(5_000)
  await until(() => helpers().length === 0, 'the end of the helper')
  clock.advance(55_000)
  await until(() => notifier.counts().get('(heartbeat)')?.delivered === 2, 'a second beat')
  expect(got.filter((each) => each === 'GET /beat')).toHaveLength(2)
})

test('if the helper is killed, what it had is delivered by another one, with the same id', async () => {
  const { server, got, clock, notifier } = await bench((url) => ({
    targets: [{ kind: 'webhook', name: 'ops', url, format: 'json' }],
  }))
  const good = server.answer
  const held: string[] = []
  server.answer = (request) => void bodyOf(request).then((body) => held.push(idOf(body)))
  notifier.send('ops', messageOf({ id: '1' }))
  await until(() => held.length === 1, 'the first attempt')
  for (const pid of helpers()) process.kill(pid, 'SIGKILL')
  server.answer = good
  await until(() => notifier.report().targets[0]?.last?.result === 'waiting', 'the failure')
  expect(notifier.report().targets[0]).toMatchObject({
    ...{ waiting: 1, oldest: '2026-03-10T12:00:00.000Z', next: '2026-03-10T12:00:05.000Z' },
    last: { words: 'the process that sends messages was ended (SIGKILL)' },
  })
  clock.advance(5_000)
  await until(() => got.length === 1, 'the second attempt')
  expect([held, got]).toEqual([['1'], ['POST / 1']])
})

test('a reload changes where a message goes, and the new heartbeat comes at once', async () => {
  const { server, got, clock, notifier } = await bench((url) => ({
    targets: [{ kind: 'webhook', name: 'ops', url: `${url}/old`, format: 'json' }],
  }))
  const good = server.answer
  server.answer = (_, response) => response.writeHead(500).end()
  notifier.send('ops', messageOf({ id: '1' }))
  await until(() => notifier.report().targets[0]?.last?.result === 'waiting', 'the failure')
  server.answer = good
  const url = `${server.url}/new`
  notifier.follow({
    targets: [{ kind: 'webhook', name: 'ops', url, format: 'json' }],
    pingOf: () => undefined,
    heartbeat: { url: `${server.url}/beat`, everyMs: 60_000 },
  })
  await until(() => got.includes('GET /beat'), 'a beat')
  clock.advance(5_000)
  await until(() => got.includes('POST /new 1'), 'the message')
})
