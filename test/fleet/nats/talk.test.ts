import { afterEach, expect, test } from 'vitest'
import { connectFleet } from '../../../src/fleet/nats/connect.ts'
import { thisMachine } from '../../../src/host/host.ts'
import type { HistoryRow } from '../../../src/plan/history-row.ts'
import { rowId } from '../../../src/plan/fleet/shared-rows.ts'
import { describeNats } from '../../support/fleet/nats-server.ts'
import { usersServer } from '../../support/fleet/nats-users.ts'
import { runRow } from '../../support/history.ts'
import { until } from '../../support/until.ts'

let closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.toReversed()) await close()
  closings = []
})

/** A server with a user for each machine, and what connects one. */
async function fleetServer(program: string, hosts: readonly string[]) {
  const { server, passwordFile: file, close } = await usersServer(program, hosts)
  closings.push(close)
  return async (user: string) => {
    const fleet = connectFleet({
      host: thisMachine(),
      settings: {
        ...{ name: 'prod', servers: [server.url], tls: undefined, host: user, accept: [] },
        ...{ login: { kind: 'password', user, file }, share: 'problems', monitor: undefined },
      },
      random: () => 0,
    })
    closings.push(() => fleet.close())
    await until(() => fleet.link().state === 'up', `the connection of ${user}`)
    return { server, ...fleet }
  }
}

describeNats('%s', (program) => {
  test('rows of several machines are read back, newest first, by a machine that may make no consumer', async () => {
    const machine = await fleetServer(program, ['web1', 'db.example.com'])
    const [web1, db] = [await machine('web1'), await machine('db.example.com')]
    const put = async (from: typeof web1, n: number, changes: Partial<HistoryRow>) => {
      const row = runRow(n, changes)
      expect(await from.rows.put(row, rowId(row))).toMatchObject({ kind: 'stored' })
    }
    for (let n = 0; n < 600; n += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, at) => put(web1, n + at, { task: `job.${at % 3}` })),
      )
    await put(db, 1_000, { task: 'rare' })
    await put(db, 1_001, { task: 'job.1' })
    await put(db, 1_001, { task: 'job.1' })

    const read = async (query: Parameters<typeof web1.rows.read>[0]) => {
      const answer = await web1.rows.read(query)
      if (answer.kind === 'silent') throw new Error(answer.words)
      return answer.rows
    }
    const newest = await read({ limit: 3 })
    expect(newest.slice(0, 2).map(({ host, task }) => [host, task])).toEqual([
      ['db.example.com', 'job.1'],
      ['db.example.com', 'rare'],
    ])
    expect(newest[2]).toMatchObject({ host: 'web1' })
    expect(await read({ hosts: ['web1'], tasks: ['job.2'], limit: 1_000 })).toHaveLength(198)
    expect(await read({ hosts: ['db.example.com'], limit: 1_000 })).toHaveLength(2)
    expect(await read({ tasks: ['rare', 'job.1'], limit: 1_000 })).toHaveLength(200)
    expect(await read({ limit: 1_000 })).toHaveLength(602)
    expect(await read({ limit: 1_000, sinceMs: Date.now() + 60_000 })).toEqual([])
    expect(await read({ tasks: ['none'], limit: 1 })).toEqual([])
    expect(web1.link()).toMatchObject({ lastError: null })
    await web1.server.crash()
    await until(() => web1.link().state === 'down', 'the loss')
    expect(await web1.rows.read({ limit: 1 })).toMatchObject({ kind: 'silent' })
  })

  test('a machine is asked and answers, also after the connection was lost; commands are for operators', async () => {
    const machine = await fleetServer(program, ['web1', 'db1'])
    const [web1, db1, operator] = [
      await machine('web1'),
      await machine('db1'),
      await machine('operator'),
    ]
    const heard: (string | undefined)[] = []
    db1.exchange.listen('ask.db1', ({ data, reply }) => {
      heard.push(reply)
      if (reply !== undefined)
        db1.exchange.publish(reply, Buffer.from(data).toString().toUpperCase())
    })
    db1.exchange.listen('do.db1', ({ reply }) => {
      if (reply !== undefined) db1.exchange.publish(reply, 'done')
    })
    const text = async (answer: ReturnType<typeof web1.exchange.request>): Promise<string> => {
      const found = await answer
      return found.kind === 'answer' ? Buffer.from(found.data).toString() : found.kind
    }
    const asked = () => text(web1.exchange.request('ask.db1', 'who', 2_000))
    await until(async () => (await asked()) === 'WHO', 'an answer')
    expect(await text(web1.exchange.request('do.db1', '{}', 2_000))).toBe('forbidden')
    expect(await text(operator.exchange.request('do.db1', '{}', 2_000))).toBe('done')
    expect(await text(web1.exchange.request('ask.nobody', 'who', 2_000))).toBe('nobody')

    // An answer goes only into an inbox: this one would be a row of db1.
    heard.length = 0
    web1.exchange.publish('ask.db1', 'forge', 'row.db1.job')
    await until(() => heard.length > 0, 'the question')
    expect(heard).toEqual([undefined])
    const rows = await web1.rows.read({ limit: 10 })
    expect(rows).toEqual({ kind: 'rows', rows: [] })

    await web1.server.crash()
    await until(() => web1.link().state === 'down' && db1.link().state === 'down', 'the loss')
    expect(await asked()).toBe('silent')
    await web1.server.start()
    await until(() => web1.link().state === 'up' && db1.link().state === 'up', 'the connections')
    await until(async () => (await asked()) === 'WHO', 'an answer')
  })
})
