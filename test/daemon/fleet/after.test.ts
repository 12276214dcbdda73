import { expect, test } from 'vitest'
import { runningFleet } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

test('what starts after a task of the fleet starts on the machine on which that has ended', async () => {
  const fleet = await runningFleet(
    `
  shared: {schedule: "5 0 12 10 3 *", command: "true", scope: fleet, retry: {attempts: 2}}
  then: {after: shared, command: "true"}
`,
    ['web1', 'web2', 'web3'],
  )
  const rows = () => fleet.daemons.flatMap((daemon) => daemon.rows())
  const of = (task: string) => rows().filter((row) => row.task === task)
  await until(async () => {
    await fleet.pass(1_000)
    return of('then').some(({ outcome }) => outcome === 'ok')
  }, 'the end of the second task')
  const [shared] = of('shared')
  expect(of('then')).toMatchObject([{ host: shared?.host, trigger: 'after', outcome: 'ok' }])
})
