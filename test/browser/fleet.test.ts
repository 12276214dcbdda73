import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  accessFaults,
  chromiumPath,
  needsChromium,
  phone,
  poll,
  type Visit,
  visit,
} from '../support/browser.ts'
import { ask, logOf, maxTestMs } from '../support/daemon.ts'
import { natsPrograms } from '../support/fleet/nats-server.ts'
import { strangerOn, type WatchedFleet, watchFleet } from '../support/fleet/watched-fleet.ts'

const shared = (command: string): string => `timezone: UTC
tasks:
  job: { schedule: "0 0 1 1 *", scope: fleet, max: unlimited, command: ${JSON.stringify(command)} }
`
const plain = `  plain: { type: manual, command: "echo begun; while [ ! -e end ]; do sleep 0.1; done; exit 4" }\n`
const machines = {
  web1: shared('echo done'),
  web2: shared('echo other') + plain,
  web3: shared('echo done'),
}

const evil = '"><img/src=x/onerror=attack()>'
const isMissing = chromiumPath === undefined || natsPrograms.length === 0

describe.skipIf(isMissing)(
  `the page of a machine in a fleet ${needsChromium}`,
  { timeout: maxTestMs },
  () => {
    let watched: WatchedFleet
    let seen: Visit

    beforeAll(async () => {
      watched = await watchFleet(natsPrograms.at(-1) ?? '', machines)
      seen = await visit(watched.browser, watched.server)
      await seen.page.addInitScript('window.attack = () => { window.isAttacked = true }')
    })
    afterAll(() => watched?.close())
    afterEach(async () => {
      expect(await seen.page.evaluate('window.isAttacked')).toBeUndefined()
      expect(seen.faults.splice(0)).toEqual([])
    })

    const table = () => seen.page.getByRole('region', { name: 'Machines' })
    const machine = (name: string) =>
      table().locator('tbody tr', { has: seen.page.locator(`a[title=${JSON.stringify(name)}]`) })
    const choice = () => seen.page.getByLabel('Machine', { exact: true })
    const rowOf = (name: string) =>
      seen.page.locator('.rows .row', {
        has: seen.page.locator(`a.name[title=${JSON.stringify(name)}]`),
      })
    const panel = () => seen.page.locator('.panel')
    const start = (host: string, task: string) => {
      const site = watched.sites[host]
      if (site === undefined) throw new Error(`no ${host}`)
      return ask(site, 'run', { task, force: false })
    }

    test('all machines are on the first screen, with who has other tasks, and nobody is left out', async () => {
      await table().getByText('3 machines up').waitFor()
      await machine('web2').getByText('up, drift').waitFor()
      await machine('web1').getByText('up', { exact: true }).waitFor()
      expect(await table().locator('.fleet-head').innerText()).toMatch(
        /fleet prod[^]*engine 127\.0\.0\.1:\d+ \(1 copy, 2\.\d+/,
      )
      expect(await choice().locator('option').allInnerTexts()).toEqual([
        ...['web1 (this machine)', 'all machines', 'web2', 'web3'],
      ])
      for (const colorScheme of ['light', 'dark'] as const) {
        await seen.page.emulateMedia({ colorScheme })
        expect(await accessFaults(seen.page)).toEqual([])
      }
    })

    test('another machine is chosen by the keyboard, has a task started, and shows its output as it comes', async () => {
      await choice().focus()
      for (let downs = 0; downs < 2; downs += 1) await seen.page.keyboard.press('ArrowDown')
      await rowOf('plain').waitFor()
      expect(new URL(seen.page.url()).search).toBe('?host=web2')
      await rowOf('plain').locator('a.name').click()
      await panel().getByRole('button', { name: 'Run now' }).click()
      await panel().getByRole('button', { name: 'Run plain on web2 now' }).click()
      const output = panel().getByRole('region', { name: 'Output' })
      await output.getByText('begun', { exact: true }).waitFor()
      await rowOf('plain')
        .getByText(/^running for/)
        .waitFor()
      watched.sites['web2']?.write('end', '')
      await rowOf('plain').getByText('failed 4').waitFor()
      await rowOf('plain').locator('.plot .mark-failed').waitFor({ state: 'attached' })
      await panel().getByRole('link', { name: 'Definition' }).click()
      await panel()
        .getByText(/while \[ ! -e end \]/)
        .waitFor()
      const { web2 } = watched.sites
      const told = web2 === undefined ? [] : logOf(web2).filter(({ event }) => event === 'action')
      expect(told).toMatchObject([{ by: '127.0.0.1 on the page of web1', task: 'plain' }])
    })

    test('all machines are one timeline, and each mark says which machine it is of', async () => {
      await table().getByRole('link', { name: 'fleet prod' }).click()
      expect(new URL(seen.page.url()).search).toBe('?host=*')
      await rowOf('plain@web2').getByText('failed 4 on web2').waitFor()
      await rowOf('job').getByText('has not run yet').waitFor()
      await start('web3', 'job')
      await rowOf('job').getByText('ok on web3').waitFor()
      const plot = rowOf('job').getByRole('slider')
      await expect
        .poll(() => plot.getAttribute('aria-valuetext'), poll)
        .toMatch(/^ok, \S+, on web3, /)
      await rowOf('job').locator('a.name').click()
      await panel().getByText('done', { exact: true }).waitFor()
      await panel().getByRole('link', { name: 'History' }).click()
      await panel().getByRole('cell', { name: 'web3', exact: true }).waitFor()
      await panel().getByRole('button', { name: 'Run now' }).click()
      await panel().getByRole('button', { name: 'Run job on one machine now' }).click()
      await panel()
        .getByText(/^started /)
        .waitFor()
      await panel().getByRole('link', { name: 'History' }).click()
      await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(2)
      expect(await accessFaults(seen.page)).toEqual([])
      await seen.page.keyboard.press('Escape')
      await seen.page.goBack()
    })

    test('names that a stranger says in the fleet are text', async () => {
      const stranger = await strangerOn(watched)
      const row = (task: string) => ({
        ...{ run: '20260310T120000.000-0a1b2c', task, slot: null, outcome: 'failed', exitCode: 1 },
        ...{ startedAt: new Date(Date.now() - 60_000).toISOString(), durationMs: 1000 },
        ...{ endedAt: new Date().toISOString(), reason: evil, revision: evil, signal: evil },
      })
      const beat = {
        ...{ v: 1, host: evil, session: 's', torch: evil, tz: evil, running: 1, places: [evil] },
        file: { revision: evil, committedMs: 1e300, hash: evil },
        ...{ offsetMs: 0.5, isDraining: false, facts: { names: [evil], addresses: [] } },
      }
      stranger.answer('ask.all', () => ({
        v: 1,
        host: evil,
        value: { report: { tasks: [{ name: evil, running: 7 }] } },
      }))
      stranger.answer(`ask.${evil}`, ({ kind }) => ({
        ...{ v: 1, host: evil },
        value:
          kind === 'history'
            ? { rows: [row(evil), 5], more: null }
            : {
                report: {
                  tasks: [
                    {
                      name: evil,
                      description: evil,
                      labels: { [evil]: evil },
                      here: true,
                      last: row(evil),
                    },
                  ],
                  trouble: [{ message: evil, since: evil }],
                },
                drift: [{ task: evil, kind: evil }],
                beat,
                more: null,
              },
      }))
      stranger.say(`hb.${evil}`, { kind: 'heartbeat', beat })
      stranger.say('row.evil.x', row(evil))
      await seen.go('?host=*')
      await machine(evil).waitFor()
      await rowOf(`${evil}@evil`).waitFor()
      stranger.say(`hb.${evil}`, { kind: 'heartbeat', beat })
      await seen.go(`?host=${encodeURIComponent(evil)}`)
      await rowOf(evil).locator('a.name').click()
      await panel().getByRole('heading', { name: evil }).waitFor()
      expect(await seen.page.locator('img, [onerror], [onload]').count()).toBe(0)
      await stranger.close()
      await seen.go('')
    })

    test('a machine that is killed is silent, and is shown by what it left', async () => {
      process.kill(watched.sites['web3']?.pid() ?? 0, 'SIGKILL')
      await machine('web3')
        .getByText(/silent \d+s$/)
        .waitFor()
      await machine('web3').getByRole('link').click()
      await seen.page.getByText('web3 does not answer.').waitFor()
      await rowOf('job').getByText('ok', { exact: true }).waitFor()
      await rowOf('job').locator('a.name').click()
      await panel()
        .getByText(/The output is on its machine, and can be read when that is up/)
        .waitFor()
      await seen.page.setViewportSize(phone)
      await seen.go('?host=web3')
      await machine('web3')
        .getByText(/silent/)
        .waitFor()
      const wide = 'document.documentElement.scrollWidth - innerWidth'
      expect(await seen.page.evaluate(wide)).toBe(0)
      expect(await accessFaults(seen.page)).toEqual([])
    })

    test('servers that are gone are said in words, and the page is right again when they are back', async () => {
      await seen.go('?host=*')
      await rowOf('job').waitFor()
      await watched.nats.crash()
      await table()
        .getByText(/The engine is not reachable since .* This is what web1 knows/)
        .waitFor()
      await rowOf('job').waitFor()
      await watched.nats.start()
      await table()
        .getByText(/engine 127\.0\.0\.1:\d+/)
        .waitFor()
      await machine('web2').getByText(/up/).waitFor()
    })
  },
)
