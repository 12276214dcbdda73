import { afterAll, describe, expect, test } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { logOf } from '../system/support.ts'
import { closeSites, isAlive, type Site, until } from '../support/torch.ts'
import { activeOf, begun, historyOf, killed, linesOf, siteOf, stopped, up } from './support.ts'

afterAll(closeSites)

/** Odd commands. Each is started by hand; in half of the tests its daemon is killed. */
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

describe.concurrent.each([
  ['under the daemon that started it', false],
  ['under the next daemon after a crash', true],
])('an odd command %s', { timeout: 60_000 }, (_, crashes) => {
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

  test('a command that leaves its process group ends, and the process that left is not touched', async () => {
    const { site, row } = await fate('away')
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 3 })
    const pid = Number(linesOf(site, 'away')[0])
    await stopped(site)
    expect(isAlive(pid)).toBe(true)
    expect(site.living()).toEqual([pid])
  })

  test('a command that ignores TERM is killed with its whole group', async () => {
    const { site, row } = await fate('deaf')
    expect(row).toMatchObject({ outcome: 'timeout', reason: 'timeout', signal: 'SIGKILL' })
    await stopped(site)
    expect(site.living()).toEqual([])
  })

  test('a command that kills its own group is on record with the signal', async () => {
    const { site, row } = await fate('suicide')
    expect(row).toMatchObject({ outcome: 'killed', signal: 'SIGTERM', reason: 'not by torch' })
    await stopped(site)
    expect(site.living()).toEqual([])
  })

  test('a run ends with its command even if a child keeps the output open, and the child is counted', async () => {
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

  test('a command that removes its own directory gets no invented status, and the daemon continues', async () => {
    const { site, row } = await fate('removed')
    // The daemon that started it has the status from the recorder itself.
    expect(['failed 5', 'unknown null']).toContain(`${row.outcome} ${row.exitCode}`)
    const before = linesOf(site, 'second').length
    await until(() => linesOf(site, 'second').length > before, 'the next second')
    await stopped(site)
    expect(activeOf(site)).toEqual([])
  })

  test('a command that removes its own output keeps its outcome', async () => {
    const { site, row } = await fate('unread')
    expect(row).toMatchObject({ outcome: 'failed', exitCode: 6 })
    await stopped(site)
    expect(activeOf(site)).toEqual([])
  })
})
