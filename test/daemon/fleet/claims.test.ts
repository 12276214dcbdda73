import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { letGo } from '../../../src/daemon/handover.ts'
import type { Engine } from '../../../src/fleet/engine.ts'
import { runningFleet } from '../../support/fleet/daemons.ts'

const job = (keys: string, command = 'true') =>
  `{job: {schedule: "30 0 12 * * *", command: "${command}", scope: fleet, ${keys}}}`

type Daemon = Awaited<ReturnType<typeof runningFleet>>['daemons'][number]

/** Replaces a function of the engine, as this daemon has it. */
function change(daemon: Daemon, changes: Partial<Engine>): void {
  Object.assign(daemon.state.fleet?.engine ?? {}, changes)
}

async function oneMachine(yaml: string) {
  const fleet = await runningFleet(yaml, ['web1'])
  const [daemon] = fleet.daemons
  const [machine] = fleet.machines
  if (daemon === undefined || machine === undefined) throw new Error('no machine')
  /** Kills the daemon, and starts another one that much later. */
  const restart = async (afterMs: number) => {
    machine.machine.kill()
    daemon.kill()
    await fleet.pass(afterMs, 50)
    return machine.site.daemon()
  }
  return { ...fleet, daemon, machine, restart }
}

test.each(['putClaim', 'getPlace'] as const)(
  'a fault in %s of torch costs one start, which says why, and nothing waits for it',
  async (name) => {
    const { daemon, pass } = await oneMachine(job('start_within: 10s'))
    change(daemon, { [name]: () => Promise.reject(new Error('it is broken')) })
    await pass(45_000, 50)
    expect(daemon.history()).toEqual(['job skipped fleet: it is broken'])
    expect([...daemon.state.queue.held]).toEqual([])
  },
)

test('a daemon that has left its work to the next one records nothing of what it still hears', async () => {
  const { daemon, machine, pass } = await oneMachine(job('max: unlimited'))
  let answer = (): void => {}
  change(daemon, {
    putClaim: () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: 'refused', words: 'it is full', mayPass: false })
      }),
  })
  await pass(31_000, 50)
  daemon.state.queue.saveNow()
  letGo(daemon.state)
  answer()
  await pass(1_000)
  expect(daemon.lines.filter(({ event }) => event === 'skip')).toEqual([])
  const next = await machine.site.daemon()
  await pass(5_000, 20)
  await next.runs('job', 0)
  expect(next.history()).toEqual(['job ok'])
})

test('a start that has its claim, and waits for its place, keeps its time over a restart', async () => {
  for (const [afterMs, expected] of [
    [10_000, ['job ok']],
    [60_000, []],
  ] as const) {
    const { engine, restart, pass } = await oneMachine(job('start_within: 60s'))
    engine.missing.add('place')
    await pass(40_000, 50)
    expect(engine.log.map(({ subject }) => subject.split('.')[0])).toContain('claim')
    const next = await restart(afterMs)
    engine.missing.clear()
    await pass(5_000, 20)
    await next.runs('job', 0)
    expect(next.history().filter((row) => row.endsWith(' ok'))).toEqual(expected)
  }
})

test('a start that was prepared and never began keeps its claim and its place', async () => {
  const { daemon, machine, engine, restart, pass } = await oneMachine(job('max: 1', 'sleep 60'))
  await pass(31_000, 50)
  await daemon.begun('job')
  const [run = ''] = daemon.running('job')
  const directory = path.join(machine.site.home, 'runs/job', run)
  for (const name of fs.readdirSync(directory))
    if (name !== 'run.json') fs.rmSync(path.join(directory, name))
  const next = await restart(100)
  await pass(2_000, 20)
  expect(next.running('job')).toHaveLength(1)
  expect(next.running('job')).not.toContain(run)
  const claims = engine.log.filter(({ subject }) => subject.startsWith('claim.'))
  expect(claims).toHaveLength(1)
})

test.each([
  ['is not claimed yet', 'claim', 'the fleet could not be reached in time|a stream is missing'],
  ['has its claim', 'place', 'job is at its max: a start of it is being made'],
] as const)(
  'a slot that %s counts as a run only then, for who starts the task by hand',
  async (_, stream, words) => {
    const { daemon, engine, pass } = await oneMachine(job('start_within: 60s'))
    engine.missing.add(stream)
    await pass(31_000, 50)
    if (stream === 'claim') engine.missing.add('place')
    const asked = Promise.resolve(daemon.ask('run', { task: 'job', force: false })).then(
      () => 'started',
      (error: unknown) => String(error),
    )
    await pass(12_000, 50)
    expect(await asked).toMatch(new RegExp(words))
  },
)
