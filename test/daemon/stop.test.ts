import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeStop, runsToEnd } from '../../src/daemon/stop.ts'
import { newSite, until } from './support.ts'

const yaml = (common: string) => `
tasks:
  job: {schedule: "* * * * * *", command: ${common}, kill_after: 3s}
  keep: {type: daemon, command: exec sleep 60}
`

/** Moves the clock until the stop is over. */
async function over(site: ReturnType<typeof newSite>, done: Promise<void>): Promise<void> {
  let isDone = false
  void done.then(() => (isDone = true))
  await until(() => {
    site.clock.advance(20)
    return isDone
  }, 'the stop')
}

describe('a stop', () => {
  test('ends daemon runs at once, gives the others their grace, then TERM', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.begun('job')
    await daemon.begun('keep')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 5000, leave: false })
    await daemon.runs('keep', 0)
    site.clock.advance(4_900)
    expect(daemon.running('job')).toHaveLength(1)
    await over(site, stop.done())
    expect(daemon.history()).toEqual(['keep killed stop', 'job killed stop'])
  })

  test('a run that fails meanwhile is not tried again, which is on record', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "*/30 * * * * *", command: "until test -e go; do sleep 0.01; done; false", cwd: FOLDER, retry: {attempts: 3}}}'.replace(
        'FOLDER',
        os.tmpdir(),
      ),
    )
    const daemon = await site.daemon()
    await daemon.edit(fs.readFileSync(site.tasks, 'utf8').replace(os.tmpdir(), site.folder))
    daemon.seconds(30)
    await daemon.begun('job')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 3_600_000, leave: false })
    fs.writeFileSync(path.join(site.folder, 'go'), '')
    await over(site, stop.done())
    const rows = daemon.rows().map(({ outcome, reason, attempt }) => [outcome, reason, attempt])
    expect(rows.toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))).toEqual([
      ['failed', null, 1],
      ['skipped', 'draining', 2],
    ])
  })

  test('a second request ends the grace', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.begun('job')
    await daemon.begun('keep')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 3_600_000, leave: false })
    stop.ask({ graceMs: null, leave: false })
    site.clock.advance(1000)
    await over(site, stop.done())
    expect(daemon.history()).toContain('job killed stop')
  })

  test('KILL comes after kill_after, also to what ignores TERM', async () => {
    const site = newSite(yaml(`"trap '' TERM; while :; do sleep 1; done"`))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.begun('job')
    await daemon.begun('keep')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 0, leave: false })
    await over(site, stop.done())
    const rows = daemon.rows().filter((row) => row.task === 'job')
    expect(rows).toMatchObject([{ outcome: 'killed', reason: 'stop' }])
  })

  test('nothing new starts meanwhile, and that is on record', async () => {
    const site = newSite(yaml('exec sleep 60').replace('kill_after: 3s', 'max: 9'))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 60_000, leave: false })
    daemon.seconds(2)
    await daemon.runs('keep', 0)
    site.clock.advance(10_000)
    expect(daemon.history()).toEqual([
      'keep killed stop',
      'job skipped draining',
      'job skipped draining',
    ])
    await stop.done()
  })

  test('what waits or is timed is dropped, with the reason', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", command: exec sleep 60, overlap: queue}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(2)
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: 0, leave: false })
    await over(site, stop.done())
    expect(daemon.history().toSorted()).toEqual(['job killed stop', 'job skipped draining'])
  })

  test('with --leave is over at once and touches nothing', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.begun('job')
    await daemon.begun('keep')
    const stop = makeStop(daemon.torch)
    stop.ask({ graceMs: null, leave: true })
    await stop.done()
    expect(daemon.history()).toEqual(['keep running', 'job running'])
  })
})

test('a stop that is changed into --leave leaves what was not told to end', async () => {
  const site = newSite(yaml('exec sleep 60'))
  const daemon = await site.daemon()
  daemon.seconds(1)
  await daemon.begun('job')
  const stop = makeStop(daemon.torch)
  stop.ask({ graceMs: 60_000, leave: false })
  stop.ask({ graceMs: null, leave: true })
  site.clock.advance(1_000)
  await stop.done()
  expect(daemon.running('job')).toHaveLength(1)
  expect(daemon.history()).toContain('job running')
})

test('a stop ends runs of daemon tasks at once and all others after the grace, and no run twice', () => {
  const runs = [
    { run: 'c', type: 'common', ending: false },
    { run: 'd', type: 'daemon', ending: false },
    { run: 'e', type: 'common', ending: true },
    { run: 'f', type: 'daemon', ending: true },
  ] as const
  expect(runsToEnd(runs, false)).toEqual(['d'])
  expect(runsToEnd(runs, true)).toEqual(['c', 'd'])
})
