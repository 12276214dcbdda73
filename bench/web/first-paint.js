import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const maxWaitMs = 30_000

/**
 * How long after the request for the page a person sees tasks, in ms, each time with a browser without
 * a cache; or why that cannot be measured. The name of any task is what counts: the most urgent come first.
 */
export async function firstPaints({ address, token }, times) {
  const executablePath = browsers.find((file) => existsSync(file))
  if (executablePath === undefined) return { why: 'no chromium on this machine' }
  // Root has no sandbox.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const shown = []
    for (let time = 0; time < times; time++) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
      const page = await context.newPage()
      // The token becomes a cookie first: people open the page from a bookmark.
      await page.goto(new URL(`/healthz?token=${token}`, address).href)
      await page.context().request.get(new URL(`/?token=${token}`, address).href)
      try {
        shown.push(await timeUntilShown(page, address))
      } catch (error) {
        return { why: `the page shows no task: ${String(error).split('\n')[0]}` }
      }
      await context.close()
    }
    return { shown }
  } finally {
    await browser.close()
  }
}

/** By the clock of the page: from the start of the navigation to a frame with a name of site.js. */
async function timeUntilShown(page, address) {
  await page.addInitScript(() => {
    const look = () => {
      if (/\bjob-\d{5}\b/.test(document.body?.innerText ?? '')) window.shownAt = performance.now()
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  await page.goto(address, { waitUntil: 'commit' })
  const found = await page.waitForFunction(() => window.shownAt, undefined, { timeout: maxWaitMs })
  return found.jsonValue()
}
