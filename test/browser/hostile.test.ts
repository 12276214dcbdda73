import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  chromiumPath,
  needsChromium,
  type Visit,
  visit,
  type Watched,
  watch,
} from '../support/browser.ts'
import { ask, historyOf, maxTestMs } from '../support/daemon.ts'
import { newRepository } from '../support/repository.ts'
import { newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { pastRow, writePast } from '../support/wall.ts'

/** Each of these would call attack() in a page that takes text for HTML, for a link or for a script. */
const attacks = [
  '<script>attack()</script>',
  '<img src=x onerror=attack()>',
  '"><svg onload=attack()>',
  "' autofocus onfocus=attack() x='",
  '</script><script>attack()</script>',
  '</textarea></title></style><iframe srcdoc="<script>parent.attack()</script>">',
  '<a href="javascript:attack()">text</a>',
  'javascript:attack()',
  '{{constructor.constructor("attack()")()}}',
  '${attack()}',
  '&lt;img src=x onerror=attack()&gt;',
  '<math><mtext><table><mglyph><style><img src=x onerror=attack()>',
  '\u202Eevil\u202C <b>bold</b>',
]

/** What a terminal would obey. None of it may reach the page as anything but text. */
const escapes = [
  String.raw`\033]8;;javascript:attack()\033\\click\033]8;;\033\\`,
  String.raw`\033]0;title\007after the title`,
  String.raw`\033]52;c;YXR0YWNr\007after the clipboard`,
  String.raw`\033[2J\033[Hafter clearing`,
  String.raw`\033[31;1m<b>red</b>\033[0m`,
  String.raw`\033[38;2;1;2;999999999mcolour\033[999999m`,
  String.raw`\033P$q"p\033\\after a device string`,
  String.raw`half \033[3`,
  String.raw`\302\2332Jafter eight bits \377\376 bytes`,
]

/** Names that every object of JavaScript has: these are names of tasks. */
const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'a.b', 'then']

const quoted = (text: string): string => JSON.stringify(text)

function hostileTasks(): string {
  const labels = attacks.map((text, at) => `l${at}: ${quoted(text)}`).join(', ')
  const plain = names.map(
    (name, at) =>
      `  ${name}: { type: manual, command: "true", description: ${quoted(attacks[at] ?? '')}, labels: { x: ${quoted(attacks.at(-1 - at) ?? '')} } }`,
  )
  return [
    'tasks:',
    `  hostile:`,
    `    schedule: "0 0 1 1 *"`,
    `    command: "sh print.sh"`,
    `    description: ${quoted(attacks.join('\n'))}`,
    `    labels: { ${labels} }`,
    `    env: { EVIL: ${quoted(attacks[0] ?? '')} }`,
    ...plain,
    '',
  ].join('\n')
}

function hostileSite(): Site {
  const site = newSite(hostileTasks())
  const lines = attacks.map((text) => `printf '%s\\n' '${text.replaceAll("'", `'\\''`)}'`)
  site.write('print.sh', [...lines, ...escapes.map((text) => `printf '${text}\\n'`)].join('\n'))
  site.write('.gitignore', 'home/\n')
  const repository = newRepository(site.folder)
  repository.git('config', 'user.name', 'unused')
  repository.commit(attacks.slice(0, 4).join(' '))
  const now = Date.now()
  const evil = (at: number): string => attacks[at % attacks.length] ?? ''
  writePast(
    site,
    attacks.flatMap((_, at) => {
      const slot = now - (at + 2) * 600_000
      const texts = {
        host: evil(at),
        revision: evil(at + 1),
        reason: evil(at + 2),
        signal: evil(at + 3),
      }
      return [
        pastRow('hostile', slot, 1000, { ...texts, outcome: 'failed' }),
        pastRow('hostile', slot - 60_000, 0, { outcome: 'skipped', reason: evil(at) }),
      ]
    }),
  )
  return site
}

describe.skipIf(chromiumPath === undefined)(
  `text that wants to be a program ${needsChromium}`,
  { timeout: maxTestMs },
  () => {
    let watched: Watched
    let seen: Visit

    beforeAll(async () => {
      watched = await watch(hostileSite(), ['--actions'])
      seen = await visit(watched.browser, watched.server)
      await seen.page.addInitScript('window.attack = () => { window.isAttacked = true }')
    })
    afterAll(() => watched?.close())
    afterEach(async () => {
      expect(await seen.page.evaluate('window.isAttacked')).toBeUndefined()
      expect(seen.faults.splice(0)).toEqual([])
    })

    /** Elements and attributes that only an attack puts into the document. */
    const strange = () =>
      seen.page.evaluate(`[...document.querySelectorAll('#page *')]
        .filter((each) => each.matches('script, img, iframe, math, b:not([class]):not(.chip b):not(.strip b):not(.run-facts b):not(.slots b):not(.tooltip b)')
          || each.getAttributeNames().some((name) => name.startsWith('on'))
          || /^(javascript|data):/i.test(each.getAttribute('href') ?? ''))
        .map((each) => each.outerHTML.slice(0, 200))`)
    const panel = () => seen.page.locator('.panel')
    /** As the page shows it: what nobody sees is replaced. */
    const shown = (text: string): string => text.replaceAll(/[\u202C\u202E]/g, '\uFFFD')

    test('names of every object are names of tasks like others', async () => {
      await seen.go('')
      const listed = await seen.page.locator('.rows a.name').allInnerTexts()
      expect(listed.toSorted()).toEqual(['hostile', ...names].toSorted())
      for (const name of names) {
        await seen.go(`?task=${name}&tab=definition`)
        await panel().getByRole('heading', { name, exact: true }).waitFor()
        await panel().locator('.definition').waitFor()
      }
      expect(await strange()).toEqual([])
    })

    test.each(['history', 'starts', 'definition'])(
      'the panel shows it as text: %s',
      async (tab) => {
        await seen.go(`?task=hostile&tab=${tab}`)
        await panel().getByText('Loading').waitFor({ state: 'detached' })
        await panel().locator('.panel-body li, .panel-body tr, .panel-body dd').first().waitFor()
        const text = await panel().innerText()
        for (const attack of attacks) expect(text).toContain(shown(attack))
        expect(await strange()).toEqual([])
      },
    )

    test('what is pointed at is text, and so is what is typed or stands in the address', async () => {
      await seen.go('')
      await seen.page.keyboard.press('Tab')
      const plot = seen.page.locator('.row', { hasText: 'hostile' }).getByRole('slider').first()
      await plot.focus()
      await seen.page.keyboard.press('End')
      for (let step = 0; step < 8; step += 1) {
        await seen.page.keyboard.press('ArrowLeft')
        await seen.page.locator('.tooltip').waitFor()
        expect(await strange()).toEqual([])
      }
      for (const attack of attacks) {
        const text = encodeURIComponent(attack)
        await seen.go(`?q=${text}&task=${text}&run=${text}&only=${text}&host=${text}&on=${text}`)
        await panel().getByText(shown(attack)).first().waitFor()
        expect(await strange()).toEqual([])
      }
    })

    test('output is text, and its escape sequences do nothing', async () => {
      const { run } = await ask(watched.site, 'run', { task: 'hostile', force: false })
      await until(
        async () => (await historyOf(watched.site)).some((row) => row.run === run && row.endedAt),
        'the end of the run',
      )
      await seen.go(`?task=hostile&run=${run}`)
      const output = panel().getByRole('region', { name: 'Output' })
      await output.getByText('after eight bits').waitFor()
      const text = await output.innerText()
      for (const attack of attacks) expect(text).toContain(shown(attack))
      for (const after of ['click', 'after the title', 'after the clipboard', 'after clearing'])
        expect(text).toContain(after)
      for (const gone of ['YXR0YWNr', '8;;', '\u001B', '\u009B']) expect(text).not.toContain(gone)
      expect(await output.locator('.fore-1.bold', { hasText: '<b>red</b>' }).count()).toBe(1)
      expect(await output.locator('a').count()).toBe(0)
      expect(await strange()).toEqual([])
      expect(await seen.page.title()).not.toBe('title')
    })

    test('a refused file with such names shows its problems as text', async () => {
      const bad = attacks.map((text, at) => `  ${quoted(text)}: { command: "true", k${at}: 1 }`)
      watched.site.write('tasks.yaml', `tasks:\n${bad.join('\n')}\n`)
      await seen.go('')
      const strip = seen.page.locator('.strip', { hasText: 'The tasks file is refused' })
      await strip.getByRole('button', { name: 'Show' }).click()
      await strip.locator('li').first().waitFor()
      expect(await strip.innerText()).toContain('<script>attack()</script>')
      expect(await strange()).toEqual([])
    })

    test('a page of another origin neither starts a run, nor reads, nor frames the page', async () => {
      const other = http.createServer((_, response) => {
        response.setHeader('content-type', 'text/html')
        response.end('<!doctype html><title>other</title>')
      })
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void other.close())
      const { port } = other.address() as AddressInfo
      const before = (await historyOf(watched.site)).length
      for (const host of ['127.0.0.1', 'localhost']) {
        const page = await seen.context.newPage()
        onTestFinished(() => page.close())
        await page.goto(`http://${host}:${port}/`)
        const { address } = watched.server
        const tried = await page.evaluate(`(async () => {
          const run = '${address}api/run'
          const body = JSON.stringify({ task: 'constructor' })
          const results = []
          const attempt = async (address, init) => {
            try { const answer = await fetch(address, init); results.push(answer.type + ' ' + answer.status) }
            catch { results.push('error') }
          }
          const all = { method: 'POST', credentials: 'include', body }
          await attempt(run, { ...all, headers: { 'X-Torch': '1', 'Content-Type': 'application/json' } })
          await attempt(run, { ...all, mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } })
          await attempt('${address}api/status', { credentials: 'include' })
          await attempt('${address}api/status', { credentials: 'include', mode: 'no-cors' })
          const form = document.createElement('form')
          form.method = 'post'; form.action = run; form.target = 'frame'; form.enctype = 'text/plain'
          const frame = document.createElement('iframe')
          frame.name = 'frame'; frame.src = '${address}'
          document.body.append(frame, form)
          await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
          form.submit()
          await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
          return results
        })()`)
        expect(tried).not.toContain(expect.stringMatching(/ 200$/))
        expect(tried).toHaveLength(4)
        for (const frame of page.frames().slice(1))
          expect(await frame.evaluate('document.querySelector("#page") === null')).toBe(true)
      }
      expect((await historyOf(watched.site)).length).toBe(before)
    })
  },
)
