import type { StatusReport } from '../../../src/control/protocol.ts'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, isAlive, newSite } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterAll(closeSites)
// Tests run concurrently, each on its own site, and wait for the processor.
vi.setConfig({ testTimeout: 60_000 })

const tasks = `
timezone: UTC
tasks:
  yearly: { schedule: "0 0 1 1 *", command: "true" }
  keep: { type: daemon, command: [sleep, "600"] }
  away: { schedule: "@daily", command: "true", hosts: [192.0.2.99] }
`

describe.concurrent('torch restart', () => {
  test('torch restart replaces the daemon and keeps its tasks file and addresses', async () => {
    const site = newSite(tasks)
    const file = site.write('other/file.yaml', tasks)
    await site.torch('start', '--tasks', file, '--address', '192.0.2.99')
    const before = site.pid()
    const { status, stdout } = await site.torch('restart')
    const after = site.pid()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `torch restarted: pid ${after} replaces pid ${before}\n`,
    })
    await until(() => !isAlive(before ?? 0), 'the end of the old daemon')
    const report = JSON.parse((await site.torch('status', '--json')).stdout) as StatusReport
    expect(report).toMatchObject({
      daemon: { pid: after },
      host: { addresses: ['192.0.2.99'] },
      file: { path: file },
    })
  })

  test('torch restart with a bad file keeps the old daemon and says why', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const pid = site.pid()
    site.write('tasks.yaml', 'tasks: 5')
    const { status, stderr } = await site.torch('restart')
    expect(status).toBe(1)
    expect(stderr).toContain('tasks.yaml:1:1: tasks: expected')
    expect(stderr).toContain(
      '\ntorch: the new daemon failed, the old one continues: the tasks file ',
    )
    expect([site.pid(), isAlive(pid ?? 0)]).toEqual([pid, true])
    expect((await site.torch('status')).status).toBe(0)
  })

  test('torch restart needs a daemon in the background, with the same tasks file', async () => {
    const site = newSite(tasks)
    expect((await site.torch('restart')).status).toBe(3)
    site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    expect(await site.torch('restart', '--tasks', '/else.yaml')).toMatchObject({
      status: 2,
      stderr: `torch: the daemon of this home runs ${site.tasks}, not /else.yaml
hint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start
`,
    })
    expect(await site.torch('restart')).toMatchObject({
      status: 1,
      stderr: `torch: the daemon runs in the foreground, where no other process can take its place
hint: stop it and start it again where it was started
`,
    })
  })
})
