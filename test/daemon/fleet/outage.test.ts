import { expect, test } from 'vitest'
import { runningFleet } from '../../support/fleet/daemons.ts'

const job = '{job: {schedule: "*/20 * * * * *", command: exec sleep 60, scope: fleet}}'

/** A run that ends while the engine is away, on one of two machines. */
async function endedInOutage(yaml: string) {
  const fleet = await runningFleet(yaml, ['web1', 'web2'])
  await fleet.pass(21_000, 50)
  const owner = fleet.daemons.find((daemon) => daemon.running('job').length > 0)
  if (owner === undefined) throw new Error('nothing runs')
  await owner.begun('job')
  // It is longer than the promise of the place, which ends 45 seconds after its last renewal.
  fleet.engine.outage(100_000)
  const [run] = owner.state.runs.of('job')
  process.kill(-(run?.recorder?.pid ?? NaN), 'SIGTERM')
  await owner.runs('job', 0)
  return fleet
}

test('a place whose run ended in a long outage of the engine is free when that is over', async () => {
  const fleet = await endedInOutage(job)
  // Only the slot at which the engine is back has a start by then.
  await fleet.pass(115_000, 50)
  const running = fleet.daemons.flatMap((daemon) => daemon.running('job'))
  expect(running).toHaveLength(1)
  expect(fleet.daemons.flatMap((daemon) => daemon.history()).join('\n')).not.toContain('max: runs')
})
