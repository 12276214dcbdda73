import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  accessFaults,
  chromiumPath,
  needsChromium,
  phone,
  poll,
  type Visit,
  visit,
  type Watched,
  watch,
} from '../support/browser.ts'
import { ask, maxTestMs } from '../support/daemon.ts'
import { until } from '../support/until.ts'
import { newWall } from '../support/wall.ts'
import { jsonOf } from '../support/web-server.ts'

const isMissing = chromiumPath === undefined

describe.skipIf(isMissing)(`the page ${needsChromium}`, { timeout: maxTestMs }, () => {
  let watched: Watched
  let seen: Visit

  beforeAll(async () => {
    watched = await watch(newWall())
    await ask(watched.site, 'run', { task: 'sync-warehouse', force: false })
    await ask(watched.site, 'run', { task: 'deploy-docs', force: false })
    seen = await visit(watched.browser, watched.server)
  })
  afterAll(() => watched?.close())
  afterEach(() => {
    expect(seen.faults.splice(0)).toEqual([])
  })

  const rowOf = (name: string) => seen.page.locator('.rows .row', { has: nameOf(name) })
  const nameOf = (name: string) => seen.page.locator(`a.name[title="${name}"]`)
  const panel = () => seen.page.locator('.panel')

  test('the link with the token sets a cookie and leaves no token in the address', async () => {
    expect(seen.page.url()).toBe(watched.server.address)
    const [cookie] = await seen.context.cookies()
    expect(cookie).toMatchObject({
      value: watched.server.token,
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
    })
    expect(await seen.page.evaluate('document.cookie')).toBe('')
  })

  test('the now line says which host and file, what runs, and what a person must look at', async () => {
    const line = seen.page.locator('.now-line')
    await line.getByText(/^up \d/).waitFor()
    // The daemon has just started.
    await expect.poll(() => line.innerText(), { timeout: 10_000 }).toMatch(/running\s+3/)
    const text = await line.innerText()
    expect(text).toMatch(/1 task fails/)
    expect(text).toMatch(/6 failed/)
    expect(text).toMatch(/missed/)
    expect(text).toMatch(/skipped/)
    expect(await line.locator('code').innerText()).toMatch(/^[0-9a-f]{7}/)
    await expect.poll(() => seen.page.title(), poll).toMatch(/^1 task fails/)
  })

  test('a machine that is in no fleet loads nothing of one', async () => {
    const loaded: string[] = []
    const note = (request: { url(): string }): void =>
      void loaded.push(new URL(request.url()).pathname)
    seen.page.on('request', note)
    await seen.go('')
    await seen.page.locator('.now-line').getByText('live', { exact: true }).waitFor()
    seen.page.off('request', note)
    expect(loaded.filter((path) => path.includes('machines'))).toEqual([])
    const status = await jsonOf<object>(watched.server, '/api/status')
    expect(status).not.toHaveProperty('fleet')
    expect(status).not.toHaveProperty('home')
  })

  test('a double click on Older asks for the next rows once', async () => {
    await seen.go('?task=resize-images&tab=history')
    const rows = panel().locator('tbody tr')
    await expect.poll(() => rows.count(), poll).toBe(100)
    const asked: string[] = []
    const note = (request: { url(): string }): void => {
      if (/history.*before=/.test(request.url())) asked.push(request.url())
    }
    seen.page.on('request', note)
    await panel().getByRole('button', { name: 'Older' }).dblclick()
    await expect.poll(() => rows.count(), poll).toBe(200)
    seen.page.off('request', note)
    expect(asked).toHaveLength(1)
    await seen.go('')
  })

  test('the timeline shows ends by shape, planned starts, missed slots and density', async () => {
    const marks = (name: string, kind: string) => rowOf(name).locator(`.plot .mark-${kind}`)
    await marks('mirror-packages', 'failed').waitFor({ state: 'attached' })
    await marks('mirror-packages', 'ok').waitFor({ state: 'attached' })
    await marks('mirror-packages', 'planned').waitFor({ state: 'attached' })
    await marks('mirror-packages', 'missed').waitFor({ state: 'attached' })
    await marks('resize-images', 'skipped').waitFor({ state: 'attached' })
    await marks('sync-warehouse', 'running').waitFor({ state: 'attached' })
    await marks('poll-payments', 'dense').waitFor({ state: 'attached' })
    expect(await marks('poll-payments', 'ok').count()).toBe(0)
  })

  test('the words of a run come by mouse and by keys', async () => {
    const plot = rowOf('mirror-packages').locator('.plot')
    const tip = seen.page.locator('.tooltip')
    await seen.page.keyboard.press('Tab')
    await plot.focus()
    await seen.page.keyboard.press('ArrowLeft')
    await tip.getByText(/^failed 3/).waitFor()
    expect(await plot.getAttribute('aria-valuetext')).toMatch(/^failed 3, \d.*revision [0-9a-f]{7}/)
    await seen.page.keyboard.press('Escape')
    await tip.waitFor({ state: 'detached' })
    const box = await plot.boundingBox()
    if (box === null) throw new Error('the plot is not in view')
    await seen.page.mouse.move(box.x + box.width / 2 - 30, box.y + box.height / 2)
    await tip.getByText(/\d\d:\d\d:\d\d/).waitFor()
    await seen.page.mouse.move(0, 0)
    await tip.waitFor({ state: 'detached' })
  })

  test('a row says its schedule in words and as written, what comes, and how long it usually takes', async () => {
    await expect
      .poll(() => rowOf('check-certificates').innerText(), poll)
      .toMatch(/17 minutes past/i)
    expect(await rowOf('check-certificates').innerText()).toMatch(/17 \* \* \* \*\s+UTC/)
    expect(await rowOf('check-certificates').innerText()).toMatch(/next in \d/)
    expect(await rowOf('sync-warehouse').innerText()).toMatch(/\[[#-]+\] [\dms]+ of usually \dm/)
    expect(await rowOf('sync-warehouse').innerText()).toMatch(/p50 \dm.*p95 \dm/)
    expect(await rowOf('mirror-packages').innerText()).toMatch(/exit 3, 4 runs in a row/)
    expect(await rowOf('replicate-db').innerText()).toMatch(/host/)
    expect(await rowOf('queue-worker').innerText()).toMatch(/always runs/)
    const recent = rowOf('send-reports').locator('.recent')
    await expect
      .poll(() => recent.getAttribute('aria-label'), poll)
      .toMatch(/^Last \d+ runs: 0 failed/)
  })

  test('a run that fails is the first of the list, by urgency', async () => {
    expect(await seen.page.locator('.rows a.name').first().innerText()).toBe('mirror-packages')
    await seen.page.getByRole('button', { name: 'Task', exact: true }).click()
    expect(await seen.page.locator('.rows a.name').first().innerText()).toBe('check-certificates')
    await seen.page.getByRole('button', { name: 'State, by urgency' }).click()
  })

  test('the panel shows the output of a run in its colours, and finds text in it', async () => {
    await nameOf('deploy-docs').click()
    const output = panel().getByRole('region', { name: 'Output' })
    await output.getByText('done, 25 files').waitFor()
    expect(await output.locator('.fore-2', { hasText: 'done' }).count()).toBe(1)
    await panel().getByLabel('Search in the output').fill('links have')
    await panel().getByText('1 of 1').waitFor()
    await output.locator('mark', { hasText: 'links have' }).waitFor()
    await panel().getByLabel('Search in the output').fill('')
    expect(await output.innerText()).not.toContain('[36m')
  })

  test('a run has an address of its own, which survives a reload', async () => {
    await nameOf('mirror-packages').click()
    await panel().getByRole('link', { name: 'History' }).click()
    await panel().getByLabel('Outcome').selectOption('failed')
    await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(4)
    await seen.page.locator('#filter').fill('mirror')
    // Playwright hears of a new address a moment after the page has set it.
    await expect.poll(() => seen.page.url(), poll).toMatch(/[?&]q=mirror/)
    const url = seen.page.url()
    expect(url).toMatch(/[?&]task=mirror-packages.*tab=history.*only=failed/)
    await seen.page.reload()
    await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(4)
    expect(seen.page.url()).toBe(url)
    expect(await seen.page.locator('#filter').inputValue()).toBe('mirror')
    expect(await seen.page.locator('.rows a.name').allInnerTexts()).toEqual(['mirror-packages'])
    await panel().locator('tbody a').first().click()
    await panel().getByText('failed 3').first().waitFor()
    await expect.poll(() => seen.page.url(), poll).toMatch(/[?&]run=\d{8}T/)
    await seen.page.goBack()
    await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(4)
    await seen.go('')
  })

  test('the numbers of the last day list these rows, at an address of their own', async () => {
    await seen.page.locator('.now-line').getByRole('link', { name: '6 failed' }).click()
    await panel().getByRole('heading', { name: 'Failed in the last 24 hours' }).waitFor()
    await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(6)
    await expect.poll(() => seen.page.url(), poll).toMatch(/\?day=failed$/)
    await seen.page.reload()
    await expect.poll(() => panel().locator('tbody tr').count(), poll).toBe(6)
    await panel().locator('.of-task a', { hasText: 'poll-payments' }).click()
    await panel().getByRole('heading', { name: 'poll-payments' }).waitFor()
    await seen.page.goBack()
    await panel().getByText('resize-images').waitFor()
    await seen.page.keyboard.press('Escape')
    await panel().waitFor({ state: 'detached' })
    expect(await seen.page.evaluate('document.activeElement?.id')).toBe('day-failed')
    await seen.page.locator('#day-missed').click()
    await panel().locator('.of-task a', { hasText: 'resize-images' }).click()
    await panel().getByText('torch was down').first().waitFor()
    await seen.go('')
  })

  test('a task that is opened by a link is in view, and says once since when it fails', async () => {
    await seen.page.setViewportSize({ width: 1280, height: 520 })
    await seen.page.locator('.rows a.name').first().waitFor()
    const names = await seen.page.locator('.rows a.name').allInnerTexts()
    await seen.go(`?task=${names.at(-1)}`)
    const row = rowOf(String(names.at(-1)))
    const bottom = async () => {
      const box = await row.boundingBox()
      return box === null ? Infinity : box.y + box.height
    }
    await expect.poll(bottom, poll).toBeLessThanOrEqual(520)
    await seen.page.setViewportSize({ width: 1280, height: 800 })
    await seen.go('?task=mirror-packages')
    await panel().getByText('done').or(panel().getByText('failed 3')).first().waitFor()
    expect((await panel().innerText()).match(/since/g)).toHaveLength(1)
  })

  test('a task of other hosts says which', async () => {
    await seen.go('?task=replicate-db&tab=starts')
    await panel().getByText('not on this host, only on databases').first().waitFor()
    await panel().getByText('no start is planned here').waitFor()
  })

  test('a task that was skipped or missed says why', async () => {
    await seen.go('?task=resize-images&tab=starts')
    await panel()
      .getByText(/at its max/)
      .first()
      .waitFor()
    await panel().getByText('had not ended').first().waitFor()
    await panel()
      .getByRole('link', { name: /^the run of \d{4}-/ })
      .first()
      .waitFor()
    await panel()
      .getByText(/torch was down/)
      .first()
      .waitFor()
    await panel()
      .getByText(/in \d+[ms]/)
      .first()
      .waitFor()
  })

  test('the definition says the line of the file, and who changed it last', async () => {
    await seen.go('?task=nightly-dump&tab=definition')
    await panel().getByText('tasks.yaml:7').waitFor()
    const text = await panel().innerText()
    expect(text).toMatch(/by Ada/)
    expect(text).toMatch(/send the reports five minutes later/)
    expect(text).toMatch(/30 2 \* \* \*/)
  })

  test.each([
    ['?task=deploy-docs', 1280, 'light'],
    ['?task=deploy-docs', 1280, 'dark'],
    ['?task=resize-images&tab=starts', 1280, 'light'],
    ['?task=mirror-packages&tab=history', 1280, 'dark'],
    ['?task=nightly-dump&tab=definition', phone.width, 'light'],
    ['?task=deploy-docs', phone.width, 'dark'],
    ['?day=skipped', 1280, 'light'],
    ['', phone.width, 'light'],
    ['', phone.width, 'dark'],
  ] as const)('axe finds no fault in %j, %i pixels wide, %s', async (query, width, colorScheme) => {
    await seen.page.setViewportSize({ width, height: 800 })
    await seen.page.emulateMedia({ colorScheme })
    await seen.go(query)
    await panel().getByText('Loading').waitFor({ state: 'detached' })
    expect(await accessFaults(seen.page)).toEqual([])
  })

  test('axe finds no fault in the help', async () => {
    await seen.go('')
    await seen.page.keyboard.press('?')
    await seen.page.getByRole('dialog').waitFor()
    expect(await accessFaults(seen.page)).toEqual([])
    await seen.page.keyboard.press('Escape')
  })

  test('nothing is wider than a narrow window', async () => {
    for (const width of [360, 390]) {
      await seen.page.setViewportSize({ width, height: 780 })
      for (const look of ['', '?task=deploy-docs']) {
        await seen.go(look)
        const wide = await until(
          async () => [await seen.page.evaluate('document.documentElement.scrollWidth')],
          'the width of the page',
        )
        expect(wide, look).toEqual([width])
      }
    }
  })
})
