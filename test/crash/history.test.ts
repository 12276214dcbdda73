import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { logOf } from '../support/daemon.ts'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  ask,
  begun,
  endsOf,
  historyOf,
  killed,
  readIfThere,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

const tasks = `
tasks:
  good: { schedule: "@yearly", max: unlimited, command: "true" }
  bad: { schedule: "@yearly", max: unlimited, command: "exit 3" }
  long: { schedule: "@yearly", command: "while [ ! -e FOLDER/go ]; do sleep 0.1; done; exit 4" }
`

const damages: [string, (file: string) => void][] = [
  ['removed', (file) => remove(file, '', '-wal', '-shm')],
  ['emptied', (file) => fs.truncateSync(file)],
  [
    'overwritten',
    (file) => {
      remove(file, '-wal', '-shm')
      fs.writeFileSync(file, 'this is no database, but long enough to be one '.repeat(99))
    },
  ],
  ['damaged in the middle', (file) => damage(file)],
]

function remove(file: string, ...suffixes: string[]): void {
  for (const suffix of suffixes) fs.rmSync(file + suffix, { force: true })
}

function damage(file: string): void {
  const descriptor = fs.openSync(file, 'r+')
  fs.writeSync(descriptor, Buffer.alloc(3000, 'x'), 0, 3000, 50)
  fs.closeSync(descriptor)
  remove(file, '-wal', '-shm')
}

/** Makes three runs that have ended, and one that is running. */
async function lived(site: Site): Promise<void> {
  for (const task of ['good', 'bad', 'good']) {
    const directory = await begun(site, task)
    await until(
      () => readIfThere(path.join(directory, 'outcome.json')) !== '',
      `the end of ${task}`,
    )
  }
  await begun(site, 'long')
  await ask(site, 'flush', {})
}

async function expectComplete(site: Site): Promise<void> {
  site.write('go', '')
  await until(
    async () => endsOf(await historyOf(site), 'long')[0] === 'failed 4',
    'the end of long',
  )
  await stopped(site)
  const rows = await historyOf(site)
  expect(endsOf(rows, 'good')).toEqual(['ok 0', 'ok 0'])
  expect(endsOf(rows, 'bad')).toEqual(['failed 3'])
  expect(endsOf(rows, 'long')).toEqual(['failed 4'])
}

describe.concurrent.each(damages)(
  'the file of the history was %s',
  { timeout: 120_000 },
  (name, spoil) => {
    test('a history that was damaged while no daemon ran is complete again after the start, and the log says so', async () => {
      const site = siteOf(tasks)
      const { pid } = await up(site)
      await lived(site)
      await killed(pid)
      spoil(path.join(site.home, 'history.db'))
      await up(site)
      await expectComplete(site)
      const words = logOf(site).map(({ event, msg }) => `${event} ${msg}`)
      expect(words.filter((line) => line.startsWith('rebuilt'))).toHaveLength(1)
      const aside = fs
        .readdirSync(site.home)
        .filter((file) => /^history\.db\.(damaged|foreign|newer)-\w+$/.test(file))
      expect(aside.length).toBe(['overwritten', 'damaged in the middle'].includes(name) ? 1 : 0)
    })

    test('a history that was damaged under a running daemon is complete again after the next start', async () => {
      const site = siteOf(tasks)
      const { pid } = await up(site)
      await lived(site)
      spoil(path.join(site.home, 'history.db'))
      // The daemon continues to work and to write.
      await begun(site, 'good')
      await ask(site, 'flush', {})
      await killed(pid)
      await up(site)
      site.write('go', '')
      await until(
        async () => endsOf(await historyOf(site), 'long')[0] === 'failed 4',
        'the end of long',
      )
      await stopped(site)
      const rows = await historyOf(site)
      expect(endsOf(rows, 'good')).toEqual(['ok 0', 'ok 0', 'ok 0'])
      expect(endsOf(rows, 'bad')).toEqual(['failed 3'])
    })
  },
)
