import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, phone, type Visit, visit, type Watched, watch } from '../support/browser.ts'
import { ask, maxTestMs } from '../support/daemon.ts'
import { root } from '../support/torch.ts'
import { newWall } from '../support/wall.ts'

/** `npm run pictures` makes the pictures of the documentation again. */
const isAsked = process.env['TORCH_TEST_PICTURES'] !== undefined && chromiumPath !== undefined

const desktop = { width: 1280, height: 800 }
const pictures = [
  { name: 'web-light', query: '', look: desktop, colorScheme: 'light' },
  { name: 'web-dark', query: '', look: desktop, colorScheme: 'dark' },
  { name: 'web-output', query: '?task=deploy-docs', look: desktop, colorScheme: 'dark' },
  { name: 'web-why', query: '?task=resize-images&tab=starts', look: desktop, colorScheme: 'light' },
  { name: 'web-phone-light', query: '', look: phone, colorScheme: 'light' },
  { name: 'web-phone-dark', query: '?task=deploy-docs', look: phone, colorScheme: 'dark' },
] as const

/** All pictures together: the documentation is a part of the package. */
const maxPictureBytes = 100 * 1024

describe.runIf(isAsked)('the pictures of the page', { timeout: maxTestMs }, () => {
  let watched: Watched
  let seen: Visit

  beforeAll(async () => {
    watched = await watch(newWall())
    for (const task of ['sync-warehouse', 'deploy-docs'])
      await ask(watched.site, 'run', { task, force: false })
    seen = await visit(watched.browser, watched.server)
  })
  afterAll(() => watched?.close())

  test.each(pictures)('$name', async ({ name, query, look, colorScheme }) => {
    await seen.page.setViewportSize(look)
    await seen.page.emulateMedia({ colorScheme })
    await seen.go(query)
    await seen.page.locator('.mark-failed').first().waitFor({ state: 'attached' })
    await seen.page.locator('.now-line').getByText('live', { exact: true }).waitFor()
    if (query !== '')
      await seen.page
        .locator('.panel-body')
        .getByText(/done, 25 files|at its max/)
        .first()
        .waitFor()
    const debug = await seen.context.newCDPSession(seen.page)
    const shot = await debug.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
    const bytes = Buffer.from(shot.data, 'base64')
    expect(bytes.length).toBeLessThan(maxPictureBytes)
    fs.mkdirSync(path.join(root, 'docs/images'), { recursive: true })
    fs.writeFileSync(path.join(root, `docs/images/${name}.webp`), bytes)
  })
})
