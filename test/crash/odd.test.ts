import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { logOf } from '../support/daemon.ts'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  activeOf,
  begun,
  historyOf,
  killed,
  linesOf,
  readIfThere,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

/** Most commands wait for the file `go`, so that all of them are in progress when the daemon is killed. */
const odd = `
tasks:
  away: { schedule: "@yearly", command: "setsid sh -c 'echo $$ >FOLDER/away; exec sleep 600' & GO; until [ -s FOLDER/away ]; do sleep 0.05; done; exit 3" }
  deaf: { schedule: "@yearly", timeout: 300ms, kill_after: 300ms, command: "trap '' TERM; sleep 600; sleep 600" }
  suicide: { schedule: "@yearly", command: "echo a; GO; kill 0; sleep 600" }
  holder: { schedule: "@yearly", command: "sleep 600 & echo $! >FOLDER/holder; GO; echo done; exit 4" }
  removed: { schedule: "@yearly", command: "echo a; GO; rm -r $(dirname $(readlink /proc/self/fd/1)); echo b; exit 5" }
  unread: { schedule: "@yearly", command: "echo a; GO; rm $(readlink /proc/self/fd/1); echo b; exit 6" }
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
`.replaceAll('GO', 'until [ -e FOLDER/go ]; do sleep 0.05; done')

const names = ['away', 'deaf', 'suicide', 'holder', 'removed', 'unread'] as const

function isCollector(pid: number): boolean {
  const variables = readIfThere(`/proc/${pid}/environ`).split('\0')
  return variables.some((each) => each.startsWith('TORCH_COLLECTOR='))
}

describe.concurrent.each([
  ['under its daemon', false],
  ['adopted after a crash of its daemon', true],
])('an odd command, %s', { timeout: 120_000 }, (where, crashes) => {
  let site: Site
  let rows: HistoryRow[]
  const rowOf = (task: (typeof names)[number]) => rows.filter((row) => row.task === task)
  /** The processes that are left after the daemon was stopped. */
  let left: number[]

  beforeAll(async () => {
    site = siteOf(odd)
    const { pid } = await up(site)
    for (const task of names) await begun(site, task)
    if (crashes) {
      await killed(pid)
      await up(site)
    }
    site.write('go', '')
    await until(
      async () => {
        rows = await historyOf(site)
        return names.every((task) => rowOf(task).some(({ outcome }) => outcome !== 'running'))
      },
      'the end of all runs',
      30_000,
    )
    const before = linesOf(site, 'second').length
    await until(() => linesOf(site, 'second').length > before, 'the next second')
    await stopped(site)
    // As long as they hold the pipe, there are collectors.
    left = site.living().filter((each) => !isCollector(each))
  }, 60_000)

  test(`a process that left the group of a run (${where}) is not signalled when the run ends`, () => {
    expect(rowOf('away')).toMatchObject([{ outcome: 'failed', exitCode: 3 }])
    expect(left).toContain(Number(linesOf(site, 'away')[0]))
  })

  test(`a run that ignores TERM (${where}) is killed with its whole group at its timeout`, () => {
    const end = { outcome: 'timeout', reason: 'timeout', signal: 'SIGKILL' }
    expect(rowOf('deaf')).toMatchObject([end])
  })

  test(`a run that kills its own group (${where}) is recorded with the signal`, () => {
    const end = { outcome: 'killed', signal: 'SIGTERM', reason: 'not by torch' }
    expect(rowOf('suicide')).toMatchObject([end])
  })

  test(`a run whose child holds the output open (${where}) ends with its command, and the child is counted`, () => {
    expect(rowOf('holder')).toMatchObject([{ outcome: 'failed', exitCode: 4 }])
    expect(
      logOf(site).find(({ task, event }) => task === 'holder' && event === 'end'),
    ).toMatchObject({ stragglers: 1 })
    expect(left).toContain(Number(linesOf(site, 'holder')[0]))
  })

  test(`a run that removes its own directory (${where}) gets no invented status`, () => {
    // A daemon that is the parent of the recorder has the status from it directly.
    const [row] = rowOf('removed')
    expect(['failed 5', 'unknown null']).toContain(`${row?.outcome} ${row?.exitCode}`)
  })

  test(`a run that removes its own output (${where}) is recorded with its exit code`, () => {
    expect(rowOf('unread')).toMatchObject([{ outcome: 'failed', exitCode: 6 }])
  })

  test(`odd commands (${where}) leave only processes that left their run, and no entry in active/`, () => {
    const expected = ['away', 'holder'].map((name) => Number(linesOf(site, name)[0]))
    expect(new Set(left)).toEqual(new Set(expected))
    expect(activeOf(site)).toEqual([])
  })
})
