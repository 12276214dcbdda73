import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const yaml = `
tasks:
  job: {schedule: "* * * * * *", command: exit 0, max: 9}
  other: {schedule: "* * * * * *", command: exit 0, max: 9}
  server: {type: daemon, command: exec sleep 60}
`
/** Only the skips, without the runs of each second. */
const skips = (rows: readonly { task: string; outcome: string }[]) =>
  rows.filter(({ outcome }) => outcome === 'skipped' || outcome === 'missed')

const pause = { untilMs: null, reason: null, by: 'alice' }
/** As a command does while no daemon runs. */
function writePause(home: string, file: object) {
  fs.writeFileSync(`${home}/paused.json`, JSON.stringify({ version: 1, all: null, ...file }))
}

describe('a paused task', () => {
  test('it does not start, and its slots become one row when it is resumed', async () => {
    const daemon = await newSite(yaml).daemon()
    daemon.seconds(1)
    await daemon.ask('pause', { tasks: ['job'], by: 'alice', reason: 'the disk is full' })
    daemon.seconds(3)
    expect(skips(daemon.rows())).toEqual([])
    const { tasks } = await daemon.ask('status', {})
    expect(tasks[0]).toMatchObject({
      ...{ name: 'job', here: true, next: null },
      paused: { by: 'alice', reason: 'the disk is full', until: null, all: false, slots: 3 },
    })
    expect(tasks[1]).not.toHaveProperty('paused')
    const { series } = await daemon.ask('metrics', {})
    expect(series.slice(0, 2)).toMatchObject([{ paused: true, nextRunMs: null }, { paused: false }])
    expect(await daemon.ask('resume', { tasks: ['job'] })).toEqual({
      ...{ all: false, tasks: ['job'], left: [] },
    })
    daemon.seconds(1)
    expect(skips(daemon.rows())).toMatchObject([
      {
        ...{ task: 'job', outcome: 'skipped', reason: 'paused', count: 3, trigger: 'schedule' },
        ...{ slot: '2026-03-10T12:00:02Z', lastSlot: '2026-03-10T12:00:04Z' },
      },
    ])
    expect(daemon.rows().filter(({ task, run }) => task === 'job' && run !== null)).toHaveLength(2)
  })

  test('it starts again by itself in the second in which its pause ends', async () => {
    const daemon = await newSite(yaml).daemon()
    await daemon.ask('pause', { tasks: ['job'], until: '2026-03-10T12:00:03Z', by: 'alice' })
    expect((await daemon.ask('status', {})).tasks[0]).toMatchObject({
      next: '2026-03-10T12:00:03Z',
    })
    daemon.seconds(4)
    await daemon.runs('job', 0)
    const started = daemon.rows().filter(({ task, run }) => task === 'job' && run !== null)
    expect(started.map(({ slot }) => slot)).toEqual([
      '2026-03-10T12:00:03Z',
      '2026-03-10T12:00:04Z',
    ])
    expect(skips(daemon.rows())).toMatchObject([{ count: 2, lastSlot: '2026-03-10T12:00:02Z' }])
    expect(daemon.lines.filter(({ event }) => event === 'resume')).toMatchObject([
      { words: 'resumed job: the pause has ended' },
    ])
  })

  test('a person runs it all the same', async () => {
    const daemon = await newSite(yaml).daemon()
    await daemon.ask('pause', { tasks: ['job'] })
    await daemon.ask('run', { task: 'job', force: false })
    await daemon.runs('job', 0)
    expect(daemon.history().filter((row) => row.startsWith('job'))).toEqual(['job ok'])
  })

  test('a retry is not made, and its skip is on record', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "1 0 12 * * *", retry: {attempts: 3, delay: 1s}, command: exit 3}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.ask('pause', { tasks: ['job'] })
    await daemon.runs('job', 0)
    daemon.seconds(2)
    expect(daemon.history()).toEqual(['job failed', 'job skipped paused'])
  })

  test('messages for it wait, and start it when it is resumed', async () => {
    const site = newSite('tasks: {job: {type: manual, input: queue, command: cat > got, cwd: "."}}')
    const daemon = await site.daemon()
    await daemon.ask('pause', { tasks: ['job'] })
    await daemon.ask('message', { task: 'job', texts: ['hello'] })
    daemon.seconds(3)
    expect(daemon.history()).toEqual([])
    await daemon.ask('resume', { tasks: ['job'] })
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
  })

  test('the pause and its slots survive a kill of the daemon, and nothing counts as missed', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    await first.ask('pause', { tasks: ['job'], by: 'alice' })
    first.seconds(3)
    first.kill()
    site.clock.advance(600_000)
    const second = await site.daemon()
    second.seconds(2)
    await second.ask('resume', { tasks: ['job'] })
    const rows = skips(second.rows()).filter(({ task }) => task === 'job')
    expect(rows).toMatchObject([{ reason: 'paused', count: 605, slot: '2026-03-10T12:00:01Z' }])
  })

  test('slots from before a pause that a command made while no daemon ran are missed', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    first.seconds(1)
    await first.begun('job')
    first.state.tickClock.save()
    first.kill()
    site.clock.advance(600_000)
    writePause(site.home, { tasks: { job: { ...pause, sinceMs: site.clock.now() } } })
    site.clock.advance(200_000)
    const second = await site.daemon()
    await second.ask('resume', { tasks: ['job'] })
    const rows = skips(second.rows()).filter(({ task }) => task === 'job')
    expect(rows).toMatchObject([
      { outcome: 'missed', reason: 'down', count: 599, lastSlot: '2026-03-10T12:10:00Z' },
      { outcome: 'skipped', reason: 'paused', count: 201, slot: '2026-03-10T12:10:01Z' },
    ])
  })

  test('slots of a pause that a command ended while no daemon ran are paused, and not caught up', async () => {
    const site = newSite(yaml.replace('max: 9}', 'max: 9, catchup: latest}'))
    const first = await site.daemon()
    first.seconds(1)
    await first.begun('job')
    first.state.tickClock.save()
    first.kill()
    const sinceMs = site.clock.now()
    site.clock.advance(600_500)
    const untilMs = site.clock.now()
    writePause(site.home, { past: [{ task: 'job', sinceMs, untilMs }] })
    const second = await site.daemon()
    second.seconds(2)
    const rows = skips(second.rows()).filter(({ task }) => task === 'job')
    expect(rows).toMatchObject([{ reason: 'paused', count: 600, lastSlot: '2026-03-10T12:10:01Z' }])
    const saved: unknown = JSON.parse(fs.readFileSync(`${site.home}/paused.json`, 'utf8'))
    expect(saved).toMatchObject({ past: [], passed: [] })
  })

  test('a task that starts after another one has one row for all starts of its pause', async () => {
    const site = newSite(
      'tasks: {first: {schedule: "* * * * * *", command: exit 0}, then: {after: first, command: exit 0}}',
    )
    const daemon = await site.daemon()
    await daemon.ask('pause', { tasks: ['then'] })
    for (const second of [1, 2]) {
      daemon.seconds(1)
      await until(
        () => daemon.rows().filter(({ outcome }) => outcome === 'ok').length === second,
        'the end of first',
      )
    }
    await daemon.ask('resume', { tasks: ['then'] })
    expect(skips(daemon.rows())).toMatchObject([
      { task: 'then', reason: 'paused', count: 2, trigger: 'after', slot: '2026-03-10T12:00:01Z' },
    ])
  })

  test('what a command resumed while no daemon ran is put on record by the next daemon', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    await first.ask('pause', { tasks: ['job'] })
    first.seconds(3)
    first.kill()
    const file = `${site.home}/paused.json`
    const saved: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
    fs.writeFileSync(file, JSON.stringify(Object.assign({}, saved, { tasks: {} })))
    const second = await site.daemon()
    second.seconds(1)
    expect(skips(second.rows())).toMatchObject([{ task: 'job', reason: 'paused', count: 3 }])
  })
})

describe('a paused daemon task', () => {
  test('what runs continues, also with an older definition, and is replaced when it is resumed', async () => {
    const daemon = await newSite(yaml).daemon()
    const [run] = daemon.running('server')
    await daemon.begun('server')
    await daemon.ask('pause', { tasks: ['server'] })
    await daemon.edit(yaml.replace('sleep 60', 'sleep 61'))
    daemon.seconds(1)
    expect(daemon.running('server')).toEqual([run])
    await daemon.ask('resume', { tasks: ['server'] })
    await until(
      () => daemon.running('server').length === 1 && !daemon.running('server').includes(run ?? ''),
      'the new instance',
    )
  })

  test('with stop its runs end, and it starts again at once when it is resumed', async () => {
    const daemon = await newSite(yaml).daemon()
    await daemon.begun('server')
    const [run] = daemon.running('server')
    const { stopping } = await daemon.ask('pause', { tasks: ['server'], stop: true })
    expect(stopping).toEqual([{ task: 'server', run }])
    await daemon.runs('server', 0)
    daemon.seconds(5)
    expect(daemon.running('server')).toEqual([])
    expect(daemon.history().filter((row) => row.startsWith('server'))).toEqual([
      'server killed pause',
    ])
    await daemon.ask('resume', { tasks: ['server'] })
    expect(daemon.running('server')).toHaveLength(1)
  })
})

describe('a pause of all tasks', () => {
  test('it holds for every task, also for one that comes into the file later', async () => {
    const daemon = await newSite(yaml).daemon()
    await daemon.ask('pause', { tasks: [], all: true, by: 'alice' })
    await daemon.edit(`${yaml}  late: {schedule: "* * * * * *", command: exit 0}\n`)
    daemon.seconds(2)
    expect(daemon.history()).toEqual(['server running'])
    await daemon.ask('resume', { tasks: [], all: true })
    const reasons = skips(daemon.rows()).map(({ task }) => task)
    expect(reasons.toSorted()).toEqual(['job', 'late', 'other'])
  })

  test('to resume it leaves what was paused by name, and one task cannot be taken out of it', async () => {
    const daemon = await newSite(yaml).daemon()
    await daemon.ask('pause', { tasks: ['job'] })
    await daemon.ask('pause', { tasks: [], all: true, by: 'alice' })
    await expect(async () => daemon.ask('resume', { tasks: ['other'] })).rejects.toThrow(
      'alice paused all tasks',
    )
    expect(await daemon.ask('resume', { tasks: [], all: true })).toEqual({
      ...{ all: true, tasks: [], left: ['job'] },
    })
    expect(await daemon.ask('resume', { tasks: [], all: true })).toMatchObject({ tasks: ['job'] })
  })
})

describe('requests that are refused', () => {
  test('a task that does not exist is named, with a suggestion', async () => {
    const daemon = await newSite(yaml).daemon()
    await expect(async () => daemon.ask('pause', { tasks: ['jop'] })).rejects.toThrow(
      'there is no task "jop"',
    )
    await expect(async () => daemon.ask('resume', { tasks: ['jop'] })).rejects.toThrow(
      'there is no task "jop"',
    )
  })

  test('the end of a pause must be still to come', async () => {
    const daemon = await newSite(yaml).daemon()
    const request = { tasks: ['job'], until: '2026-03-10T11:00:00Z' }
    await expect(async () => daemon.ask('pause', request)).rejects.toThrow(
      'the pause would end in the past',
    )
  })

  test('on a full disk nothing is paused, and the answer says so', async () => {
    const site = newSite(yaml)
    const daemon = await site.daemon()
    fs.mkdirSync(`${site.home}/paused.json/x`, { recursive: true })
    await expect(async () => daemon.ask('pause', { tasks: ['job'] })).rejects.toThrow(
      'cannot write paused.json',
    )
    daemon.seconds(1)
    expect(daemon.running('job')).toHaveLength(1)
  })
})
