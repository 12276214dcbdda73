import { describe, expect, test } from 'vitest'
import { readChunks } from '../../../src/fleet/log-stream.ts'
import { newFleetSite } from '../../support/fleet/daemons.ts'

type Site = ReturnType<typeof newFleetSite>

async function fleetOf(
  yaml: string,
  names: readonly string[],
  settings: Parameters<typeof newFleetSite>[2] = {},
) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${yaml}`, names, settings)
  const daemons: Awaited<ReturnType<Site['machines'][number]['daemon']>>[] = []
  for (const { daemon } of site.machines) daemons.push(await daemon())
  await site.pass(1_000)
  const [first] = daemons
  if (first === undefined) throw new Error('no machine')
  /** What the promise gives, while time passes. */
  const during = async <T>(promise: Promise<T> | T): Promise<T> => {
    let isOver = false
    const settled = Promise.resolve(promise).finally(() => (isOver = true))
    settled.catch(() => {})
    for (let count = 0; count < 400 && !isOver; count += 1) await site.pass(50)
    return settled
  }
  return { ...site, daemons, first, during }
}

const job = '{job: {schedule: "0 0 1 1 *", command: "echo hello"}}'

describe('what machines ask each other', () => {
  test('all that are up answer with their status, and one that is cut off is left out in two seconds', async () => {
    const fleet = await fleetOf(job, ['web1', 'web2', 'web3'])
    const { answers } = await fleet.during(
      fleet.first.ask('fleetAsk', { question: { kind: 'status' } }),
    )
    expect(answers.map(({ host }) => host).toSorted()).toEqual(['web1', 'web2', 'web3'])
    expect(answers[0]).toMatchObject({
      value: { more: null, report: { tasks: [{ name: 'job' }] } },
    })
    const state = await fleet.during(fleet.first.ask('fleetState', {}))
    expect(state).toMatchObject({ fleet: 'prod', host: 'web1', engine: { leader: 'db1' } })
    expect(state.members.map(({ host, isLive }) => `${host} ${isLive}`).toSorted()).toEqual([
      'web1 true',
      'web2 true',
      'web3 true',
    ])
    fleet.talk.away.add('web3')
    const before = fleet.clock.monotonic()
    const later = await fleet.during(fleet.first.ask('fleetAsk', { question: { kind: 'status' } }))
    expect(later.answers).toHaveLength(2)
    expect(fleet.clock.monotonic() - before).toBeLessThan(2_500)
  })

  test('many tasks come in parts, each of at most 200 and 256 kB', async () => {
    const many = Array.from(
      { length: 450 },
      (_, n) =>
        `t${String(n).padStart(3, '0')}: {schedule: "@yearly", command: "echo ${'x'.repeat(3_000)}"}`,
    )
    const fleet = await fleetOf(`{${many.join(', ')}}`, ['web1'])
    const names: string[] = []
    let after: string | undefined
    for (let parts = 0; parts < 10; parts += 1) {
      const { answers } = await fleet.during(
        fleet.first.ask('fleetAsk', {
          question: { kind: 'status', ...(after !== undefined && { after }) },
        }),
      )
      const [answer] = answers
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(256 * 1024)
      const { report, more } = (
        answer as { value: { report: { tasks: { name: string }[] }; more: string | null } }
      ).value
      expect(report.tasks.length).toBeLessThanOrEqual(200)
      names.push(...report.tasks.map(({ name }) => name))
      if (more === null) break
      after = more
    }
    expect(names).toHaveLength(450)
    expect(new Set(names).size).toBe(450)
  })

  test('a bad question has an error, and one that nobody knows has no answer', async () => {
    const fleet = await fleetOf(job, ['web1', 'web2'])
    const ask = (question: Record<string, unknown>) =>
      fleet.during(fleet.first.ask('fleetAsk', { hosts: ['web2'], question }))
    expect(await ask({ kind: 'history', limit: 5_000 })).toMatchObject({
      answers: [{ host: 'web2', error: { message: 'history: limit: expected 1 to 200' } }],
    })
    await expect(ask({ kind: 'log' })).rejects.toThrow('question.kind: expected status')
    expect(
      await fleet.during(
        fleet.first.ask('fleetAsk', { hosts: ['web9'], question: { kind: 'status' } }),
      ),
    ).toMatchObject({
      answers: [{ host: 'web9', error: { code: 'no-host' } }],
    })
  })
})

describe('what machines tell each other to do', () => {
  test('a task runs once for each id, with the name of who asked for it', async () => {
    const fleet = await fleetOf(job, ['web1', 'web2'])
    const { value } = await fleet.during(
      fleet.first.ask('fleetDo', {
        ...{ host: 'web2', verb: 'run', who: 'alice@web1' },
        request: { task: 'job', force: false },
      }),
    )
    expect(value).toMatchObject({ task: 'job' })
    const [told] = fleet.talk.said.filter((text) => text.startsWith('do.web2 '))
    const again = fleet.talk.of('web1').exchange.request('do.web2', told?.slice(8) ?? '', 1_000)
    expect(await fleet.during(again)).toMatchObject({ kind: 'answer' })
    await fleet.daemons[1]?.runs('job', 0)
    expect(fleet.daemons[1]?.rows()).toMatchObject([{ trigger: 'manual', by: 'alice@web1' }])
    const actions = fleet.daemons[1]?.lines.filter(({ event }) => event === 'action')
    expect(actions).toMatchObject([{ facts: { by: 'alice@web1' } }])
  })

  test('what is not accepted, too late, or not in the file of the machine is refused', async () => {
    const fleet = await fleetOf(job, ['web1'], { accept: ['run'] })
    const tell = (message: object) =>
      fleet.during(
        fleet.talk.of('web1').exchange.request('do.web1', JSON.stringify(message), 1_000),
      )
    const command = { ...{ id: 'a', verb: 'run', who: 'bob', atMs: fleet.clock.now() } }
    const errorOf = async (message: object): Promise<string> => {
      const answer = await tell(message)
      if (answer.kind !== 'answer') return answer.kind
      const { error } = JSON.parse(Buffer.from(answer.data).toString()) as {
        error?: { message: string }
      }
      return error?.message ?? 'done'
    }
    expect(await errorOf({ ...command, verb: 'reload', request: {} })).toBe(
      'web1 does not accept reload from others',
    )
    const late = { ...command, id: 'b', atMs: fleet.clock.now() - 61_000 }
    expect(await errorOf({ ...late, request: { task: 'job', force: false } })).toBe(
      'the command came to web1 too late',
    )
    expect(
      await errorOf({ ...command, id: 'c', request: { task: 'rm -rf /', force: false } }),
    ).toBe('there is no task "rm -rf /"')
    expect(await errorOf({ ...command, id: 'd', request: { task: 'job', command: 'rm' } })).toMatch(
      /^run: .*command: unknown field/,
    )
    expect(await errorOf({ verb: 'run' })).toBe('silent')
    expect(fleet.first.rows()).toEqual([])
  })

  test('without the right to it, the words say what to do', async () => {
    const fleet = await fleetOf(job, ['web1', 'web2'])
    fleet.talk.forbidden.add('do.web2')
    const told = fleet.first.ask('fleetDo', {
      ...{ host: 'web2', verb: 'kill', who: 'eve@web1', request: { target: 'job', signal: null } },
    })
    await expect(fleet.during(told)).rejects.toMatchObject({
      code: 'no-right',
      hint: expect.stringContaining('user: operator'),
    })
  })
})

describe('the output of another machine', () => {
  const read = (fleet: Site, from: string, request: object, signal: AbortSignal) =>
    readChunks(
      fleet.talk.of('reader').exchange,
      fleet.clock,
      from,
      { task: 'job', run: null, lines: null, isFollowing: false, ...request },
      signal,
    )

  test('comes as far as the reader allows, and nothing comes to one who says nothing', async () => {
    const fleet = await fleetOf(
      '{job: {schedule: "0 0 1 1 *", command: "head -c 1000000 /dev/zero | tr \'\\\\0\' x; echo; echo end"}}',
      ['web1'],
    )
    const started = await fleet.during(fleet.first.ask('run', { task: 'job', force: false }))
    await fleet.first.runs('job', 0)
    const chunks = (): number =>
      fleet.talk.said.filter((text) => /^log\.\S+\.out .*"kind":"output"/.test(text)).length
    const stop = new AbortController()
    const output = read(fleet, 'web1', { run: started.run }, stop.signal)
    let bytes = 0
    let count = 0
    let row: unknown
    for (;;) {
      const next = await fleet.during(output.next())
      if (next.done === true) break
      bytes += next.value.bytes.length
      if (next.value.head.kind === 'end') row = next.value.head.row
      count += 1
      if (count === 3) {
        await fleet.pass(4_000)
        expect(chunks()).toBeLessThanOrEqual(3 + 4)
      }
    }
    expect(bytes).toBe(1_000_005)
    expect(row).toMatchObject({ outcome: 'ok', run: started.run })
  })

  test('a machine serves four readers, and forgets one that is silent for 15 seconds', async () => {
    const fleet = await fleetOf(
      '{job: {schedule: "0 0 1 1 *", command: "echo begun; exec sleep 60"}}',
      ['web1'],
    )
    await fleet.during(fleet.first.ask('run', { task: 'job', force: false }))
    await fleet.first.begun('job')
    const { exchange } = fleet.talk.of('reader')
    const ask = async (stream: string): Promise<string> => {
      const question = {
        kind: 'log',
        stream,
        task: 'job',
        run: null,
        lines: null,
        isFollowing: true,
      }
      const answer = await fleet.during(
        exchange.request('ask.web1', JSON.stringify(question), 1_000),
      )
      return answer.kind === 'answer' ? Buffer.from(answer.data).toString() : answer.kind
    }
    const stream = (n: number): string => String(n).padStart(24, '0')
    // In a subject it would mean all readers.
    expect(await ask('*')).toContain('24 hexadecimal digits')
    for (let n = 0; n < 4; n += 1) expect(await ask(stream(n))).not.toContain('error')
    expect(await ask(stream(4))).toContain('too-many')
    await fleet.pass(16_000)
    expect(await ask(stream(5))).not.toContain('error')
  })
})
