import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runRow } from '../../support/history.ts'
import { newSite } from '../../support/daemon-here.ts'

const each = 'tasks: {job: {schedule: "*/10 * * * * *", command: exit 0, max: 9}}'

type Site = ReturnType<typeof newSite>

/** As left by a daemon that was killed after the second went to disk and before its first start. */
function killedIn(site: Site, iso: string): void {
  const second = String(Date.parse(iso) / 1000).padStart(12, '0')
  fs.writeFileSync(path.join(site.home, 'slots'), `${second} ${second}\n`)
}

describe('an interrupted second', () => {
  test('the next daemon does an interrupted second, once', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(5)
    first.kill()
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(7000)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([
      { outcome: 'ok', slot: '2026-03-10T12:00:10Z', trigger: 'schedule', lateMs: 2000 },
    ])
    second.kill()
    killedIn(site, '2026-03-10T12:00:10Z')
    const third = await site.daemon()
    expect(third.history()).toEqual(['job ok'])
  })

  test('the next daemon does an interrupted second even if it starts in that very second', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(9)
    first.kill()
    site.clock.advance(1000)
    killedIn(site, '2026-03-10T12:00:10Z')
    const second = await site.daemon()
    await second.runs('job', 0)
    second.seconds(5)
    expect(second.history()).toEqual(['job ok'])
  })

  test('an interrupted second of long ago counts among the missed slots', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.kill()
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    expect(second.rows()).toMatchObject([
      { outcome: 'missed', slot: '2026-03-10T12:00:10Z', count: 359 },
    ])
  })

  test('an interrupted second is not done again if its task keeps no runs, because it may have been done', async () => {
    const site = newSite(each.replace('max: 9', 'max: 9, output: {keep_runs: 0}'))
    const first = await site.daemon()
    first.kill()
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(12_000)
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })
})

describe('what was started already', () => {
  test('a run that was prepared for a pending start is not started besides it', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(5)
    const start = {
      ...{ task: 'job', slot: Date.parse('2026-03-10T12:00:00Z') / 1000, trigger: 'retry' },
      ...{ attempt: 2, dueMs: site.clock.now() },
    }
    fs.writeFileSync(
      path.join(site.home, 'pending.json'),
      JSON.stringify({ timed: [{ start, atMs: site.clock.now() }] }),
    )
    const run = '20260310T120005.000-abcdef'
    const directory = path.join(site.home, 'runs', 'job', run)
    fs.mkdirSync(directory, { recursive: true })
    const description = { ...start, run, type: 'common', startedMs: site.clock.now() }
    const { bootId } = first.state.host.processes
    fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify({ ...description, bootId }))
    fs.writeFileSync(path.join(site.home, 'active', run), 'job')
    // It has a row already, as a run that is running: it must not be shown as running for ever.
    first.state.history.add(
      runRow(1, { run, task: 'job', outcome: 'running', startedAt: '2026-03-10T12:00:05Z' }),
    )
    expect(first.history()).toEqual(['job running'])

    const second = await site.daemon()
    second.seconds(1)
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([{ outcome: 'ok', attempt: 2, trigger: 'retry' }])
    expect(fs.existsSync(directory)).toBe(false)
  })

  test('a pending start whose run is over and on record is not started again', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(10)
    await first.runs('job', 0)
    const slot = Date.parse('2026-03-10T12:00:10Z') / 1000
    const start = { task: 'job', slot, trigger: 'schedule', attempt: 1, dueMs: slot * 1000 }
    expect(first.history()).toEqual(['job ok'])
    fs.writeFileSync(
      path.join(site.home, 'pending.json'),
      JSON.stringify({ timed: [{ start, atMs: site.clock.now() }] }),
    )
    const second = await site.daemon()
    second.seconds(1)
    await second.runs('job', 0)
    expect(second.history()).toEqual(['job ok'])
  })
})
