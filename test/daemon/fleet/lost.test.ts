import { expect, test } from 'vitest'
import { newFleetSite } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

type Site = ReturnType<typeof newFleetSite>['machines'][number]

const job = (keys: string, command = 'exec sleep 60') =>
  `timezone: UTC\ntasks: {job: {schedule: "30 0 12 * * *", command: "${command}", scope: fleet, ${keys}}}`

async function start({ site, machine, name }: Pick<Site, 'site' | 'machine' | 'name'>) {
  const daemon = await site.daemon()
  return {
    ...{ site, machine, name, daemon },
    /** Kills the daemon; its runs continue. */
    kill() {
      machine.kill()
      daemon.kill()
    },
  }
}

async function started(yaml: string, names: readonly string[]) {
  const fleet = newFleetSite(yaml, names)
  const machines: Awaited<ReturnType<typeof start>>[] = []
  for (const machine of fleet.machines) machines.push(await start(machine))
  return {
    ...fleet,
    machines,
    owner() {
      const found = machines.find(({ daemon }) => daemon.running('job').length > 0)
      if (found === undefined) throw new Error('nothing runs')
      return found
    },
  }
}

test('on_lost: rerun starts a run again on another machine, at most twice, and skip does not', async () => {
  const fleet = await started(job('on_lost: rerun'), ['web1', 'web2', 'web3', 'web4'])
  await fleet.pass(36_000, 20)
  const left = [...fleet.machines]
  const attempts: (number | null)[] = []
  for (let count = 1; count <= 3; count += 1) {
    const owner = left.find(({ daemon }) => daemon.running('job').length > 0)
    if (owner === undefined) throw new Error(`nobody has try ${count}`)
    attempts.push(...owner.daemon.rows().map(({ attempt }) => attempt))
    owner.kill()
    left.splice(left.indexOf(owner), 1)
    await fleet.pass(90_000, 50)
  }
  expect(attempts).toEqual([1, 2, 3])
  const claims = fleet.engine.log.filter(({ subject }) => subject.startsWith('claim.'))
  const slot = Date.parse('2026-03-10T12:00:30Z') / 1000
  const base = `claim.job.${slot}`
  expect(claims.map(({ subject }) => subject)).toEqual([base, `${base}.2`, `${base}.3`])
  expect(left[0]?.daemon.rows()).toEqual([])
})

test('a run starts again that began after the last word of its machine', async () => {
  const fleet = await started(job('on_lost: rerun'), ['web1', 'web2'])
  // A heartbeat comes each five seconds, so none names the place.
  await fleet.pass(31_500, 20)
  const owner = fleet.owner()
  const other = fleet.machines.find((each) => each !== owner)
  const heard = other?.daemon.state.fleet?.membership.members() ?? []
  expect(heard.flatMap(({ beat }) => (beat.host === owner.name ? beat.places : []))).toEqual([])
  owner.kill()
  await fleet.pass(90_000, 50)
  expect(other?.daemon.rows()).toMatchObject([{ attempt: 2, outcome: 'running' }])
})

test('whoever starts a lost run again keeps the place while it looks which try is next', async () => {
  const fleet = await started(job('on_lost: rerun'), ['web1', 'web2'])
  await fleet.pass(36_000, 20)
  const owner = fleet.owner()
  const other = fleet.machines.find((each) => each !== owner)
  const engine = other?.daemon.state.fleet?.engine
  if (engine === undefined) throw new Error('no engine')
  const { getClaim } = engine
  const slowly = async (key: Parameters<typeof getClaim>[0]) => {
    await new Promise<void>((done) => fleet.clock.after(3_000, done))
    return getClaim(key)
  }
  Object.assign(engine, { getClaim: slowly })
  owner.kill()
  await fleet.pass(90_000, 50)
  expect(other?.daemon.rows()).toMatchObject([{ attempt: 2, outcome: 'running' }])
  const places = fleet.engine.log.filter(({ subject }) => subject === 'place.job.0')
  expect(places.filter(({ value }) => (value as { state: string }).state === 'free')).toEqual([])
})

test('the start of a later slot does not take the place of a lost run', async () => {
  const yaml = job('on_lost: rerun', 'exec sleep 600').replace('30 0 12 * * *', '*/10 * * * * *')
  const fleet = await started(yaml, ['web1', 'web2'])
  await fleet.pass(12_000, 20)
  const owner = fleet.owner()
  owner.kill()
  await fleet.pass(65_000, 50)
  const other = fleet.machines.find((each) => each !== owner)
  const runs = other?.daemon.rows().filter(({ run }) => run !== null)
  expect(runs).toMatchObject([{ slot: '2026-03-10T12:00:10Z', attempt: 2 }])
})

test('on_lost: skip leaves a lost run', async () => {
  const fleet = await started(job('on_lost: skip'), ['web1', 'web2'])
  await fleet.pass(36_000, 20)
  const owner = fleet.owner()
  owner.kill()
  await fleet.pass(90_000, 50)
  const other = fleet.machines.find((each) => each !== owner)
  expect(other?.daemon.rows()).toEqual([])
})

test.each([
  ['is killed', 'kill'],
  ['stops with --leave', 'leave'],
] as const)(
  'a daemon that %s while it claims leaves its attempt to the next one',
  async (_, how) => {
    const fleet = await started(job('max: unlimited', 'true'), ['web1'])
    const [first] = fleet.machines
    if (first === undefined) throw new Error('no machine')
    await fleet.pass(29_000, 20)
    fleet.engine.troubles.lostAcks = 1
    fleet.engine.troubles.lostReads = 1
    await fleet.pass(5_000)
    // The claim is stored, and nobody has said so.
    const claims = () => fleet.engine.log.filter(({ subject }) => subject.startsWith('claim.'))
    expect(claims()).toHaveLength(1)
    if (how === 'kill') first.kill()
    else {
      void first.daemon.stop(0, true)
      await first.daemon.ended
    }
    fleet.engine.troubles.lostAcks = 0
    fleet.engine.troubles.lostReads = 0
    // What the previous daemon still hears must start nothing.
    if (how === 'leave') await fleet.pass(2_000)
    const next = await start(first)
    await fleet.pass(5_000)
    await next.daemon.runs('job', 0)
    expect(next.daemon.history()).toEqual(['job ok'])
    expect(claims()).toHaveLength(1)
  },
)

test('stop --leave keeps the run, its place and the session for the next daemon', async () => {
  const fleet = await started(job('fence: 30s'), ['web1', 'web2'])
  await fleet.pass(36_000, 20)
  const owner = fleet.owner()
  const [run] = owner.daemon.running('job')
  const session = owner.daemon.state.fleet?.session
  void owner.daemon.stop(0, true)
  await owner.daemon.ended
  await fleet.pass(10_000, 50)
  const next = await start(owner)
  await fleet.pass(60_000, 50)
  expect(next.daemon.running('job')).toEqual([run])
  expect(next.daemon.state.fleet?.session).toBe(session)
  const places = fleet.engine.log.filter(({ subject }) => subject === 'place.job.0')
  const states = places.map(({ value }) => (value as { state: string }).state)
  expect(new Set(states)).toEqual(new Set(['held']))
  // A stop ends the run, and gives the place back.
  void next.daemon.stop(0)
  await until(async () => {
    await fleet.pass(50)
    const found = fleet.engine.stored.get('place.job.0')?.value as { state: string } | undefined
    return found?.state === 'free'
  }, 'the free place')
})
