import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { runsToEnd } from '../../src/daemon/stop.ts'
import { thisMachine } from '../../src/host/host.ts'
import { newSite } from '../support/daemon-here.ts'
import { until } from '../support/until.ts'

/** A task that is due once, a second after the daemon starts, and a daemon task. */
const yaml = (common: string) => `
tasks:
  job: {schedule: "1 0 12 * * *", command: ${common}, kill_after: 3s}
  keep: {type: daemon, command: exec sleep 60}
`

type Site = ReturnType<typeof newSite>

/** Moves the clock until the daemon has stopped. */
async function over(site: Site, { ended }: Awaited<ReturnType<Site['daemon']>>): Promise<void> {
  let isOver = false
  void ended?.then(() => (isOver = true))
  await until(() => {
    site.clock.advance(20)
    return isOver
  }, 'the stop')
}

/** A daemon whose runs have all reached their commands. */
async function busyDaemon(site: Site) {
  const daemon = await site.daemon()
  daemon.seconds(1)
  await daemon.begun('job')
  await daemon.begun('keep')
  return daemon
}

describe('a stop', () => {
  test('a stop ends daemon tasks at once, gives all other runs their grace, then sends TERM', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await busyDaemon(site)
    await daemon.stop(5000)
    await daemon.runs('keep', 0)
    site.clock.advance(4_900)
    expect(daemon.running('job')).toHaveLength(1)
    await over(site, daemon)
    expect(daemon.history()).toEqual(['keep killed stop', 'job killed stop'])
  })

  test('a stop continues if it cannot look at a run for a while', async () => {
    const site = newSite(yaml("trap '' TERM; sleep 60"))
    const { files } = thisMachine()
    let isBlind = false
    const readText = (file: string) => {
      if (isBlind && file.endsWith('/command'))
        throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
      return files.readText(file)
    }
    const daemon = await site.daemon({ files: { ...files, readText } })
    daemon.seconds(1)
    await daemon.begun('job')
    isBlind = true
    await daemon.stop(0)
    daemon.seconds(10)
    expect(daemon.running('job')).toHaveLength(1)
    isBlind = false
    await over(site, daemon)
    expect(daemon.running('job')).toHaveLength(0)
  })

  test('a run that fails during a stop is not retried, and the skip is on record', async () => {
    const waiting = (folder: string) =>
      `tasks: {job: {schedule: "*/30 * * * * *", command: "until test -e go; do sleep 0.01; done; false", cwd: ${folder}, retry: {attempts: 3}}}`
    const site = newSite(waiting(os.tmpdir()))
    const daemon = await site.daemon()
    await daemon.edit(waiting(site.folder))
    daemon.seconds(30)
    await daemon.begun('job')
    await daemon.stop(3_600_000)
    fs.writeFileSync(path.join(site.folder, 'go'), '')
    await over(site, daemon)
    const rows = daemon.rows().map(({ outcome, reason, attempt }) => [outcome, reason, attempt])
    expect(rows.toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1))).toEqual([
      ['failed', null, 1],
      ['skipped', 'draining', 2],
    ])
  })

  test('a second request to stop ends the grace', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await busyDaemon(site)
    await daemon.stop(3_600_000)
    await daemon.stop(null)
    site.clock.advance(1000)
    await over(site, daemon)
    expect(daemon.history()).toContain('job killed stop')
  })

  test('a run that ignores TERM gets KILL after its kill_after', async () => {
    const site = newSite(yaml(`"trap '' TERM; while :; do sleep 1; done"`))
    const daemon = await busyDaemon(site)
    await daemon.stop(0)
    await over(site, daemon)
    const rows = daemon.rows().filter((row) => row.task === 'job')
    expect(rows).toMatchObject([{ outcome: 'killed', reason: 'stop' }])
  })

  test('a run that only waits for room for its status holds a stop up for some seconds, and is left', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await busyDaemon(site)
    const [job] = daemon.state.runs.of('job')
    const command = path.join(job?.directory ?? '', 'command')
    // With another start time, the command counts as gone.
    const noted = fs.readFileSync(command, 'utf8').split(' ')
    fs.writeFileSync(command, noted.with(21, '1').join(' '))
    await daemon.stop(0)
    await over(site, daemon)
    expect(daemon.history()).toEqual(['keep killed stop', 'job running'])
  })

  test('nothing starts during a stop, and each skip is on record', async () => {
    const site = newSite(yaml('exec sleep 60').replace('"1 0 12', '"1,2 0 12'))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.stop(60_000)
    daemon.seconds(2)
    await daemon.runs('keep', 0)
    await over(site, daemon)
    expect(daemon.history()).toEqual([
      'keep killed stop',
      'job skipped draining',
      'job skipped draining',
    ])
  })

  test('a stop skips pending starts, and the reason is on record', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "1,2 0 12 * * *", command: exec sleep 60, overlap: queue}}',
    )
    const daemon = await site.daemon()
    daemon.seconds(2)
    await daemon.stop(0)
    await over(site, daemon)
    expect(daemon.history().toSorted()).toEqual(['job killed stop', 'job skipped draining'])
  })

  test('a stop with --leave is over at once and leaves every run running', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await busyDaemon(site)
    await daemon.stop(null, true)
    expect(await daemon.ended).toEqual({ kind: 'stopped' })
    expect(daemon.history()).toEqual(['keep running', 'job running'])
  })

  test('a stop that is changed to --leave leaves the runs that did not get TERM', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await busyDaemon(site)
    await daemon.stop(60_000)
    await daemon.stop(null, true)
    site.clock.advance(1_000)
    await daemon.ended
    expect(daemon.running('job')).toHaveLength(1)
    expect(daemon.history()).toContain('job running')
  })
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
