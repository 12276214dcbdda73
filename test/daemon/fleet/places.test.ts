import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { rankOf } from '../../../src/plan/fleet/ranks.ts'
import { holdForMs } from '../../../src/plan/fleet/takeover.ts'
import { newFleetSite } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

type Machine = ReturnType<typeof newFleetSite>['machines'][number]

async function fleetOf(tasks: string, names = ['web1', 'web2', 'web3']) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${tasks}`, names)
  const start = async (machine: Pick<Machine, 'name' | 'machine' | 'site'>) => {
    const daemon = await machine.site.daemon()
    return { ...machine, daemon, isUp: true }
  }
  const machines: Awaited<ReturnType<typeof start>>[] = []
  for (const machine of site.machines) machines.push(await start(machine))
  const running = (task: string) =>
    machines.filter((each) => each.isUp && each.daemon.running(task).length > 0)
  return {
    ...site,
    start,
    machines,
    running,
    names: (task: string) => running(task).map(({ name }) => name),
    /** Kills the daemon of a machine; its runs continue. */
    kill(machine: (typeof machines)[number]) {
      machine.isUp = false
      machine.machine.kill()
      machine.daemon.kill()
    },
  }
}

const consumer = '{consumer: {type: daemon, command: exec sleep 60, scope: fleet, max: 2}}'

describe('a daemon task of the fleet', () => {
  test('runs on as many machines as its max, and another one takes over when a daemon is gone', async () => {
    const fleet = await fleetOf(consumer)
    // Each has heard the others.
    await fleet.pass(6_000)
    expect(fleet.names('consumer')).toHaveLength(2)
    const [first] = fleet.running('consumer')
    if (first === undefined) throw new Error('nothing runs')
    fleet.kill(first)
    // The promise of the machine ends 45 seconds after its last renewal at the latest.
    await fleet.pass(35_000)
    expect(fleet.names('consumer')).toHaveLength(1)
    const other = fleet.machines.find(({ isUp }) => isUp)
    const asked = Promise.resolve(other?.daemon.ask('fleetState', {}))
    await fleet.pass(200)
    const takeovers = (await asked)?.members.map((member) => [member.host, member.takeovers])
    expect(takeovers?.filter(([host]) => host !== first.name)).toEqual([
      [expect.anything(), []],
      [expect.anything(), []],
    ])
    const [soon] = takeovers?.find(([host]) => host === first.name)?.[1] ?? []
    expect(soon).toMatchObject({ place: expect.stringMatching(/^consumer\/[01]$/) })
    // It is so, within a few seconds.
    await fleet.pass((typeof soon === 'object' ? soon.inMs : 0) + 5_000)
    expect(fleet.names('consumer')).toHaveLength(2)
    await fleet.pass(30_000)
    expect(fleet.names('consumer')).toHaveLength(2)
    expect(fleet.names('consumer')).not.toContain(first.name)
    const others = fleet.machines.filter(({ isUp }) => isUp)
    const metrics = await Promise.all(others.map(async ({ daemon }) => daemon.ask('metrics', {})))
    expect(metrics.map((each) => each.fleet?.takeovers ?? 9).toSorted((a, b) => a - b)).toEqual([
      0, 1,
    ])
    for (const each of metrics) {
      expect(each.fleet?.hosts).toEqual({ up: 2, stopping: 0, stopped: 0, silent: 1 })
      expect(each.fleet).toMatchObject({ isUp: true, hasLeader: true, placesHeld: 1, fenced: 0 })
      expect(each.fleet?.renewalAgeMs).toBeLessThanOrEqual(6_000)
    }
  })

  test('keeps its run and its place when the daemon of its machine is killed and comes back', async () => {
    const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    const [run] = owner.daemon.running('consumer')
    // Longer than the fence: it was renewed since.
    await fleet.pass(60_000, 50)
    fleet.kill(owner)
    await fleet.pass(10_000, 50)
    const back = await fleet.start(owner)
    await fleet.pass(60_000)
    expect(back.daemon.running('consumer')).toEqual([run])
    expect(fleet.names('consumer')).toEqual([])
  })

  test('ends when its machine has heard nothing for the time of the fence, and another machine has it then', async () => {
    const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    fleet.engine.cutOff(owner.machine, 120_000)
    await fleet.pass(40_000)
    await owner.daemon.runs('consumer', 0)
    expect(owner.daemon.history()).toContain('consumer killed fence')
    const { fleet: metrics } = await owner.daemon.ask('metrics', {})
    expect(metrics).toMatchObject({ fenced: 1, placesHeld: 1 })
    expect(metrics?.renewalAgeMs).toBeGreaterThan(30_000)
    await fleet.pass(30_000)
    const names = fleet.names('consumer')
    expect(names).toHaveLength(1)
    expect(names).not.toContain(owner.name)
  })

  test('starts at once again when the fence ended it and the place is sure, however often', async () => {
    const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    for (let count = 1; count <= 4; count += 1) {
      const [run] = owner.daemon.state.runs.of('consumer')
      if (run === undefined) throw new Error(`no run ${count}`)
      await owner.daemon.begun('consumer')
      // As the guard does it while the daemon stands still.
      const note = '{"reason":"fence","signal":"SIGTERM","sinceMs":1000}'
      fs.writeFileSync(path.join(run.directory, 'ending.json'), note)
      process.kill(-(run.recorder?.pid ?? NaN), 'SIGTERM')
      await until(() => !owner.daemon.state.runs.of('consumer').includes(run), 'the end')
      await fleet.pass(500)
      expect([count, ...fleet.names('consumer')]).toEqual([count, owner.name])
    }
  })

  test.each([
    ['is gone', false],
    ['comes back and knows nothing of the place', true],
  ])('runs again within the promise of its machine if that %s', async (_, isBack) => {
    const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    const [run] = owner.daemon.state.runs.of('consumer')
    await fleet.pass(20_000, 50)
    fleet.kill(owner)
    process.kill(-(run?.recorder?.pid ?? NaN), 'SIGKILL')
    fs.rmSync(path.join(owner.site.home, 'fleet.json'))
    fs.rmSync(path.join(owner.site.home, 'active'), { recursive: true })
    const back = isBack ? await fleet.start(owner) : undefined
    await fleet.pass(holdForMs(30_000, 10_000) + 8_000, 50)
    const names = [...fleet.names('consumer'), ...(back?.daemon.running('consumer') ?? [])]
    expect(names).toHaveLength(1)
  })

  test('starts after a reboot only when its place was renewed: another machine may have it', async () => {
    const fleet = await fleetOf(
      consumer.replace('max: 2', 'max: 1, fence: off, restart: {delay: 1s}'),
      ['web1'],
    )
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    const [run] = owner.daemon.state.runs.of('consumer')
    fleet.kill(owner)
    process.kill(-(run?.recorder?.pid ?? NaN), 'SIGKILL')
    fs.rmSync(path.join(owner.site.home, 'active'), { recursive: true })
    // What the daemon of another boot left.
    const left = path.join(owner.site.home, 'fleet.json')
    const { bootId } = owner.daemon.state.host.processes
    fs.writeFileSync(left, fs.readFileSync(left, 'utf8').replaceAll(bootId, 'another-boot'))
    fleet.engine.cutOff(owner.machine, 20_000)
    const back = await fleet.start(owner)
    await fleet.pass(15_000, 50)
    expect(back.daemon.running('consumer')).toEqual([])
    await fleet.pass(30_000, 50)
    expect(back.daemon.running('consumer')).toHaveLength(1)
  })

  test('gives its place to another machine when the daemon stops', async () => {
    const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
    await fleet.pass(4_000)
    const [owner] = fleet.running('consumer')
    if (owner === undefined) throw new Error('nothing runs')
    void owner.daemon.stop(null)
    owner.isUp = false
    // A run that has not reached its command is killed only after its grace.
    await until(async () => {
      await fleet.pass(100)
      return owner.daemon.state.runs.of('consumer').length === 0
    }, 'the end of its run')
    // Nobody waits for the end of a promise.
    const stoppedMs = fleet.clock.monotonic()
    await until(async () => {
      await fleet.pass(100)
      return fleet.names('consumer').length === 1
    }, 'the next machine')
    expect(fleet.names('consumer')).not.toContain(owner.name)
    expect(fleet.clock.monotonic() - stoppedMs).toBeLessThan(10_000)
  })
})

test('a machine on which the runs of a task do not live leaves its place to another one, and tries it after all others', async () => {
  const command = '[ \\"$TORCH_HOST\\" = web2 ] && exec sleep 60; exit 1'
  // web1 comes first for the place, each time that it is free.
  const all = [...'abcdefgh'].map((letter) => `job-${letter}`)
  const candidates = ['web1', 'web2'].map((host) => ({ host, tier: 0 }))
  const job = all.find((task) => rankOf({ task, slot: 0, host: 'web1' }, candidates) === 0) ?? ''
  const task = `{${job}: {type: daemon, command: "${command}", scope: fleet, restart: {delay: 1s}}}`
  const fleet = await fleetOf(task, ['web1', 'web2'])
  const [web1, web2] = fleet.machines
  const failed = () => web1?.daemon.history().filter((row) => row === `${job} failed`).length ?? 0
  // It has the place before the other one is there.
  if (web2 !== undefined) fleet.engine.cutOff(web2.machine, 8_000)
  await until(async () => {
    await fleet.pass(200)
    return fleet.names(job).includes('web2')
  }, 'the other machine')
  const before = failed()
  expect(before).toBeGreaterThanOrEqual(3)
  await fleet.pass(60_000, 50)
  expect([fleet.names(job), failed()]).toEqual([['web2'], before])
  if (web2 !== undefined) fleet.kill(web2)
  await until(async () => {
    await fleet.pass(1_000, 50)
    return failed() > before
  }, 'another try of the first machine')
})

test('a place of a machine that is gone is taken for the next slot', async () => {
  const fleet = await fleetOf(
    '{job: {schedule: "0 * * * * *", command: exec sleep 60, scope: fleet}}',
    ['web1', 'web2'],
  )
  await fleet.pass(61_000)
  const [owner] = fleet.running('job')
  if (owner === undefined) throw new Error('nothing runs')
  fleet.kill(owner)
  await fleet.pass(120_000)
  const other = fleet.machines.find(({ name }) => name !== owner.name)
  expect(other?.daemon.running('job')).toHaveLength(1)
  // It has no fence, so its run on the other machine may still go.
  expect(other?.daemon.history()).toContain('job running may have overlapped')
})

test('a daemon task runs on when somebody makes the stream of places again', async () => {
  const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
  await fleet.pass(4_000)
  const [owner] = fleet.running('consumer')
  const [run] = owner?.daemon.running('consumer') ?? []
  expect(run).toBeDefined()
  fleet.engine.remakePlaces()
  await fleet.pass(100_000, 50)
  expect(owner?.daemon.running('consumer')).toEqual([run])
  expect(fleet.running('consumer')).toEqual([owner])
})

test('a place is not taken while the run of a machine that is cut off may go on, if the stream of places is new', async () => {
  const fleet = await fleetOf(consumer.replace('max: 2', 'max: 1'))
  await fleet.pass(4_000)
  const [owner] = fleet.running('consumer')
  if (owner === undefined) throw new Error('nothing runs')
  fleet.engine.cutOff(owner.machine, 300_000)
  await fleet.pass(10_000, 50)
  fleet.engine.remakePlaces()
  await fleet.pass(20_000, 50)
  await owner.daemon.runs('consumer', 0)
  expect(owner.daemon.history()).toContain('consumer killed fence')
  expect(fleet.running('consumer')).toEqual([])
  await fleet.pass(30_000, 50)
  expect(fleet.names('consumer')).toHaveLength(1)
})

test('a start that cannot wait says that the stream of places is new', async () => {
  const fleet = await fleetOf(
    '{job: {schedule: "*/30 * * * * *", command: "true", scope: fleet}}',
    ['web1'],
  )
  await fleet.pass(25_000, 50)
  fleet.engine.remakePlaces()
  await fleet.pass(65_000, 50)
  const [web1] = fleet.machines
  await web1?.daemon.runs('job', 0)
  expect(web1?.daemon.history()).toEqual([
    'job skipped fleet: the stream of places is so new that an earlier run may still have a place',
    'job ok',
  ])
})

test('the only machine keeps its place, however often the runs of a task end', async () => {
  const task = '{job: {type: daemon, command: "exit 1", scope: fleet, restart: {delay: 1s}}}'
  const fleet = await fleetOf(task, ['web1'])
  const [web1] = fleet.machines
  await until(async () => {
    await fleet.pass(500)
    return (web1?.daemon.history().length ?? 0) > 4
  }, 'five runs')
  const states = fleet.engine.log
    .filter(({ subject }) => subject === 'place.job.0')
    .map(({ value }) => (value as { state: string }).state)
  expect(new Set(states)).toEqual(new Set(['held']))
})
