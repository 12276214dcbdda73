import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, isAlive, newSite } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterAll(closeSites)
// Tests run concurrently, each on its own site, and wait for the processor.
vi.setConfig({ testTimeout: 120_000 })

const tasks = `tasks: { keep: { type: daemon, command: [sleep, "600"] } }`

describe.concurrent('torch stop', () => {
  test('torch stop shows what it waits for and returns when everything is gone', async () => {
    const command = "trap '' TERM; until [ -e go ]; do sleep 0.1; done"
    const site = newSite(`tasks: {slow: {schedule: "@yearly", command: "${command}"}}`)
    await site.torch('start')
    const { stdout } = await site.torch('run', 'slow', '--detach', '--json')
    const { run } = JSON.parse(stdout) as { run: string }
    const pid = site.pid()
    const stop = site.spawn(['stop', '--json'])
    await until(() => stop.stderr() === `waiting for slow ${run}\n`, 'what it waits for')
    expect([isAlive(pid ?? 0), stop.stdout()]).toEqual([true, ''])
    site.write('go', '')
    expect(await stop.ended).toMatchObject({ status: 0, stdout: `{\n  "pid": ${pid}\n}\n` })
    expect(site.living()).toEqual([])
    expect(fs.readdirSync(site.home)).not.toContain('torch.pid')
    expect(fs.readdirSync(site.home)).not.toContain('torch.sock')
    expect(fs.readdirSync(path.join(site.home, 'active'))).toEqual([])
  })

  test('a second torch stop ends the grace period of the first', async () => {
    const site = newSite('tasks: {slow: {schedule: "@yearly", command: [sleep, "600"]}}')
    await site.torch('start')
    await site.torch('run', 'slow', '--detach')
    const first = site.spawn(['stop', '--grace', '1h'])
    await until(() => first.stderr().startsWith('waiting for slow'), 'what it waits for')
    expect(await site.torch('start')).toMatchObject({
      status: 1,
      stderr: `torch: the torch daemon of ${site.home}, pid ${site.pid()}, is stopping and waits for 1 run
hint: start again when it has stopped; torch stop ends the grace period of its runs
`,
    })
    expect((await site.torch('stop', '--grace', '0s')).status).toBe(0)
    expect((await first.ended).status).toBe(0)
    expect(site.living()).toEqual([])
  })

  test('torch stop --leave leaves runs to the next daemon, which adopts them', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    await until(() => fs.existsSync(path.join(site.home, 'runs/keep')), 'the daemon task')
    const running = async () =>
      (
        JSON.parse((await site.torch('status', 'keep', '--json')).stdout) as {
          tasks: { running: string[] }[]
        }
      ).tasks[0]?.running
    const before = await running()
    expect(before).toHaveLength(1)
    const pid = site.pid()
    expect(await site.torch('stop', '--leave')).toMatchObject({
      status: 0,
      stdout: `torch stopped, pid ${pid}; 1 run continues: keep\n`,
      stderr: '',
    })
    expect(await running()).toEqual(before)
    await site.torch('start')
    expect(await running()).toEqual(before)
  })
})
