import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { statusOfTask } from '../../../src/daemon/control/daemon-status.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

describe('a daemon task', () => {
  const yaml = (command: string, more = '') =>
    `tasks: {keep: {type: daemon, max: 2, command: ${command}, restart: {delay: 2s}${more}}}`

  test('a daemon task is kept at max: what ends is started again, after a longer delay each time', async () => {
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

  test('a status counts the restarts in a row, through a restart of torch, and shows the next one', async () => {
    const site = newSite(
      yaml('"test -e go || exit 0; exec sleep 60"').replace('max: 2', 'cwd: "."'),
    )
    const status = ({ state }: Awaited<ReturnType<typeof site.daemon>>) =>
      statusOfTask(state, 'keep').tasks[0]
    const first = await site.daemon()
    await first.runs('keep', 0)
    expect(status(first)).toMatchObject({
      counts: { restarts: 1, failures: 0 },
      nextRestart: new Date(site.clock.now() + 2_000).toISOString(),
    })
    site.clock.advance(2_000)
    await first.runs('keep', 0)
    expect(status(first)).toMatchObject({ counts: { restarts: 2 } })
    fs.writeFileSync(path.join(site.folder, 'go'), '')
    site.clock.advance(10)
    const second = await site.daemon()
    expect(status(second)).toMatchObject({ counts: { restarts: 2 } })
    site.clock.advance(4_000)
    await second.runs('keep', 1)
    expect(status(second)).toMatchObject({ counts: { restarts: 2 }, nextRestart: null })
    // It has lasted for its reset_after.
    site.clock.advance(60_000)
    expect(status(second)).toMatchObject({ counts: { restarts: 0 } })
  })

  test('the instances of a changed daemon task are replaced one by one', async () => {
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

  test('the instances of a removed daemon task are ended', async () => {
    const site = newSite(yaml('exec sleep 60'))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.edit('tasks: {}')
    await daemon.runs('keep', 0)
    site.clock.advance(60_000)
    expect(daemon.history()).toEqual(['keep killed removed', 'keep killed removed'])
  })

  test('a daemon task gets more instances, or fewer, when its max changes', async () => {
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
