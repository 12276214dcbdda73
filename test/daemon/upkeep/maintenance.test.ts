import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { letGo } from '../../../src/daemon/handover.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const yaml =
  'tasks: {job: {schedule: "1-3 0 12 * * *", command: exit 1, max: 9, output: {keep_for: 1h}}}'
const minute = 60_000
const hour = 60 * minute

describe('maintenance', () => {
  test('the log has a line each minute that counts what happened since the last one', async () => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
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

  test('a task moves to this machine with an address that is new', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", command: exit 0, hosts: [10.9.9.9]}}',
      {
        addresses: [],
      },
    )
    let addresses = ['10.0.0.1']
    const network = { name: () => 'web1', addresses: () => addresses }
    const daemon = await site.daemon({ network })
    expect((await statusOf(daemon.state)).tasks).toMatchObject([
      { here: false, reason: 'hosts', next: null },
    ])
    addresses = ['10.0.0.1', '10.9.9.9']
    site.clock.advance(60_000)
    await until(async () => (await statusOf(daemon.state)).tasks[0]?.here, 'the task to move in')
    expect((await statusOf(daemon.state)).tasks).toMatchObject([{ here: true, reason: null }])
  })

  test('a change of the addresses that has to wait until the daemon has left its home is not applied', async () => {
    const site = newSite('tasks: {}', { addresses: [] })
    let addresses = ['10.0.0.1']
    const network = { name: () => 'web1', addresses: () => addresses }
    const daemon = await site.daemon({ network })
    addresses = ['10.9.9.9']
    const reloading = daemon.edit('tasks: {} # changed')
    site.clock.advance(60_000)
    letGo(daemon.state)
    await reloading
    await daemon.state.tasks.inTurn(async () => {})
    expect(daemon.state.tasks.facts.addresses).toEqual(['10.0.0.1'])
    expect(daemon.lines.map(({ event }) => event)).not.toContain('addresses')
  })

  test('runs that are too old are removed, also those of removed tasks', async () => {
    const site = newSite(yaml.replace('1-3', '1,2'))
    const first = await site.daemon()
    first.seconds(2)
    await first.runs('job', 0)
    fs.cpSync(path.join(site.home, 'runs', 'job'), path.join(site.home, 'runs', 'gone'), {
      recursive: true,
    })
    const { processes } = thisMachine()
    const noGit = { ok: false, missing: true, stdout: '', stderr: '' }
    const second = await site.daemon({
      processes: { ...processes, runProgram: async () => noGit },
    })
    const kept = (task: string) => {
      const folder = path.join(site.home, 'runs', task)
      return fs.existsSync(folder) ? fs.readdirSync(folder).length : 'no folder'
    }
    const pass = async (ms: number): Promise<void> => {
      site.clock.advance(ms)
      await until(() => second.state.oldRuns.pending() === 2, 'the folders to be found')
      site.clock.advance(1_000)
    }
    await pass(minute)
    expect([kept('job'), kept('gone')]).toEqual([2, 2])
    await pass(hour)
    expect([kept('job'), kept('gone')]).toEqual([0, 2])
    // After such a jump the clock is not trusted for an hour.
    site.clock.set(site.clock.now() + 7 * 24 * hour)
    await pass(hour + 2 * minute)
    expect([kept('job'), kept('gone')]).toEqual([0, 'no folder'])
  })
})
