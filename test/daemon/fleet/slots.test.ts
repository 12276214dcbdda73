import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { runningFleet } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

describe('a slot that three machines share', () => {
  test('each slot starts on one of them, and the others have no row of it', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "*/5 * * * * *", command: "true", scope: fleet, max: unlimited}}',
    )
    await fleet.pass(31_000)
    await fleet.ended('job')
    expect(fleet.history()).toEqual(['05', '10', '15', '20', '25', '30'].map((at) => `${at} ok`))
    const tokens = fleet.daemons.flatMap((daemon) => daemon.rows()).map(({ token }) => token ?? 0)
    expect(new Set(tokens).size).toBe(6)
    expect(Math.min(...tokens)).toBeGreaterThan(0)
    const ask = () => Promise.all(fleet.daemons.map(async (daemon) => daemon.ask('metrics', {})))
    let metrics = await ask()
    const count = (outcome: string) =>
      metrics.reduce((sum, each) => sum + (each.fleet?.claims[outcome] ?? NaN), 0)
    // The answers to the last slot may still be on their way.
    await until(async () => {
      await fleet.pass(1)
      metrics = await ask()
      return count('elsewhere') >= 12
    }, 'the last answers')
    // The others heard of it, or asked in vain.
    expect([count('won'), count('elsewhere'), count('unreachable')]).toEqual([6, 12, 0])
    const asked = metrics.flatMap((each) => each.fleet?.claimSeconds.counts ?? [])
    expect(asked.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(6)
  })

  test('machines that hear who has a slot do not ask for it', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "*/10 * * * * *", command: "true", scope: fleet, max: unlimited}}',
    )
    let asked = 0
    for (const { state } of fleet.daemons) {
      const { engine } = state.fleet ?? {}
      if (engine === undefined) throw new Error('no engine')
      const { putClaim } = engine
      Object.assign(engine, {
        putClaim: (...call: Parameters<typeof putClaim>) => {
          asked += 1
          return putClaim(...call)
        },
      })
    }
    await fleet.pass(31_000)
    await fleet.ended('job')
    expect(fleet.history()).toEqual(['10', '20', '30'].map((at) => `${at} ok`))
    expect(asked).toBe(3)
  })

  test('recorders wait in advance only on the two machines that come first for the slot', async () => {
    const job = '{schedule: "*/20 * * * * *", command: "true", scope: fleet, max: unlimited}'
    const fleet = await runningFleet(`{job: ${job}}`, ['web1', 'web2', 'web3', 'web4'])
    await fleet.pass(19_500)
    const waiting = fleet.daemons.map((daemon) => daemon.state.runContext.recorders.waiting.size)
    expect(waiting.toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1])
    await fleet.pass(2_000)
    await fleet.ended('job')
    expect(fleet.history()).toEqual(['20 ok'])
    // One of the two had it.
    const winner = fleet.daemons.findIndex((daemon) => daemon.rows().length > 0)
    expect(waiting[winner]).toBe(1)
  })

  test('at max, one machine records the skip, with the machine of the run', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "*/5 * * * * *", command: exec sleep 60, scope: fleet}}',
    )
    await fleet.pass(16_000)
    const [first, ...others] = fleet.history()
    expect(first).toBe('05 running')
    const owner = fleet.daemons.findIndex((daemon) => daemon.running('job').length > 0)
    expect(others).toEqual(['10', '15'].map((at) => `${at} skipped max: runs on web${owner + 1}`))
    // In the metrics it has one name, whichever machine has the run.
    const metrics = await Promise.all(
      fleet.daemons.map(async (daemon) => daemon.ask('metrics', {})),
    )
    const skips = metrics.map(({ series }) => series[0]?.skipped ?? {})
    expect(skips.reduce((sum, { max = 0 }) => sum + max, 0)).toBe(2)
    expect(skips.flatMap((each) => Object.keys(each))).toEqual(['max', 'max', 'max'])
  })

  test.each([
    { what: 'of a task without a max', keys: 'max: unlimited', names: ['web1', 'web2'] },
    { what: 'of a task with free places', keys: 'max: 5', names: ['web1', 'web2'] },
    { what: 'on the only machine', keys: 'max: unlimited', names: ['web1'] },
  ])('if all machines are at max_per_host, one records the skip: $what', async (given) => {
    const { keys, names } = given
    const job = `{schedule: "*/10 * * * * *", command: exec sleep 600, scope: fleet, ${keys}}`
    const fleet = await runningFleet(`{job: ${job}}`, names)
    await fleet.pass(49_000)
    const rows = fleet.history()
    const running = rows.slice(0, names.length).map((row) => row.slice(2))
    expect(running).toEqual(names.map(() => ' running'))
    const skipped = rows.slice(names.length)
    expect(skipped.map((row) => row.slice(0, 2))).toEqual(
      ['20', '30', '40'].slice(names.length - 1),
    )
    const all = keys === 'max: 5' ? 'web1, web2' : 'web1|web2'
    for (const row of skipped)
      expect(row.slice(3)).toMatch(new RegExp(`^skipped max: runs on (?:${all})$`))
  })

  test('without an answer of the engine nothing of the fleet starts, one row says so at its end, and plain tasks start', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "*/30 * * * * *", command: "true", scope: fleet, start_within: 5s}, plain: {schedule: "*/30 * * * * *", command: "true"}}',
      ['web1'],
    )
    const [daemon] = fleet.daemons
    fleet.engine.outage(100_000)
    await fleet.pass(99_000, 50)
    await fleet.ended('plain')
    expect(daemon?.history()).toEqual(['plain ok', 'plain ok', 'plain ok'])
    // Only now it is known how much was missed.
    await fleet.pass(30_000, 50)
    await fleet.ended('job')
    await fleet.ended('plain')
    const missed = daemon?.rows().filter(({ outcome }) => outcome === 'missed')
    expect(missed).toMatchObject([
      {
        ...{ task: 'job', slot: '2026-03-10T12:00:30Z', lastSlot: '2026-03-10T12:01:30Z' },
        ...{ count: 3, reason: 'fleet unreachable' },
      },
    ])
    expect(daemon?.history().at(-1)).toMatch(/ ok$/)
  })

  test.each(['claim', 'place'])(
    'if the stream of each %s is missing, a slot is skipped with these words when its time is over',
    async (stream) => {
      const job = '{schedule: "30 * * * * *", command: "true", scope: fleet, start_within: 20s}'
      const fleet = await runningFleet(`{job: ${job}}`, ['web1'])
      fleet.engine.missing.add(stream)
      await fleet.pass(49_000, 50)
      expect(fleet.history()).toEqual([])
      await fleet.pass(2_000, 50)
      expect(fleet.history()).toEqual(['30 skipped fleet: a stream is missing'])
      // Servers that just started say so too, for a moment.
      await fleet.pass(39_500, 50)
      fleet.engine.missing.clear()
      await fleet.pass(5_000, 50)
      await fleet.ended('job')
      expect(fleet.history()).toEqual(['30 ok', '30 skipped fleet: a stream is missing'])
    },
  )

  test('a slot that is older than the stream of claims does not start', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "*/10 * * * * *", command: "true", scope: fleet}}',
      ['web1'],
    )
    fleet.engine.claimsSinceMs = fleet.clock.now() + 8_000
    await fleet.pass(25_000)
    await fleet.ended('job')
    expect(fleet.history()).toEqual([
      '10 skipped fleet: the stream of claims is newer than the slot, which may have started',
      '20 ok',
    ])
  })

  test('a retry keeps the claim and the place of its slot', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "0 * * * * *", command: "exit 1", scope: fleet, retry: {attempts: 1, delay: 5s}}}',
      ['web1', 'web2'],
    )
    await fleet.pass(61_000)
    await fleet.ended('job')
    const places = fleet.engine.log.filter(({ subject }) => subject.startsWith('place.job'))
    await fleet.pass(10_000)
    await fleet.ended('job')
    const rows = fleet.daemons.flatMap((daemon) => daemon.rows())
    expect(rows.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
    ])
    expect(new Set(rows.map(({ host }) => host)).size).toBe(1)
    await fleet.pass(1_000)
    const states = fleet.engine.log
      .filter(({ subject }) => subject.startsWith('place.job'))
      .map(({ value }) => (value as { state: string }).state)
    expect(places).toHaveLength(1)
    expect(states.filter((state) => state === 'free')).toHaveLength(1)
    expect(states.at(-1)).toBe('free')
  })
})

describe('a machine without a fleet', () => {
  test('does not start a task of the fleet: slots are skipped, and the status says why', async () => {
    const site = newSite(
      'timezone: UTC\ntasks: {job: {schedule: "*/5 * * * * *", command: "true", scope: fleet}, always: {type: daemon, command: "sleep 60", scope: fleet}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(6)
    expect(daemon.history()).toEqual(['job skipped no fleet'])
    expect(daemon.running('always')).toEqual([])
    const { trouble = [] } = await daemon.ask('status', {})
    expect(trouble.map(({ message }) => message)).toEqual([
      '2 tasks with scope: fleet do not start: the config file has no section fleet',
    ])
    await expect(daemon.ask('run', { task: 'job', force: false })).rejects.toThrow(
      'job is not started: this machine is in no fleet',
    )
  })
})

describe('a run by hand', () => {
  test('takes a place in the fleet, and is refused with the machine that has it', async () => {
    const fleet = await runningFleet(
      '{job: {schedule: "0 0 1 1 *", command: exec sleep 60, scope: fleet}}',
      ['web1', 'web2'],
    )
    const [one, two] = fleet.daemons
    const started = one?.ask('run', { task: 'job', force: false })
    await fleet.pass(1_000)
    expect(await started).toMatchObject({ task: 'job' })
    const refused = two?.ask('run', { task: 'job', force: false })
    const answer = expect(refused).rejects.toThrow('job is not started: at its max: runs on web1')
    await fleet.pass(1_000)
    await answer
  })
})
