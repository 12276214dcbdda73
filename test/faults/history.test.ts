import fs from 'node:fs'
import path from 'node:path'
import Database from 'libsql'
import { afterAll, describe, expect, test } from 'vitest'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { linesOf, maxTestMs } from '../support/daemon.ts'
import { expectStart, killDaemon, passed, settled, started, survive, within } from './support.ts'

// Overwritten bytes and a removed file are tested in test/crash/history.test.ts.
afterAll(closeSites)

function fileOf(site: Site): string {
  return path.join(site.home, 'history.db')
}

/** Another program holds the database locked. */
function locked(site: Site): () => void {
  const other = new Database(fileOf(site))
  other.exec('BEGIN EXCLUSIVE')
  return () => {
    other.exec('COMMIT')
    other.close()
  }
}

describe.concurrent('a history', { timeout: maxTestMs }, () => {
  test('history rows wait while another program locks the history for long', async () => {
    const { told } = await survive({ lasts: 5, strike: locked })
    expect(told).toEqual([
      'the history cannot be written, its rows wait: database is locked',
      'the history is being written again',
    ])
  })

  test('history rows wait while a directory takes the place of the history', async () => {
    const { told } = await survive({
      strike(site) {
        const files = ['', '-wal', '-shm'].map((suffix) => fileOf(site) + suffix)
        for (const file of files) if (fs.existsSync(file)) fs.renameSync(file, `${file}.away`)
        fs.mkdirSync(fileOf(site))
        return () => {
          fs.rmdirSync(fileOf(site))
          for (const file of files)
            if (fs.existsSync(`${file}.away`)) fs.renameSync(`${file}.away`, file)
        }
      },
    })
    expect(told).toEqual([
      "the history cannot be written, its rows wait: EISDIR: illegal operation on a directory, open 'HOME/history.db'",
      'the history is being written again',
    ])
  })

  const saved = 'history.db-wal was removed; its rows are saved'
  const spoils: [string, (file: string) => void, string[]][] = [
    ['a history whose -wal is removed', (file) => fs.rmSync(`${file}-wal`), [saved]],
    [
      'a history whose -shm is junk',
      (file) => fs.writeFileSync(`${file}-shm`, 'x'.repeat(32_768)),
      [],
    ],
    ['a history whose -shm is unreadable', (file) => fs.chmodSync(`${file}-shm`, 0), []],
    ['a history that is cut to its first page', (file) => fs.truncateSync(file, 4096), []],
  ]
  test.each(spoils)(
    '%s does not stop the daemon nor, after a kill, the next one',
    async (_, spoil, words) => {
      await within({}, async (site) => {
        const pid = await started(site)
        await until(() => linesOf(site, 'second').length >= 2, 'two starts')
        await passed(1)
        spoil(fileOf(site))
        await passed(3)
        await killDaemon(pid)
        const next = await started(site)
        await expectStart(site)
        const { told } = await settled(site, next)
        expect(told).toEqual(words)
      })
    },
  )
})
