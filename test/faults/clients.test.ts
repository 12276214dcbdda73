import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { requestText } from '../support/control.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, heldBy, logOf } from '../support/daemon.ts'
import { expectUndisturbed, memoryOf, nextSeconds, startWitnessed, witness } from './witness.ts'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 })
afterAll(closeSites)

/** `TEST_REQUESTS=1000000 npx vitest run test/faults/clients.test.ts` takes a few minutes. */
const requests = Number(process.env['TEST_REQUESTS'] ?? 20_000)
/** The connections that a flooding client has open at one time. */
const parallel = 64
/** Garbage that V8 has not collected yet. A leak of 20,000 requests would be larger. */
const maxGrowthMiB = 40

const many = Array.from(
  { length: 1000 },
  (_, n) => `  t${n}: { schedule: "@yearly", command: x }\n`,
)
let site: Site
let pid = 0
let before = { memory: 0, descriptors: 0 }

beforeAll(async () => {
  site = newSite(`tasks:${witness}${many.join('')}`)
  pid = await startWitnessed(site)
  for (let n = 0; n < 20; n++) await ask(site, 'status', {})
  before = { memory: memoryOf(pid), descriptors: heldBy(pid).descriptors }
})

/** Opens a connection that may end at any time, and writes these parts. */
function connect(...parts: (string | Buffer)[]): net.Socket {
  const client = net.connect(path.join(site.home, 'torch.sock'))
  client.on('error', () => undefined)
  for (const part of parts) client.write(part)
  return client
}

/** Resolves with everything received when the daemon closes the connection. */
function answered(client: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    let got = ''
    client.on('data', (chunk) => (got += chunk.toString('latin1')))
    client.once('close', () => resolve(got))
  })
}

/** True when the memory is as before. V8 collects only while it allocates, so this asks for more. */
async function collected(): Promise<boolean> {
  if (memoryOf(pid) < before.memory + maxGrowthMiB) return true
  await ask(site, 'status', {})
  return false
}

/** Calls `one` `count` times, `parallel` at a time. */
async function flood(count: number, one: () => Promise<unknown>): Promise<void> {
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: parallel }, worker))
}

interface Assault {
  readonly name: string
  /** Returns the connections to close after the daemon was checked. */
  make(): net.Socket[] | Promise<net.Socket[]>
}

const status = requestText('POST', '/status', '{}')
const flush = requestText('POST', '/flush', '{}')
const times = (count: number, make: () => net.Socket) => Array.from({ length: count }, make)

const assaults: readonly Assault[] = [
  { name: 'clients that send garbage', make: () => times(200, () => connect(randomBytes(5_000))) },
  {
    name: 'clients that send half a request and then nothing',
    make: () => times(200, () => connect(flush.slice(0, -5))),
  },
  {
    name: 'clients that send half a header',
    make: () => times(200, () => connect('POST /status HT')),
  },
  {
    name: 'clients that send a huge header',
    make: () => times(20, () => connect(`POST /run HTTP/1.1\r\nA: ${'a'.repeat(5_000_000)}`)),
  },
  {
    name: 'clients that send a huge body',
    make: () => times(20, () => connect(requestText('POST', '/run', 'a'.repeat(5_000_000)))),
  },
  {
    name: `${requests / 2} requests in a row on 20 connections`,
    async make() {
      const clients = times(20, () => connect(flush.repeat(requests / 40)))
      await Promise.all(clients.map(answered))
      return clients
    },
  },
  {
    name: `${requests / 2} requests, ${parallel} at a time,`,
    async make() {
      let refused = 0
      await flood(requests / 2, async () => {
        const got = await answered(connect(flush))
        if (!got.startsWith('HTTP/1.1 200')) refused += 1
      })
      expect(refused).toBe(0)
      return []
    },
  },
  { name: 'clients that never read', make: () => times(200, () => connect(status).pause()) },
  { name: '1000 clients that send nothing', make: () => times(1000, () => connect()) },
]

test.each(assaults)(
  '$name do not keep the daemon from its tasks or from other clients',
  async ({ make }) => {
    const told = logOf(site).length
    const clients = await make()
    try {
      expect((await ask(site, 'status', {})).daemon?.pid).toBe(pid)
      await nextSeconds(site, 2)
    } finally {
      for (const client of clients) client.destroy()
    }
    await until(() => heldBy(pid).descriptors <= before.descriptors, 'no more descriptors')
    await until(collected, 'no more memory', 30_000)
    const troubles = logOf(site)
      .slice(told)
      .filter(({ event }) => event === 'trouble')
    expect(troubles.length).toBeLessThan(2)
  },
)

test('the daemon makes its socket again after it was removed, and torch status finds it', async () => {
  fs.rmSync(path.join(site.home, 'torch.sock'))
  await until(() => fs.existsSync(path.join(site.home, 'torch.sock')), 'the socket', 5_000)
  expect((await site.torch('status')).stdout).toMatch(new RegExp(`^daemon  running, pid ${pid},`))
  const said = logOf(site).filter(({ msg }) => msg.includes('was missing'))
  expect(said).toHaveLength(1)
  // The new socket is handed to the next daemon too.
  expect(await site.torch('restart')).toMatchObject({ status: 0 })
  pid = site.pid() ?? 0
  expect((await ask(site, 'status', {})).daemon?.pid).toBe(pid)
})

test('the daemon lost no second while clients attacked it', async () => {
  await expectUndisturbed(site, pid)
})
