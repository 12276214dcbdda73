import fs from 'node:fs'
import { expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

test('after a clock that came from the future, what ran last is last: also after a crash and a rebuild', async () => {
  const site = newSite(
    'tasks: {job: {schedule: "* * * * * *", command: "exit 1", output: {keep_runs: 4}}}',
    { at: '2030-01-01T00:00:00Z' },
  )
  const first = await site.daemon()
  const round = async (daemon: typeof first): Promise<void> => {
    daemon.seconds(1)
    await daemon.runs('job', 0)
  }
  const years = (daemon: typeof first) => daemon.rows().map((row) => row.startedAt?.slice(0, 4))
  await round(first)
  await round(first)
  site.clock.set(Date.parse('2026-03-10T12:00:00Z'))
  // It takes the clock as a new time at its next tick.
  first.seconds(1)
  await first.runs('job', 0)
  while (years(first).length < 3) await round(first)
  expect(years(first)).toEqual(['2030', '2030', '2026'])
  const second = await site.daemon()
  await round(second)
  while (years(second).length < 4) await round(second)
  expect(years(second)).toEqual(['2030', '2030', '2026', '2026'])
  expect((await statusOf(second.state)).tasks[0]?.last?.startedAt).toMatch(/^2026/)
  second.kill()
  second.state.history.close()
  for (const end of ['', '-wal', '-shm'])
    fs.rmSync(site.home + `/history.db${end}`, { force: true })
  const third = await site.daemon()
  await until(() => {
    site.clock.advance(20)
    return years(third).length >= 4
  }, 'the rebuild')
  expect(years(third).slice(0, 4)).toEqual(['2030', '2030', '2026', '2026'])
})
