import { expect, test } from 'vitest'
import { runningFleet } from '../../support/fleet/daemons.ts'

const minute = 60_000
const each = '{job: {schedule: "0 * * * * *", command: "true", scope: fleet, max: unlimited}}'

test('a machine whose clock is more than five seconds away does not start what the fleet shares', async () => {
  const fleet = await runningFleet(each, ['web1'])
  const [daemon] = fleet.daemons
  await fleet.pass(minute + 500)
  await fleet.ended('job')
  expect(daemon?.state.fleet?.offsetMs()).toBeLessThan(50)
  fleet.clock.set(fleet.clock.now() + 8_000)
  await fleet.pass(minute)
  expect(daemon?.state.fleet?.offsetMs()).toBeGreaterThan(7_900)
  expect(daemon?.history()).toEqual(['job ok', 'job skipped clock'])
  const status = await daemon?.ask('status', {})
  expect(status?.trouble?.map(({ message }) => message)).toEqual([
    'no task of the fleet starts on this machine: the clock is 8s ahead of that of the engine',
  ])
  // The clock is set right.
  fleet.clock.set(fleet.clock.now() - 8_000)
  await fleet.pass(2 * minute)
  await fleet.ended('job')
  expect(daemon?.history().at(-1)).toBe('job ok')
})

test('two machines with one name start nothing of the fleet', async () => {
  const fleet = await runningFleet(each, ['web1', 'web1'])
  await fleet.pass(minute + 500)
  expect(fleet.daemons.map((daemon) => daemon.history())).toEqual([
    ['job skipped duplicate name'],
    ['job skipped duplicate name'],
  ])
})

test('a machine with another version of a task than most does not start it after five minutes', async () => {
  const both = each.replace('}}', '}, keep: {type: daemon, command: exec sleep 600, scope: fleet}}')
  const tasks = `timezone: UTC\ntasks: ${both}`
  const fleet = await runningFleet(both)
  await fleet.pass(10_000)
  const owns = (daemon: (typeof fleet.daemons)[number]) => daemon.running('keep').length > 0
  const other = fleet.daemons.find(owns)
  const own = fleet.daemons.filter((daemon) => daemon !== other)
  await other?.edit(tasks.replace('"true"', '"exit 1"').replace('600', '601'))
  const rowsOf = (daemon: typeof other, text: string) =>
    daemon?.history().filter((row) => row.includes(text)).length
  await fleet.pass(4 * minute + 40_000, 50)
  expect(fleet.daemons.map((daemon) => rowsOf(daemon, 'drift'))).toEqual([0, 0, 0])
  expect(other?.state.fleet?.drift.all()).toMatchObject([
    { task: 'job', kind: 'differs' },
    { task: 'keep', kind: 'differs' },
  ])
  await fleet.pass(2 * minute, 50)
  expect(own.map((daemon) => rowsOf(daemon, 'skipped'))).toEqual([0, 0])
  expect(rowsOf(other, 'job skipped drift')).toBeGreaterThan(0)
  // A run continues. When it has ended, its place is for the others.
  expect(other?.running('keep')).toHaveLength(1)
  await other?.begun('keep')
  for (const run of other?.state.runs.of('keep') ?? []) process.kill(-(run.recorder?.pid ?? NaN))
  await other?.runs('keep', 0)
  await fleet.pass(5_000)
  expect(own.filter(owns)).toHaveLength(1)
  // A task that most no longer have.
  for (const daemon of own) await daemon.edit('timezone: UTC\ntasks: {}')
  await fleet.pass(6 * minute, 50)
  expect(rowsOf(other, 'job skipped removed')).toBeGreaterThan(0)
  // It gets the file of the others.
  for (const daemon of fleet.daemons) await daemon.edit(tasks)
  await fleet.pass(10_000)
  expect(fleet.daemons.map((daemon) => daemon.state.fleet?.drift.all())).toEqual([[], [], []])
})

test('an outage of the engine does not begin the five minutes of another version again', async () => {
  const fleet = await runningFleet(each)
  await fleet.pass(10_000)
  const [odd] = fleet.daemons
  await odd?.edit(`timezone: UTC\ntasks: ${each.replace('"true"', '"exit 1"')}`)
  await fleet.pass(3 * minute, 50)
  const before = odd?.state.fleet?.drift.all()
  expect(before).toMatchObject([{ task: 'job', kind: 'differs' }])
  fleet.engine.outage(90_000)
  await fleet.pass(minute, 50)
  // It hears nobody.
  expect(odd?.state.fleet?.drift.all()).toEqual([])
  await fleet.pass(90_000, 50)
  expect(odd?.state.fleet?.drift.all()).toEqual(before)
  expect(odd?.state.fleet?.whyNot('job')).toBe('drift')
  // It got the file of the others, and lost it again: that is another time.
  await odd?.edit(`timezone: UTC\ntasks: ${each}`)
  await fleet.pass(30_000, 50)
  await odd?.edit(`timezone: UTC\ntasks: ${each.replace('"true"', '"exit 1"')}`)
  await fleet.pass(10_000, 50)
  expect(odd?.state.fleet?.drift.all()).toHaveLength(1)
  expect(odd?.state.fleet?.whyNot('job')).toBeUndefined()
})
