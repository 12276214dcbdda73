import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fillDisk, makeReadOnly, mayMount, takeInodes } from '../support/disk.ts'
import { closeSites } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, linesOf, maxTestMs, readIfThere } from '../support/daemon.ts'
import {
  expectStart,
  killDaemon,
  letGo,
  reasonsOf,
  settled,
  started,
  survive,
  within,
} from './support.ts'

afterAll(closeSites)

const outcomes = 'write outcomes of runs'
const refused = 'EROFS: read-only file system'

// Skipped if a tmpfs cannot be mounted: without root, and in most containers.
describe.skipIf(!mayMount()).concurrent('a home on a bad disk', { timeout: maxTestMs }, () => {
  test('the daemon survives a full disk', async () => {
    const after = await survive({
      disk: 'size=3m,mode=0700',
      strike: (site) => fillDisk(site.home),
    })
    // The last bytes may be enough for the daemon's part of a start but not for the recorder's.
    const reasons = [
      'ENOSPC: no space left on device, write',
      'the recorder could not write into the run directory',
      'the recorder could not start the command: the machine has no process or memory left',
    ]
    expect(reasons).toEqual(expect.arrayContaining(reasonsOf(after)))
    expect(reasonsOf(after)).not.toEqual([])
    expect(after.told).toContain('the history is being written again')
  })

  test('the daemon survives a disk that fills up while 50 runs are in progress', async () => {
    const after = await survive({
      disk: 'size=6m,mode=0700',
      held: 50,
      strike: (site) => fillDisk(site.home),
    })
    expect(after.told).toContain(`could ${outcomes} again`)
    expect(after.told).toContain('the history is being written again')
    const lost = after.log.filter(({ event }) => event === 'lost').map(({ msg }) => msg)
    expect(lost).toEqual([expect.stringMatching(/^\d+ log lines could not be written$/)])
  })

  test('if the daemon is killed while the disk is full, the recorder writes the status, for which it has room', async () => {
    await within({ disk: 'size=3m,mode=0700' }, async (site) => {
      const pid = await started(site)
      const { directory } = await ask(site, 'run', { task: 'held', force: true })
      await until(() => linesOf(site, 'held').length === 1, 'a run at work')
      const makeRoom = fillDisk(site.home)
      await killDaemon(pid)
      letGo(site)
      await until(() => readIfThere(path.join(directory, 'exit')).startsWith('7\n'), 'the status')
      makeRoom()
      const next = await started(site)
      await expectStart(site)
      await settled(site, next, 1)
    })
  })

  test('the daemon survives a disk without free inodes', async () => {
    const after = await survive({
      disk: 'size=20m,nr_inodes=900,mode=0700',
      held: 20,
      strike: (site) => takeInodes(site.home),
    })
    expect(reasonsOf(after).join()).toMatch(/^ENOSPC: no space left on device, (open|mkdir)$/)
    expect(after.told).toEqual([
      `could not ${outcomes}: ENOSPC: no space left on device, open 'HOME/runs/held/RUN/outcome.json'`,
      `could ${outcomes} again`,
    ])
  })

  test('the daemon survives a disk that becomes read-only', async () => {
    const after = await survive({
      disk: 'size=20m,mode=0700',
      held: 20,
      strike: (site) => makeReadOnly(site.home),
    })
    expect(reasonsOf(after)).toEqual(['EROFS: read-only file system, open'])
    expect(after.told.toSorted()).toEqual([
      `could not remove entries in active: ${refused}, unlink 'HOME/active/RUN'`,
      `could not ${outcomes}: ${refused}, open 'HOME/runs/held/RUN/outcome.json'`,
      `could not write slots: ${refused}, open 'HOME/slots'`,
      'could remove entries in active again',
      `could ${outcomes} again`,
      'could write slots again',
    ])
  })
})
