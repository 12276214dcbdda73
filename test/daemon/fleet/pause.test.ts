import { expect, test } from 'vitest'
import { newFleetSite } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

async function fleetOf(tasks: string, names = ['web1', 'web2']) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${tasks}`, names)
  const machines: { name: string; daemon: Awaited<ReturnType<Site['daemon']>> }[] = []
  for (const each of site.machines)
    machines.push({ name: each.name, daemon: await each.site.daemon() })
  const rowsOf = (task: string) =>
    machines.flatMap(({ name, daemon }) =>
      daemon.rows().flatMap((row) => (row.task === task ? [{ ...row, on: name }] : [])),
    )
  return { pass: site.pass, machines, rowsOf }
}

type Site = ReturnType<typeof newFleetSite>['machines'][number]['site']

test('a daemon task that is paused on its machine runs on another one', async () => {
  const fleet = await fleetOf(
    '{consumer: {type: daemon, command: exec sleep 60, scope: fleet, max: 1}}',
  )
  await fleet.pass(6_000)
  const running = () =>
    fleet.machines.find(({ daemon }) => daemon.running('consumer').length > 0)?.name
  const owner = fleet.machines.find(({ name }) => name === running())
  if (owner === undefined) throw new Error('nothing runs')
  await owner.daemon.begun('consumer')
  await owner.daemon.ask('pause', { tasks: ['consumer'], stop: true })
  await owner.daemon.runs('consumer', 0)
  await fleet.pass(10_000)
  const other = fleet.machines.find(({ name }) => name !== owner.name)
  expect(running()).toBe(other?.name)
})

test('slots of a task that is paused on one machine start on the others, and none is lost', async () => {
  const fleet = await fleetOf('{job: {schedule: "*/10 * * * * *", command: exit 0, scope: fleet}}')
  await fleet.pass(4_000)
  const [first, second] = fleet.machines
  await first?.daemon.ask('pause', { tasks: ['job'] })
  await fleet.pass(41_000)
  await until(() => second?.daemon.running('job').length === 0, 'the end of the runs')
  const rows = fleet.rowsOf('job')
  expect(rows.map(({ on, outcome }) => [on, outcome])).toEqual(
    Array.from({ length: 4 }, () => [second?.name, 'ok']),
  )
  const status = await first?.daemon.ask('status', {})
  expect(status?.tasks[0]?.paused).toMatchObject({ slots: 0 })
})

test('a place that one machine gives up is tried by each other one, and then by nobody', async () => {
  const fleet = await fleetOf(
    '{bad: {type: daemon, command: exit 3, scope: fleet, max: 1, restart: {limit: {starts: 1, within: 1h}}}}',
  )
  await fleet.pass(60_000)
  expect(
    fleet
      .rowsOf('bad')
      .map(({ on }) => on)
      .toSorted(),
  ).toEqual(['web1', 'web2'])
  for (const { daemon } of fleet.machines)
    expect((await daemon.ask('status', {})).tasks[0]?.closed).toMatchObject({ givenUp: 1 })
})
