import fs from 'node:fs'
import path from 'node:path'
import type { CDPSession } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  chromiumPath,
  needsChromium,
  poll,
  type Visit,
  visit,
  type Watched,
  watch,
} from '../support/browser.ts'
import { ask, historyOf, logged, maxTestMs, renameOver, startDaemon } from '../support/daemon.ts'
import { newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { startWebServer } from '../support/web-server.ts'

const isMissing = chromiumPath === undefined

/** How long a page stays open in the test of its memory. An hour is for a machine that does nothing else. */
const pageMinutes = Number(process.env['TORCH_TEST_PAGE_MINUTES'] ?? 0.3)

const numberedLines = 400
/** Tasks whose end the tests decide, one that prints as it goes, and, in its group, some that change all the time. */
const tasks = `tasks:
  held: { type: manual, command: "while [ ! -e end-held ]; do sleep 0.05; done" }
  other: { type: manual, command: "exit 4" }
  third: { type: manual, command: "true", labels: { team: "blue" } }
  counting:
    type: manual
    command: "i=0; while [ $i -lt ${numberedLines} ]; do i=$((i + 1)); echo line $i; sleep 0.02; done; until [ -e end-counting ]; do sleep 0.05; done; echo last line"
`
const many = `  many: { type: manual, command: "seq 100000" }\n`
const churn = `  beat-a: { schedule: "* * * * * *", command: "echo beat" }
  beat-b: { schedule: "* * * * * *", command: "sleep 0.4; exit 1" }
`

describe.skipIf(isMissing)(
  `a page that stays open ${needsChromium}`,
  { timeout: maxTestMs + pageMinutes * 60_000 },
  () => {
    let watched: Watched
    let seen: Visit

    beforeAll(async () => {
      watched = await watch(newSite(tasks), ['--actions'])
      seen = await visit(watched.browser, watched.server)
      // A reload of the page would take this away.
      await seen.page.evaluate('window.isSamePage = true')
    })
    afterAll(() => watched?.close())
    afterEach(async () => {
      expect(await seen.page.evaluate('window.isSamePage')).toBe(true)
      expect(seen.faults.splice(0)).toEqual([])
    })

    const rowOf = (name: string) =>
      seen.page.locator('.rows .row', { has: seen.page.locator(`a.name[title="${name}"]`) })
    const panel = () => seen.page.locator('.panel')
    const focused = () => seen.page.evaluate<string>('document.activeElement?.textContent')
    const run = (task: string) => ask(watched.site, 'run', { task, force: false })

    test('a run appears, and ends, without a reload', async () => {
      await seen.page.locator('.now-line').getByText('live', { exact: true }).waitFor()
      await run('held')
      await rowOf('held')
        .getByText(/^running for \d/)
        .waitFor()
      watched.site.write('end-held', '')
      await rowOf('held').getByText('ok', { exact: true }).waitFor()
      await rowOf('held').locator('.plot .mark-ok').waitFor({ state: 'attached' })
      await run('other')
      await rowOf('other').getByText('failed 4').waitFor()
      await seen.page.getByText('1 task fails').waitFor()
    })

    test('the filter keeps its focus and its text while the list changes', async () => {
      const box = seen.page.locator('#filter')
      await seen.page.keyboard.press('/')
      await seen.page.keyboard.type('th')
      await run('third')
      await rowOf('third').getByText('ok', { exact: true }).waitFor()
      await seen.page.keyboard.type('ird')
      expect(await box.inputValue()).toBe('third')
      expect(await seen.page.evaluate('document.activeElement?.id')).toBe('filter')
      expect(await seen.page.locator('.rows a.name').allInnerTexts()).toEqual(['third'])
      await box.fill('team=b')
      await expect
        .poll(() => seen.page.locator('.rows a.name').allInnerTexts(), poll)
        .toEqual(['third'])
      await seen.page.keyboard.press('Escape')
      expect(await box.inputValue()).toBe('')
      await seen.page.keyboard.press('Escape')
      await expect.poll(() => seen.page.locator('.rows a.name').count(), poll).toBe(4)
    })

    test('keys go through the rows, open, show the output, close, and help', async () => {
      const { keyboard } = seen.page
      await seen.page.getByRole('button', { name: 'Task', exact: true }).click()
      await seen.page.locator('.now-line h1').click()
      await keyboard.press('j')
      await keyboard.press('j')
      const [first, second] = await seen.page.locator('.rows a.name').allInnerTexts()
      await expect.poll(focused, poll).toBe(second)
      await keyboard.press('k')
      await expect.poll(focused, poll).toBe(first)
      await keyboard.press('Enter')
      await panel()
        .getByRole('heading', { name: String(first) })
        .waitFor()
      await keyboard.press('j')
      await panel()
        .getByRole('heading', { name: String(second) })
        .waitFor()
      await panel().getByRole('link', { name: 'History' }).click()
      await keyboard.press('l')
      await expect
        .poll(() => panel().locator('[aria-current=page]').innerText(), poll)
        .toBe('Output')
      await keyboard.press('?')
      await seen.page.getByRole('dialog', { name: 'Help' }).waitFor()
      await keyboard.press('Escape')
      await seen.page.getByRole('dialog').waitFor({ state: 'detached' })
      await panel().waitFor()
      // A mark that comes under the mouse would be closed first.
      await seen.page.mouse.move(0, 0)
      await keyboard.press('Escape')
      await panel().waitFor({ state: 'detached' })
      await expect.poll(focused, poll).toBe(second)
    })

    test('a person starts a run and ends it, and the log says from where', async () => {
      fs.rmSync(path.join(watched.site.folder, 'end-held'))
      await rowOf('held').locator('a.name').click()
      await panel().getByRole('button', { name: 'Run now' }).click()
      await panel().getByRole('button', { name: 'Run held now' }).click()
      await panel()
        .getByText(/running, new output/)
        .waitFor()
      await panel().getByRole('button', { name: 'Kill', exact: true }).click()
      await panel().getByRole('button', { name: 'Kill 1 run' }).click()
      await rowOf('held')
        .getByText(/^killed SIGTERM/)
        .waitFor()
      const log = fs.readFileSync(path.join(watched.site.home, 'daemon.log'), 'utf8')
      const actions = log
        .split('\n')
        .filter((line) => line.includes('"event":"action"'))
        .map((line) => JSON.parse(line) as { by: string; msg: string })
      expect(actions).toMatchObject([
        { by: '127.0.0.1', task: 'held', msg: '127.0.0.1 starts held' },
        {
          by: '127.0.0.1',
          task: 'held',
          msg: expect.stringMatching(/^127\.0\.0\.1 ends the run \S+ of held$/),
        },
      ])
      await seen.page.keyboard.press('Escape')
    })

    test('a refused file is on the page with its problems, and leaves it when it is fixed', async () => {
      const broken = '  broken: { schedule: "61 * * * *", command: "true" }\n'
      renameOver(watched.site, `${tasks}${broken}  also: { type: manual, command: "true" }\n`)
      const strip = seen.page.locator('.strip', { hasText: 'The tasks file is refused: 1 problem' })
      await strip.waitFor()
      await seen.page.locator('.verdict', { hasText: 'The tasks file is refused' }).waitFor()
      await strip.getByRole('button', { name: 'Show' }).click()
      await strip.getByText(/tasks\.yaml:8:13/).waitFor()
      expect(await strip.innerText()).toMatch(/61/)
      const change = seen.page.locator('.strip', { hasText: 'differs from the loaded one' })
      await change.getByRole('button', { name: 'Show what would change' }).click()
      expect(await change.locator('pre').innerText()).toMatch(/^1 task added\n[^]*\+ also\n/)
      renameOver(watched.site, `${tasks}  added: { type: manual, command: "true" }\n`)
      await strip.waitFor({ state: 'detached' })
      await change.waitFor({ state: 'detached' })
      await rowOf('added').waitFor()
      renameOver(watched.site, tasks)
      await rowOf('added').waitFor({ state: 'detached' })
    })

    test('the page says that the daemon was killed, shows the next one, and loses no line of output', async () => {
      const { run: id } = await run('counting')
      await seen.page.locator('a.name[title="counting"]').click()
      const output = panel().getByRole('region', { name: 'Output' })
      await output.getByText('line 20', { exact: true }).waitFor()
      await pauseAndFollow()
      process.kill(watched.site.pid() ?? 0, 'SIGKILL')
      await seen.page.getByText('No daemon runs, so nothing starts.').waitFor()
      await startDaemon(watched.site)
      await seen.page.getByText('No daemon runs, so nothing starts.').waitFor({ state: 'detached' })
      watched.site.write('end-counting', '')
      await panel()
        .getByText(`${numberedLines + 1} lines`)
        .waitFor()
      await output.getByText('last line', { exact: true }).waitFor()
      await rowOf('counting').getByText('ok', { exact: true }).waitFor()
      expect(await allLines()).toEqual([
        ...Array.from({ length: numberedLines }, (_, at) => `line ${at + 1}`),
        'last line',
      ])
      const rows = await historyOf(watched.site)
      expect(rows.filter((row) => row.run === id)).toMatchObject([{ outcome: 'ok' }])
      await seen.page.keyboard.press('Escape')
    })

    /** After Pause the output grows but does not move; after Follow its end is in view again. */
    async function pauseAndFollow(): Promise<void> {
      const box = (what: string) =>
        seen.page.evaluate<number>(`document.querySelector('.lines').${what}`)
      await expect.poll(() => box('scrollTop'), poll).toBeGreaterThan(200)
      await panel().getByRole('button', { name: 'Pause', exact: true }).click()
      const [top, height] = [await box('scrollTop'), await box('scrollHeight')]
      await expect.poll(() => box('scrollHeight'), poll).toBeGreaterThan(height + 200)
      expect(await box('scrollTop')).toBe(top)
      await panel().getByRole('button', { name: 'Follow' }).click()
      await expect.poll(() => box('scrollTop'), poll).toBeGreaterThan(top + 100)
    }

    /** Scrolls through the output of the panel and collects its lines. */
    function allLines(): Promise<string[]> {
      return seen.page.evaluate<string[]>(`(async () => {
        const box = document.querySelector('.lines')
        const found = new Map()
        for (let top = 0; ; top += box.clientHeight) {
          box.scrollTop = top
          await new Promise((resolve) => setTimeout(resolve, 50))
          for (const line of box.querySelectorAll('.line'))
            found.set(Math.round(line.getBoundingClientRect().top + box.scrollTop), line.textContent.trim())
          if (top >= box.scrollHeight) break
        }
        return [...found].sort(([a], [b]) => a - b).map(([, text]) => text)
      })()`)
    }

    test('a long output is in the document only as far as it is in view, and is saved whole', async () => {
      renameOver(watched.site, tasks + many)
      await rowOf('many').waitFor()
      await run('many')
      await rowOf('many').locator('a.name').click()
      await panel()
        .getByText(/^\d+ lines, the last /)
        .waitFor()
      // What is before that comes when somebody goes there.
      await seen.page.evaluate(`document.querySelector('.lines').scrollTop = 0`)
      await panel()
        .getByText(/^100000 lines/)
        .waitFor()
      const output = panel().getByRole('region', { name: 'Output' })
      const wrap = panel().getByRole('button', { name: 'Wrap' })
      for (const isWrapped of ['true', 'false']) {
        await wrap.click()
        expect(await wrap.getAttribute('aria-pressed')).toBe(isWrapped)
        for (const [place, line] of [
          ['0', '1'],
          ['1e9', '100000'],
        ]) {
          await seen.page.evaluate(`document.querySelector('.lines').scrollTop = ${place}`)
          await output.getByText(line ?? '', { exact: true }).waitFor()
          expect(await output.locator('.line').count()).toBeLessThan(200)
        }
      }
      const saving = seen.page.waitForEvent('download')
      await panel().getByRole('link', { name: 'Download' }).click()
      const saved = fs.readFileSync(await (await saving).path(), 'utf8')
      expect(saved).toBe(Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`).join(''))
      await seen.page.keyboard.press('Escape')
      renameOver(watched.site, tasks)
      await rowOf('many').waitFor({ state: 'detached' })
    })

    test('nothing moves while a person selects text, and all of it is right afterwards', async () => {
      const words = rowOf('other').locator('.cell-state .words').first()
      expect(await words.innerText()).toBe('failed 4')
      await seen.page.evaluate(
        `getSelection().selectAllChildren(document.querySelector('a.name[title="other"]'))`,
      )
      await seen.page.getByText('paused while you select').waitFor()
      const clock = await seen.page.locator('.clock').innerText()
      // Another page shows what this one has heard too.
      const other = await visit(watched.browser, watched.server)
      await run('other')
      await other.page.getByText('exit 4, 2 runs in a row').waitFor()
      await other.close()
      expect(await words.innerText()).toBe('failed 4')
      expect(await seen.page.locator('.clock').innerText()).toBe(clock)
      await seen.page.evaluate('getSelection().removeAllRanges()')
      await expect.poll(() => words.innerText(), poll).toBe('exit 4, 2 runs in a row')
    })

    test('the page says that torch web is gone, and is right again when it is back', async () => {
      const { port } = watched.server
      await watched.server.close()
      await seen.page.getByText(/The connection is lost/).waitFor()
      await ask(watched.site, 'run', { task: 'third', force: false })
      const server = await startWebServer(watched.site, ['--actions'], port)
      watched = { ...watched, server }
      await seen.page.getByText(/The connection is lost/).waitFor({ state: 'detached' })
      // What happened meanwhile is in no update.
      const recent = rowOf('third').locator('.recent')
      await expect.poll(() => recent.getAttribute('aria-label'), poll).toBe('Last 2 runs: 0 failed')
      await run('other')
      await rowOf('other').getByText('exit 4, 3 runs in a row').waitFor()
    })

    test('the memory of the page stays flat while much happens', async () => {
      renameOver(watched.site, tasks + churn)
      await rowOf('beat-b')
        .getByText(/[5-9] runs in a row/)
        .waitFor()
      await rowOf('beat-a').locator('a.name').click()
      const debug = await seen.context.newCDPSession(seen.page)
      await debug.send('Performance.enable')
      const before = await memoryOf(debug)
      const end = Date.now() + pageMinutes * 60_000
      const lines = () => fs.readFileSync(path.join(watched.site.home, 'daemon.log'), 'utf8')
      await until(() => Date.now() > end, 'the end of the time', pageMinutes * 60_000 + 60_000)
      const after = await memoryOf(debug)
      await rowOf('beat-b')
        .getByText(/\d+ runs in a row/)
        .waitFor({ state: 'visible' })
      expect(lines()).toContain('beat-a')
      expect(after.nodes - before.nodes).toBeLessThan(3_000)
      expect(after.listeners - before.listeners).toBeLessThan(200)
      expect(after.heapBytes - before.heapBytes).toBeLessThan(4_000_000)
      await logged(watched.site, 'a beat', ({ task }) => task === 'beat-a')
    })
  },
)

/** What a page holds after its garbage is collected. */
async function memoryOf(debug: CDPSession) {
  await debug.send('HeapProfiler.collectGarbage')
  const { metrics } = await debug.send('Performance.getMetrics')
  const value = (name: string): number => metrics.find((each) => each.name === name)?.value ?? 0
  return {
    heapBytes: value('JSHeapUsedSize'),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
  }
}
