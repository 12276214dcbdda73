import { spawnSync } from 'node:child_process'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { startDaemon } from './daemon.ts'
import type { Site } from './torch.ts'
import { startWebServer, type WebServer } from './web-server.ts'

/** Where Chromium is on this machine; undefined: tests in a browser are skipped. */
export const chromiumPath = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
  .find((found) => found !== '')

/** For the title of what is skipped without it. */
export const needsChromium = '(needs chromium)'

const desktop = { width: 1280, height: 800 }
export const phone = { width: 390, height: 844 }

/** A busy machine takes its time for a page. */
const maxWaitMs = 30_000
/** For expect.poll(), which waits only a second. */
export const poll = { timeout: maxWaitMs }

/** A site with a daemon and a `torch web`, and a browser to look at it. */
export interface Watched {
  readonly site: Site
  readonly server: WebServer
  readonly browser: Browser
  /** Ends all of it and removes the folder. */
  close(): Promise<void>
}

/** Starts everything for a file of tests. Nothing is left behind if that fails. */
export async function watch(site: Site, words: readonly string[] = []): Promise<Watched> {
  let browser: Browser | undefined
  const close = async (): Promise<void> => {
    await browser?.close().catch(() => {})
    await site.close()
  }
  try {
    await startDaemon(site)
    const server = await startWebServer(site, words)
    browser = await openBrowser()
    return { site, server, browser, close }
  } catch (error) {
    await close()
    throw error
  }
}

function openBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    // Chromium cannot make a sandbox as root.
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    timeout: 60_000,
  })
}

/** A page in a browser of its own cookies, and everything wrong that it did so far. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts and of the policy, requests that went elsewhere, dialogs. */
  readonly faults: string[]
  /** Opens a part of the page: `?task=backup`. */
  go(query: string): Promise<void>
  close(): Promise<void>
}

interface Look {
  readonly width: number
  readonly height: number
}

/** Opens the page with its token. */
export async function visit(
  browser: Browser,
  server: WebServer,
  look: Look = desktop,
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(maxWaitMs)
  const page = await context.newPage()
  const faults = faultsOf(page, server.address)
  await page.goto(server.link)
  await page.locator('.list').waitFor()
  return {
    page,
    context,
    faults,
    async go(query) {
      await page.goto(server.address + query)
      await page.locator('.list').waitFor()
    },
    close: () => context.close(),
  }
}

/** Chromium itself says so in the console when a request fails: that is no error of the page. */
const failedRequest = /^Failed to load resource|net::ERR_/

function faultsOf(page: Page, address: string): string[] {
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !failedRequest.test(message.text()))
      faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(address) && !url.startsWith('data:')) faults.push(`request: ${url}`)
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss().catch(() => {})
  })
  page.on('popup', (popup) => faults.push(`popup: ${popup.url()}`))
  return faults
}

/** Up to WCAG 2.2 AA, and what axe calls good practice. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong with a page as it is shown now: a line for each element. */
export async function accessFaults(page: Page): Promise<string[]> {
  // The policy of the page forbids strange scripts, but not those of the debugger.
  await page.evaluate(axe.source)
  const options = JSON.stringify({ runOnly: { type: 'tag', values: rules } })
  const found = await page.evaluate<axe.AxeResults>(`axe.run(document, ${options})`)
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(' ')} ${any[0]?.message ?? ''}`),
  )
}
