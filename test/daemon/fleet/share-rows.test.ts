import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newFleetSite } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

const shared = 'scope: fleet, max: unlimited, schedule: "0 * * * * *"'

describe('the rows that a machine gives to the fleet', () => {
  test('are the start and the end of each run of a task that the fleet shares, and the problems of others', async () => {
    const fleet = newFleetSite(
      `timezone: UTC\ntasks: {job: {${shared}, command: "true"}, good: {schedule: "0 * * * * *", command: "true"}, bad: {schedule: "0 * * * * *", command: "exit 3"}}`,
      ['web1'],
    )
    const [machine] = fleet.machines
    const daemon = await machine?.daemon()
    await fleet.pass(1_000)
    await fleet.pass(60_000)
    for (const task of ['job', 'good', 'bad']) await daemon?.runs(task, 0)
    daemon?.state.history.flush()
    await fleet.pass(2_000)
    const rows = fleet.talk.stored.map(({ row }) => `${row.host} ${row.task} ${row.outcome}`)
    const ends = rows.filter((row) => !row.endsWith('running')).toSorted()
    expect(ends).toEqual(['web1 bad failed', 'web1 job ok'])
    expect(new Set(rows.filter((row) => row.endsWith('running')))).not.toContain('web1 bad running')
    const ids = fleet.talk.stored.map(({ id }) => id)
    expect(ids.some((id) => /^\d{8}T\S+-ok$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('wait while the engine is away, and while no daemon runs', async () => {
    const fleet = newFleetSite(
      `timezone: UTC\ntasks: {bad: {schedule: "*/10 * * * * *", command: "exit 3"}}`,
      ['web1'],
    )
    const [machine] = fleet.machines
    let daemon = await machine?.daemon()
    await fleet.pass(1_000)
    fleet.talk.isDown = true
    for (let slots = 0; slots < 2; slots += 1) {
      await fleet.pass(10_000)
      // A slot that comes while it runs is skipped.
      await daemon?.runs('bad', 0)
    }
    daemon?.state.history.flush()
    await until(async () => {
      await fleet.pass(1_000)
      return (daemon?.state.sharing?.counts().waiting ?? 0) > 1
    }, 'rows that wait')
    expect(fleet.talk.stored).toEqual([])
    daemon?.kill()
    daemon = await machine?.daemon()
    fleet.talk.isDown = false
    await fleet.pass(12_000)
    const slots = fleet.talk.stored.map(({ row }) => row.slot?.slice(17, 19))
    expect(slots.slice(0, 2)).toEqual(['10', '20'])
    expect(daemon?.state.sharing?.counts().dropped).toBe(0)
  })

  test('a file that cannot be read lets only later rows come', async () => {
    const fleet = newFleetSite(
      `timezone: UTC\ntasks: {bad: {schedule: "*/10 * * * * *", command: "exit 3"}}`,
      ['web1'],
    )
    const [machine] = fleet.machines
    if (machine === undefined) throw new Error('no machine')
    let daemon = await machine.daemon()
    await fleet.pass(11_000)
    await daemon.runs('bad', 0)
    daemon.state.history.flush()
    await fleet.pass(11_000)
    const before = fleet.talk.stored.length
    expect(before).toBeGreaterThan(0)
    daemon.kill()
    fs.writeFileSync(
      path.join(machine.site.home, 'fleet-rows.json'),
      '{"place":{"id":999999,"at":0',
    )
    daemon = await machine.daemon()
    await fleet.pass(1_000)
    expect(fleet.talk.stored).toHaveLength(before)
  })
})
