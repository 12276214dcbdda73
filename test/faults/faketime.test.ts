import fs from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { historyOf, linesOf, logOf } from '../support/daemon.ts'

vi.setConfig({ testTimeout: 120_000 })
afterAll(closeSites)

/** From Debian's package faketime: the variant for programs with threads. */
const library = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
].find((file) => fs.existsSync(file))

/** Half a day from now, so that it is not due at any time that the clock shows. */
const hour = (new Date().getUTCHours() + 12) % 24
const tasks = `tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: 'echo $TORCH_SLOT >>$HOME/second' }
  daily: { schedule: "0 30 ${hour} * * *", catchup: latest, catchup_window: 30d, command: 'echo $TORCH_SLOT >>$HOME/daily' }
`

/** Moves the clock of everything that runs with the library: it reads this file at each call. */
function setClock(site: Site, offset: string): void {
  const file = `${site.folder}/clock`
  fs.writeFileSync(`${file}.new`, `${offset}\n`)
  fs.renameSync(`${file}.new`, file)
}

describe('the clock of a real daemon', () => {
  test('a real daemon continues after its clock moves ahead two days, back two hours and back a day', async ({
    skip,
  }) => {
    if (library === undefined) skip('libfaketime is not here: apt-get install faketime')
    const site = newSite(tasks)
    setClock(site, '+0d')
    const env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: `${site.folder}/clock`,
      FAKETIME_NO_CACHE: '1',
      // Timers use real time, as they do when a person sets the clock.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
    expect(await site.torchWith({ env }, 'start')).toMatchObject({ status: 0 })
    const pid = site.pid()
    const seconds = () => linesOf(site, 'second').map((line) => Date.parse(line))
    const last = () => seconds().at(-1) ?? 0
    const isNear = (time: number) => Math.abs(last() - time) < 20_000
    await until(() => linesOf(site, 'second').length > 1, 'the second slot')

    const hours = 3_600_000
    for (const [offset, away] of [
      ['+2d', 48 * hours],
      ['+46h', 46 * hours],
      ['+22h', 22 * hours],
      ['+0d', 0],
    ] as const) {
      setClock(site, offset)
      await until(() => isNear(Date.now() + away), `a slot at ${offset}`)
      const count = seconds().length
      await until(() => seconds().length > count + 1, `more at ${offset}`)
    }

    expect(site.pid()).toBe(pid)
    const steps = logOf(site).filter(({ event }) => event === 'clock')
    expect(steps.map(({ msg }) => msg.replaceAll(/\d+/g, 'N'))).toEqual([
      'no tick for N s: the machine stalled or slept, or its clock was set ahead',
      'the clock was set back by N s; fixed-time slots are not repeated',
      'the clock was set back by N s; taken as a new time',
      'the clock was set back by N s; taken as a new time',
    ])
    expect((await site.torch('stop')).status).toBe(0)
    const rows = await historyOf(site)
    expect(
      rows.filter(({ task, trigger }) => task === 'daily' && trigger === 'catchup'),
    ).toHaveLength(1)
    expect(linesOf(site, 'daily')).toHaveLength(1)
    const [miss] = rows.filter(({ task, outcome }) => task === 'second' && outcome === 'missed')
    expect(miss?.count).toBeGreaterThan(2 * 86_400 - 60)
  })
})
