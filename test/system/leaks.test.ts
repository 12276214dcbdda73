import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, heldBy, historyOf, startDaemon, maxTestMs } from '../support/daemon.ts'

vi.setConfig({ testTimeout: maxTestMs })
afterEach(closeSites)

/** Fewer than the connections that the daemon accepts at one time. */
const runsPerBurst = 50
/** A leak of one in a hundred runs would show. `npm run soak` tries many more. */
const bursts = 10

test('after 500 runs there is no zombie, no leaked descriptor, and no process left after torch stop', async () => {
  const commands = ['[ "true" ]', '[ "false" ]', 'exit 3', 'kill $$', '[ /not/there ]', 'echo $$']
  const names = commands.map((_, index) => `job-${index}`)
  const lines = commands.map(
    (command, index) =>
      `  job-${index}: { schedule: "@yearly", command: ${command}, max: unlimited }`,
  )
  const site = newSite(`tasks:\n${lines.join('\n')}\n`)
  const pid = await startDaemon(site)

  const burst = async (): Promise<void> => {
    const starts = Array.from({ length: runsPerBurst }, (_, index) =>
      ask(site, 'run', { task: names[index % names.length] ?? '', force: false }),
    )
    await Promise.all(starts)
    await until(async () => {
      const { tasks } = await ask(site, 'status', {})
      return tasks.every(({ running }) => running.length === 0)
    }, 'the end of all runs')
  }
  await burst()
  const before = heldBy(pid)
  for (let done = 1; done < bursts; done++) await burst()

  await until(
    () => heldBy(pid).descriptors <= before.descriptors,
    'no more descriptors than before',
  )
  await until(() => heldBy(pid).zombies === 0, 'the end of the last zombie')
  // Only the daemon itself is left.
  expect(site.living()).toEqual([pid])

  expect((await site.torch('stop')).status).toBe(0)
  expect(site.living()).toEqual([])
  expect(fs.readdirSync(path.join(site.home, 'active'))).toEqual([])
  const rows = await historyOf(site)
  expect(rows).toHaveLength(runsPerBurst * bursts)
  const outcomes = names.map((name) => [
    ...new Set(rows.filter(({ task }) => task === name).map(({ outcome }) => outcome)),
  ])
  expect(outcomes).toEqual([['ok'], ['failed'], ['failed'], ['killed'], ['spawn-failed'], ['ok']])
})
