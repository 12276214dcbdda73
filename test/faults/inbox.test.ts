import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fillDisk, mayMount, mountDisk } from '../support/disk.ts'
import { maxTestMs } from '../support/daemon.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { killDaemon, started } from './support.ts'

afterAll(closeSites)

const tasks = 'tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}'

/** Every file of the inbox of the task with its content. */
function filesOf({ home }: Site): string[] {
  const folder = path.join(home, 'inbox/job')
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = path.join(parentPath, name)
      return `${path.relative(folder, file)} ${fs.readFileSync(file, 'utf8')}`
    })
    .toSorted()
}

/** Gives the last bytes of a disk free that fillDisk() filled. */
function free({ home }: Site, bytes: number): void {
  const ballast = path.join(home, 'ballast')
  fs.truncateSync(ballast, fs.statSync(ballast).size - bytes)
}

/** Sends what needs more room than there is. Nothing of it may stay, and all else must be as before. */
async function expectRefused(site: Site): Promise<void> {
  const before = filesOf(site)
  const many = Array.from({ length: 20 }, (_, at) => String(at))
  for (const words of [['x'.repeat(60_000)], many]) {
    const { status, stdout, stderr } = await site.torch('send', 'job', ...words)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('messages for job cannot be written: ENOSPC: no space left on device')
    expect(stderr).toContain('hint: check the disk of')
    expect(filesOf(site)).toEqual(before)
  }
}

// Skipped if a tmpfs cannot be mounted: without root, and in most containers.
describe.skipIf(!mayMount())('messages on a full disk', { timeout: maxTestMs }, () => {
  test('a message that finds no room is refused and leaves nothing, with and without a daemon', async () => {
    const site = newSite(tasks)
    const unmount = mountDisk(site.home, 'size=3m,mode=0700')
    try {
      const pid = await started(site)
      await site.torch('send', 'job', 'one')
      const makeRoom = fillDisk(site.home)
      free(site, 16_384)
      await expectRefused(site)
      await killDaemon(pid)
      await expectRefused(site)
      makeRoom()
      expect((await site.torch('send', 'job', 'two')).status).toBe(0)
      expect(filesOf(site)).toEqual([
        expect.stringMatching(/^new\/\S+ .*\none$/s),
        expect.stringMatching(/^new\/\S+ .*\ntwo$/s),
      ])
    } finally {
      unmount()
    }
  })
})
