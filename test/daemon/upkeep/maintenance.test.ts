import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { startMinutes } from '../../../src/daemon/upkeep/maintenance.ts'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { until } from '../../run/support.ts'
import { newSite } from '../support.ts'

const yaml =
  'tasks: {job: {schedule: "* * * * * *", command: exit 1, max: 9, output: {keep_for: 1h}}}'

describe('each minute', () => {
  test('one line says what was done since the last', async () => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
    startMinutes(daemon.torch)
    daemon.seconds(3)
    await daemon.runs('job', 0)
    site.clock.advance(57_000)
    const stats = () =>
      daemon.lines.filter((line) => line.event === 'stat').map((line) => line.facts)
    expect(stats()).toMatchObject([
      {
        tasks: 1,
        running: 0,
        started: 3,
        failed: 3,
        skipped: 0,
        missed: 0,
        lateness: { p50: 0, max: 0 },
      },
    ])
    site.clock.advance(60_000)
    expect(stats()).toMatchObject([
      { started: 3 },
      { started: 0, failed: 0, lateness: { p50: null } },
    ])
  })

  test('addresses are read anew: a task moves in with one', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", command: exit 0, hosts: [10.9.9.9]}}',
      {
        addresses: [],
      },
    )
    let addresses = ['10.0.0.1']
    const network = { name: () => 'web1', addresses: () => addresses }
    const daemon = await site.daemon({ network })
    startMinutes(daemon.torch)
    expect(statusOf(daemon.torch).tasks).toMatchObject([
      { here: false, reason: 'hosts', next: null },
    ])
    addresses = ['10.0.0.1', '10.9.9.9']
    site.clock.advance(60_000)
    await until(() => statusOf(daemon.torch).tasks[0]?.here, 'the task to move in')
    expect(statusOf(daemon.torch).tasks).toMatchObject([{ here: true, reason: null }])
  })

  test('runs that are too old are removed, also of tasks that are gone', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    first.seconds(2)
    await first.runs('job', 0)
    fs.cpSync(path.join(site.home, 'runs', 'job'), path.join(site.home, 'runs', 'gone'), {
      recursive: true,
    })
    const second = await site.daemon()
    startMinutes(second.torch)
    const kept = (task: string) => {
      const folder = path.join(site.home, 'runs', task)
      return fs.existsSync(folder) ? fs.readdirSync(folder).length : 'no folder'
    }
    const later = async (ms: number): Promise<void> => {
      site.clock.set(site.clock.now() + ms)
      site.clock.advance(60_000)
      await until(() => second.torch.untidy.size === 2, 'the folders to be found')
      site.clock.advance(1_000)
    }
    await later(0)
    expect([kept('job'), kept('gone')]).toEqual([2, 2])
    await later(3_600_000)
    expect([kept('job'), kept('gone')]).toEqual([0, 2])
    await later(7 * 86_400_000)
    expect([kept('job'), kept('gone')]).toEqual([0, 'no folder'])
  })
})

test('status: the last run is shown, and a skip only where there is none', async () => {
  const site = newSite(
    'tasks: {job: {schedule: "* * * * * *", command: "until test -e go; do sleep 0.02; done", cwd: "."}}',
  )
  const daemon = await site.daemon()
  const last = () => statusOf(daemon.torch).tasks[0]?.last?.outcome
  daemon.seconds(1)
  expect(last()).toBeUndefined()
  daemon.seconds(1)
  expect(last()).toBe('skipped')
  fs.writeFileSync(path.join(site.folder, 'go'), '')
  await daemon.runs('job', 0)
  expect(last()).toBe('ok')
  fs.rmSync(path.join(site.folder, 'go'))
  daemon.seconds(2)
  expect(last()).toBe('ok')
})
