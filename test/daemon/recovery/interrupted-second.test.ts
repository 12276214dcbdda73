import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runRow } from '../../record/support.ts'
import { newSite } from '../support.ts'

const each = 'tasks: {job: {schedule: "*/10 * * * * *", command: exit 0, max: 9}}'

type Site = ReturnType<typeof newSite>

/** As a daemon leaves it that is killed between the second on disk and the first start in it. */
function killedIn(site: Site, iso: string): void {
  const second = String(Date.parse(iso) / 1000).padStart(12, '0')
  fs.writeFileSync(path.join(site.home, 'slots'), `${second} ${second}\n`)
}

describe('a second that is on disk as done, and was not', () => {
  test('is done by the next daemon, once', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(5)
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(7000)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([
      { outcome: 'ok', slot: '2026-03-10T12:00:10Z', trigger: 'schedule', lateMs: 2000 },
    ])
    killedIn(site, '2026-03-10T12:00:10Z')
    const third = await site.daemon()
    expect(third.history()).toEqual(['job ok'])
  })

  test('also where the next one begins in that very second', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(9)
    site.clock.advance(1000)
    killedIn(site, '2026-03-10T12:00:10Z')
    const second = await site.daemon()
    await second.runs('job', 0)
    second.seconds(5)
    expect(second.history()).toEqual(['job ok'])
  })

  test('counts among the missed, where that is long ago', async () => {
    const site = newSite(each)
    await site.daemon()
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    expect(second.rows()).toMatchObject([
      { outcome: 'missed', slot: '2026-03-10T12:00:10Z', count: 359 },
    ])
  })

  test('is left alone where its record is gone by the rules, and it may have been done', async () => {
    const site = newSite(each.replace('max: 9', 'max: 9, output: {keep_runs: 0}'))
    await site.daemon()
    killedIn(site, '2026-03-10T12:00:10Z')
    site.clock.advance(12_000)
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })
})

describe('a run that was prepared and never started', () => {
  test('is not started besides the pending start that it was of', async () => {
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
    const { bootId } = first.torch.host.processes
    fs.writeFileSync(path.join(directory, 'run.json'), JSON.stringify({ ...description, bootId }))
    fs.writeFileSync(path.join(site.home, 'active', run), 'job')
    // It had its row already, as one that is on its way: it must not run for ever.
    first.torch.history.add(
      runRow(1, { run, task: 'job', outcome: 'running', startedAt: '2026-03-10T12:00:05Z' }),
    )
    expect(first.history()).toEqual(['job running'])

    const second = await site.daemon()
    second.seconds(1)
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([{ outcome: 'ok', attempt: 2, trigger: 'retry' }])
    expect(fs.existsSync(directory)).toBe(false)
  })

  test('nor is a pending start whose run is over and on record', async () => {
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
