import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { makeFullFile } from '../support/disk.ts'
import { ask, linesOf, logged, logOf, maxTestMs } from '../support/daemon.ts'
import {
  expectStart,
  killDaemon,
  letGo,
  passed,
  reasonsOf,
  settled,
  started,
  survive,
  within,
} from './support.ts'

afterAll(closeSites)

/** Replaces something in the home by a directory. Returns what puts it back. */
function replaced(site: Site, name: string, make: (place: string) => void = fs.mkdirSync) {
  const place = path.join(site.home, name)
  const aside = path.join(site.folder, 'aside')
  if (fs.existsSync(place)) fs.renameSync(place, aside)
  make(place)
  return () => {
    fs.rmSync(place, { recursive: true })
    if (fs.existsSync(aside)) fs.renameSync(aside, place)
  }
}

function removed(site: Site, name: string): () => void {
  fs.rmSync(path.join(site.home, name), { recursive: true })
  return () => {}
}

describe.concurrent('a damaged home', { timeout: maxTestMs }, () => {
  test('the daemon survives a file in the place of the runs of a task', async () => {
    const after = await survive({
      strike: (site) =>
        replaced(site, 'runs/second', (place) => fs.writeFileSync(place, 'no folder')),
    })
    expect(reasonsOf(after)).toEqual(['ENOTDIR: not a directory, mkdir'])
    expect(after.told).toEqual([
      "could not remove half-made records of runs: ENOTDIR: not a directory, unlink 'HOME/runs/second/RUN'",
      'could remove half-made records of runs again',
    ])
  })

  test('the daemon survives the removal of all run folders', async () => {
    const after = await survive({ strike: (site) => removed(site, 'runs') })
    expect(reasonsOf(after)).toEqual([])
    expect(after.told).toEqual([])
  })

  test('the daemon survives a directory in the place of slots', async () => {
    const after = await survive({ strike: (site) => replaced(site, 'slots') })
    expect(reasonsOf(after)).toEqual([])
    expect(after.told).toEqual([
      "could not write slots: EISDIR: illegal operation on a directory, open 'HOME/slots'",
      'could write slots again',
    ])
  })

  test('the daemon starts although slots, loaded.json, boot and pending.json are directories', async () => {
    await within({}, async (site) => {
      for (const name of ['slots', 'loaded.json', 'boot', 'pending.json'])
        fs.mkdirSync(path.join(site.home, name), { recursive: true, mode: 0o700 })
      const pid = await started(site)
      await passed(3)
      const { told } = await settled(site, pid)
      expect(told.map((words) => words.replace(/:.*/, ''))).toEqual([
        'could not read slots',
        'could not read loaded.json',
        'could not note the boot of the machine',
        'could not write slots',
        'could not write loaded.json',
        'could not write pending.json',
      ])
    })
  })

  test('after active/ was removed and the daemon killed, the next daemon still finds the runs in progress', async () => {
    await within({}, async (site) => {
      const pid = await started(site)
      await ask(site, 'run', { task: 'held', force: true })
      await until(() => linesOf(site, 'held').length === 1, 'a run at work')
      removed(site, 'active')
      await expectStart(site)
      await passed(1)
      await ask(site, 'flush', {})
      await killDaemon(pid)
      removed(site, 'active')
      const next = await started(site)
      expect(
        logOf(site).filter(({ event, task }) => event === 'adopt' && task === 'held'),
      ).toHaveLength(1)
      letGo(site)
      await expectStart(site)
      const { told } = await settled(site, next, 1)
      expect(told).toEqual([])
    })
  })

  test('after torch.lock, the socket or the whole home was removed, no second daemon starts', async () => {
    await within({}, async (site) => {
      const pid = await started(site)
      const at = (name: string): string => path.join(site.home, name)
      const refused = async (): Promise<void> => {
        const { status, stderr } = await site.torch('start')
        expect({ status, stderr }).toMatchObject({
          status: 1,
          stderr: expect.stringMatching(/^torch: (a|another) torch daemon .*already runs on /),
        })
      }
      fs.rmSync(at('torch.lock'))
      await refused()
      await until(() => fs.existsSync(at('torch.lock')), 'the new lock')
      fs.rmSync(at('torch.lock'))
      fs.rmSync(at('torch.sock'))
      await until(() => fs.existsSync(at('torch.lock')), 'the new lock')
      await refused()
      await until(() => fs.existsSync(at('torch.sock')), 'the new socket')

      // The daemon may write into the home meanwhile; then the removal finds it not empty.
      await until(() => {
        try {
          fs.rmSync(site.home, { recursive: true })
          return true
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
          return false
        }
      }, 'the removal')
      const files = [
        'torch.lock',
        'torch.sock',
        'torch.pid',
        'loaded.json',
        'slots',
        'active',
        'runs',
      ]
      await until(() => files.every((name) => fs.existsSync(at(name))), 'the home', 30_000)
      expect(fs.statSync(site.home).mode & 0o777).toBe(0o700)
      await refused()
      expect((await ask(site, 'status', {})).daemon?.pid).toBe(pid)
      await expectStart(site)
    })
  })

  test('the daemon creates the log again after it was removed', async () => {
    const after = await survive({ strike: (site) => removed(site, 'daemon.log') })
    expect(after.log[0]).toMatchObject({
      event: 'reopen',
      msg: 'the log was removed; this is a new one',
    })
    expect(after.told).toEqual([])
  })

  test('the daemon keeps the old log file while a directory takes the place of the new one', async () => {
    await within({}, async (site) => {
      const pid = await started(site)
      const file = path.join(site.home, 'daemon.log')
      const old = path.join(site.home, 'daemon.log.1')
      fs.renameSync(file, old)
      fs.mkdirSync(file)
      process.kill(pid, 'SIGHUP')
      const why = /^cannot write the log: EISDIR.*; the old file stays in use$/
      await until(() => logOf(site, old).some(({ msg }) => why.test(msg)), 'a word of it')
      fs.rmdirSync(file)
      process.kill(pid, 'SIGHUP')
      await logged(site, 'the new log', ({ event }) => event === 'reopen')
      await expectStart(site)
      await settled(site, pid)
    })
  })

  test('the daemon starts although its log cannot be written, and counts the lost lines', async ({
    skip,
  }) => {
    await within({}, async (site) => {
      fs.mkdirSync(site.home, { mode: 0o700 })
      const file = path.join(site.home, 'daemon.log')
      if (!makeFullFile(file)) skip()
      const pid = await started(site)
      await until(() => linesOf(site, 'second').length >= 2, 'two starts')
      fs.rmSync(file)
      process.kill(pid, 'SIGHUP')
      await expectStart(site)
      const { log } = await settled(site, pid)
      expect(log[0]?.msg).toMatch(/^\d+ log lines could not be written$/)
    })
  })

  test('torch start fails and says why if the log is a directory', async () => {
    await within({}, async (site) => {
      fs.mkdirSync(path.join(site.home, 'daemon.log'), { recursive: true, mode: 0o700 })
      const { status, stderr } = await site.torch('start')
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr:
          `torch: cannot write the log: EISDIR: illegal operation on a directory, open '${site.home}/daemon.log'\n` +
          'hint: check that its directory exists and may be written\n',
      })
    })
  })
})
