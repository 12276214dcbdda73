import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newSite, until } from '../support.ts'

describe('a slot', () => {
  test('starts in its second, and its end is on record', async () => {
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

  test('at max is skipped, with the reason', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exec sleep 60}}')
    const daemon = await site.daemon()
    daemon.seconds(3)
    expect(daemon.history()).toEqual(['job running', 'job skipped max', 'job skipped max'])
  })

  test('overlap: queue lets one wait, which starts when there is a place', async () => {
    const command = 'until test -e go; do sleep 0.02; done; rm go'
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

  test('overlap: replace ends the oldest, and starts when that is gone', async () => {
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

  test('jitter delays the start by the same part each time, below a second too', async () => {
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

describe('a failed run', () => {
  test('is tried again after its delay, as often as it says, and keeps its slot', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "5 * * * * *", command: exit 1, retry: {attempts: 2, delay: 10s}}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.runs('job', 0)
    site.clock.advance(9_900)
    expect(daemon.rows()).toHaveLength(1)
    site.clock.advance(200)
    await daemon.runs('job', 0)
    site.clock.advance(20_000)
    await daemon.runs('job', 0)
    site.clock.advance(600_000)
    expect(daemon.rows().map((row) => [row.slot?.slice(17, 19), row.trigger, row.attempt])).toEqual(
      [
        ['05', 'schedule', 1],
        ['05', 'retry', 2],
        ['05', 'retry', 3],
      ],
    )
  })

  test('of a task that is gone is not', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "5 * * * * *", command: exit 1, retry: {attempts: 1}}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.runs('job', 0)
    await daemon.edit('tasks: {other: {schedule: "@daily", command: exit 0}}')
    expect(daemon.history()).toEqual(['job failed', 'job skipped removed'])
  })
})

describe('a daemon task', () => {
  const yaml = (command: string, more = '') =>
    `tasks: {keep: {type: daemon, max: 2, command: ${command}, restart: {delay: 2s}${more}}}`

  test('is kept at max: what ends is started again, later each time', async () => {
    const site = newSite(yaml('exit 0'))
    const daemon = await site.daemon()
    await daemon.runs('keep', 0)
    expect(daemon.rows()).toHaveLength(2)
    site.clock.advance(1_999)
    expect(daemon.rows()).toHaveLength(2)
    site.clock.advance(1)
    await daemon.runs('keep', 0)
    expect(daemon.rows()).toHaveLength(4)
    site.clock.advance(3_999)
    expect(daemon.rows()).toHaveLength(4)
    site.clock.advance(1)
    expect(daemon.rows()).toHaveLength(6)
  })

  test('whose definition changed is replaced one by one', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    const before = daemon.running('keep')
    await daemon.begun('keep')
    await daemon.edit(yaml('exec sleep 61'))
    await until(() => daemon.running('keep').every((run) => !before.includes(run)), 'new runs')
    await daemon.runs('keep', 2)
    const ends = daemon.rows().filter((row) => row.outcome === 'killed')
    expect(ends.map((row) => row.reason)).toEqual(['reload', 'reload'])
    expect(ends[0]?.run).toBe(before[0])
  })

  test('that is gone from the file is ended', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.edit('tasks: {}')
    await daemon.runs('keep', 0)
    site.clock.advance(60_000)
    expect(daemon.history()).toEqual(['keep killed removed', 'keep killed removed'])
  })

  test('that asks for more, or fewer, gets them', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.edit(yaml('exec sleep 60').replace('max: 2', 'max: 4'))
    await daemon.runs('keep', 4)
    await daemon.begun('keep')
    await daemon.edit(yaml('exec sleep 60').replace('max: 2', 'max: 1'))
    await daemon.runs('keep', 1)
  })
})

describe('who runs it', () => {
  const yaml = `
hosts: {web: [10.0.0.0/24]}
tasks:
  here: {schedule: "* * * * * *", command: exec sleep 60, max: 9, hosts: [web]}
  there: {schedule: "* * * * * *", command: exit 0, hosts: [10.9.9.9]}
  off: {schedule: "* * * * * *", command: exit 0, enabled: false}
`
  test('only what names this machine is on the agenda', async () => {
    const daemon = await newSite(yaml).daemon()
    daemon.seconds(2)
    expect(daemon.history()).toEqual(['here running', 'here running'])
  })

  test('with another address it is another machine', async () => {
    const daemon = await newSite(yaml, { addresses: ['10.9.9.9'] }).daemon()
    daemon.seconds(1)
    await daemon.runs('there', 0)
    expect(daemon.history()).toEqual(['there ok'])
  })
})
