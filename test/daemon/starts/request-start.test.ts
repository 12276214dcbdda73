import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

describe('a slot', () => {
  test('a task starts in the second of its slot, and its end is on record', async () => {
    const site = newSite('tasks: {job: {schedule: "*/5 * * * * *", command: exit 3}}')
    const daemon = await site.daemon()
    daemon.seconds(4)
    expect(daemon.running('job')).toEqual([])
    daemon.seconds(1)
    expect(daemon.running('job')).toHaveLength(1)
    await daemon.runs('job', 0)
    expect(daemon.rows()).toMatchObject([
      {
        task: 'job',
        slot: '2026-03-10T12:00:05Z',
        outcome: 'failed',
        exitCode: 3,
        trigger: 'schedule',
        attempt: 1,
      },
    ])
  })

  test('a slot at max is skipped, and the reason is on record', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exec sleep 60}}')
    const daemon = await site.daemon()
    daemon.seconds(3)
    expect(daemon.history()).toEqual(['job running', 'job skipped max', 'job skipped max'])
  })

  test('overlap: queue lets one start wait until the task is below max', async () => {
    const command = 'until test -e go; do sleep 0.1; done; rm go'
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", overlap: queue, cwd: ".", command: "' +
        command +
        '"}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(3)
    expect(daemon.history()).toEqual(['job running', 'job skipped max'])
    const [first] = daemon.running('job')
    fs.writeFileSync(`${site.folder}/go`, '')
    await until(
      () => daemon.running('job').length === 1 && !daemon.running('job').includes(first ?? ''),
      'the next',
    )
    expect(daemon.rows().map((row) => [row.slot?.slice(17, 19), row.outcome])).toEqual([
      ['01', 'ok'],
      ['03', 'skipped'],
      ['02', 'running'],
    ])
  })

  test('overlap: replace ends the oldest run and starts when that is gone', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", overlap: replace, command: exec sleep 60}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    const [first] = daemon.running('job')
    await daemon.begun('job')
    daemon.seconds(1)
    await until(
      () => daemon.running('job').length === 1 && !daemon.running('job').includes(first ?? ''),
      'the next',
    )
    expect(daemon.history()).toEqual(['job killed replace', 'job running'])
  })

  test('jitter delays each start of a task by the same time, to the millisecond', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "0 * * * * *", jitter: 30s, max: 9, command: exit 0}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(150)
    await daemon.runs('job', 0)
    const rows = daemon.rows()
    const offsets = rows.map((row) => Date.parse(row.startedAt ?? '') - Date.parse(row.slot ?? ''))
    expect(offsets).toHaveLength(2)
    expect(offsets[0]).toBeGreaterThan(0)
    expect(offsets[0]).toBeLessThan(30_000)
    expect(new Set(offsets).size).toBe(1)
    expect(rows.map((row) => row.lateMs)).toEqual([0, 0])
  })
})

describe('hosts', () => {
  const yaml = `
hosts: {web: [10.0.0.0/24]}
tasks:
  here: {schedule: "* * * * * *", command: exec sleep 60, max: 9, hosts: [web]}
  there: {schedule: "* * * * * *", command: exit 0, hosts: [10.9.9.9]}
  off: {schedule: "* * * * * *", command: exit 0, enabled: false}
`
  test('only tasks whose hosts name this machine are on the agenda', async () => {
    const daemon = await newSite(yaml).daemon()
    daemon.seconds(2)
    expect(daemon.history()).toEqual(['here running', 'here running'])
  })

  test('another address makes it another machine', async () => {
    const daemon = await newSite(yaml, { addresses: ['10.9.9.9'] }).daemon()
    daemon.seconds(1)
    await daemon.runs('there', 0)
    expect(daemon.history()).toEqual(['there ok'])
  })
})
