import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { HistoryRow } from '../../src/plan/outcome.ts'
import { logOf } from '../system/support.ts'
import { closeSites, isAlive, type Site, until } from '../support/torch.ts'
import {
  activeOf,
  begun,
  gone,
  historyOf,
  killed,
  linesOf,
  readIfThere,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

/** Each of them by hand, and a daemon that is killed beneath it half of the time. */
const odd = `
tasks:
  away: { schedule: "@yearly", command: "setsid sh -c 'echo $$ >FOLDER/away; exec sleep 600' & until [ -s FOLDER/away ]; do sleep 0.05; done; exit 3" }
  deaf: { schedule: "@yearly", timeout: 300ms, kill_after: 300ms, command: "trap '' TERM; sleep 600; sleep 600" }
  suicide: { schedule: "@yearly", command: "echo a; kill 0; sleep 600" }
  holder: { schedule: "@yearly", command: "sleep 600 & echo $! >FOLDER/holder; echo done; exit 4" }
  removed: { schedule: "@yearly", command: "echo a; rm -r $(dirname $(readlink /proc/self/fd/1)); echo b; exit 5" }
  unread: { schedule: "@yearly", command: "echo a; rm $(readlink /proc/self/fd/1); echo b; exit 6" }
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
`

async function ended(site: Site, task: string): Promise<HistoryRow> {
  const isIt = (row: HistoryRow) => row.task === task && row.outcome !== 'running'
  return until(async () => (await historyOf(site)).find(isIt), `the end of ${task}`, 30_000)
}

function troublesOf(site: Site): string[] {
  return logOf(site)
    .filter(({ event }) => event === 'trouble')
    .map(({ msg }) => msg)
}

describe.concurrent.each([
  ['its daemon watches', false],
  ['a daemon after a crash watches', true],
])('an odd command that %s:', { timeout: 60_000 }, (_, crashes) => {
  async function fate(task: string): Promise<{ site: Site; row: HistoryRow }> {
    const site = siteOf(odd)
    const { pid } = await up(site)
    await begun(site, task)
    if (crashes) {
      await killed(pid)
      await up(site)
    }
    return { site, row: await ended(site, task) }
  }

  test('one that leaves its group ends, and what left is not touched', async () => {
    const { site, row } = await fate('away')
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 3 })
    const pid = Number(linesOf(site, 'away')[0])
    await stopped(site)
    expect(isAlive(pid)).toBe(true)
    expect(site.living()).toEqual([pid])
  })

  test('one that is deaf to TERM is killed, with all its group', async () => {
    const { site, row } = await fate('deaf')
    expect(row).toMatchObject({ outcome: 'timeout', reason: 'timeout', signal: 'SIGKILL' })
    await stopped(site)
    expect(site.living()).toEqual([])
  })

  test('one that kills its group is on record with its signal', async () => {
    const { site, row } = await fate('suicide')
    expect(row).toMatchObject({ outcome: 'killed', signal: 'SIGTERM', reason: 'not by torch' })
    await stopped(site)
    expect(site.living()).toEqual([])
  })

  test('one whose child holds the output ends with the command; the child is counted', async () => {
    const { site, row } = await fate('holder')
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 4 })
    expect(
      logOf(site).find(({ task, event }) => task === 'holder' && event === 'end'),
    ).toMatchObject({
      stragglers: 1,
    })
    const child = Number(linesOf(site, 'holder')[0])
    await stopped(site)
    expect(site.living()).toEqual([child])
  })

  test('one that removes its own directory: nobody makes up its status, and all goes on', async () => {
    const { site, row } = await fate('removed')
    // A daemon that is its parent has the status from the recorder itself.
    expect(['failed 5', 'unknown null', 'spawn-failed null']).toContain(
      `${row.outcome} ${row.exitCode}`,
    )
    const before = linesOf(site, 'second').length
    await until(() => linesOf(site, 'second').length > before, 'the next second')
    await stopped(site)
    expect(activeOf(site)).toEqual([])
  })

  test('one that removes its own output ends as it did', async () => {
    const { site, row } = await fate('unread')
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 6 })
    await stopped(site)
    expect(activeOf(site)).toEqual([])
  })
})

/** A disk of its own, of two megabytes; undefined where this machine does not let us have one. */
function smallDisk(folder: string): (() => void) | undefined {
  fs.mkdirSync(folder, { recursive: true })
  const options = ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'torch-test', folder]
  if (process.getuid?.() !== 0 || spawnSync('mount', options).status !== 0) return undefined
  return () => void execFileSync('umount', ['-l', folder])
}

const probe = fs.mkdtempSync('/tmp/torch-disk-')
const release = smallDisk(probe)
release?.()
fs.rmSync(probe, { recursive: true })

// Skipped where a tmpfs cannot be mounted: without root, and in most containers.
describe.skipIf(release === undefined)('a full disk', { timeout: 60_000 }, () => {
  const fills = `
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
  greedy: { schedule: "@yearly", command: "yes | head -c 20000000; read x <FOLDER/gate; exit 9" }
`
  test('is survived and told of once; when there is room again all ends are on record', async () => {
    const site = siteOf(fills)
    const unmount = smallDisk(site.home)
    execFileSync('mkfifo', [path.join(site.folder, 'gate')])
    try {
      const { pid } = await up(site)
      const directory = await begun(site, 'greedy')
      await until(() => isFull(site), 'a full disk', 30_000)
      fs.appendFileSync(path.join(site.folder, 'gate'), 'go\n')
      await until(() => spawnSync('sleep', ['2.5']).status === 0, 'some seconds')
      expect(isAlive(pid)).toBe(true)
      fs.truncateSync(path.join(directory, 'output'), 1000)
      expect(await ended(site, 'greedy')).toMatchObject({ outcome: 'failed', exitCode: 9 })
      const before = linesOf(site, 'second').length
      await until(() => linesOf(site, 'second').length > before, 'the next second')
      const told = troublesOf(site)
      expect(told.length, told.join('\n')).toBeLessThan(20)
      await stopped(site)
      expect(activeOf(site)).toEqual([])
      const rows = await historyOf(site)
      expect(rows.filter(({ outcome }) => outcome === 'running' || outcome === 'unknown')).toEqual(
        [],
      )
    } finally {
      await until(
        () => site.living().map((pid) => process.kill(pid, 'SIGKILL')).length === 0,
        'ends',
      )
      unmount?.()
    }
  })

  test('under a run whose daemon is killed: the recorder waits for room with the status', async () => {
    const site = siteOf(fills)
    const unmount = smallDisk(site.home)
    execFileSync('mkfifo', [path.join(site.folder, 'gate')])
    try {
      const { pid } = await up(site)
      const directory = await begun(site, 'greedy')
      await until(() => isFull(site), 'a full disk', 30_000)
      await killed(pid)
      fs.appendFileSync(path.join(site.folder, 'gate'), 'go\n')
      fs.truncateSync(path.join(directory, 'output'), 1000)
      await until(() => readIfThere(path.join(directory, 'exit')) === '9\n', 'the status')
      await up(site)
      expect(await ended(site, 'greedy')).toMatchObject({ outcome: 'failed', exitCode: 9 })
      await stopped(site)
      await gone(pid)
    } finally {
      await until(
        () => site.living().map((pid) => process.kill(pid, 'SIGKILL')).length === 0,
        'ends',
      )
      unmount?.()
    }
  })
})

function isFull(site: Site): boolean {
  const { bavail } = fs.statfsSync(site.home)
  return bavail === 0
}
