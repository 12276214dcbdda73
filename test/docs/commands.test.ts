import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/args/command-line.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { after, blocks, commandsOf, needs, type Page, pageOf, pages } from './pages.ts'
import { installTorch, isFollowing, shell } from './shell.ts'

/** A folder as the pages expect it: the example, and a tasks file made from it. */
function siteOfPage(): Site {
  const site = newSite()
  installTorch(site)
  for (const file of ['tasks.example.yaml', 'tasks.schema.json'])
    fs.copyFileSync(path.join(root, file), path.join(site.folder, file))
  fs.copyFileSync(path.join(root, 'tasks.example.yaml'), site.tasks)
  return site
}

/** Status, history and logs of the pages show a run of heartbeat that has ended. */
async function firstHeartbeat(site: Site): Promise<void> {
  const runs = path.join(site.home, 'runs/heartbeat')
  await until(
    () =>
      fs.existsSync(runs) &&
      fs.readdirSync(runs).some((run) => fs.existsSync(path.join(runs, run, 'outcome.json'))),
    'the end of the first run of heartbeat',
  )
}

test('npm start prints what the README shows', async () => {
  const site = siteOfPage()
  const { status, stdout } = await shell(site, 'npm start', { cwd: root })
  const shown = blocks.find((block) => block.text.startsWith('torch runs'))?.text ?? ''
  expect(status).toBe(0)
  expect(withoutMoment(stdout.slice(stdout.indexOf('torch runs')))).toBe(withoutMoment(shown))
  await closeSites()
})

/** Removes what depends on the moment and the machine: pids, paths, times. */
function withoutMoment(text: string): string {
  return (
    text
      .replaceAll(/\bpid \d+/g, 'pid N')
      .replaceAll(/\S*(?=tasks\.example\.yaml)/g, '')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:\d\d/g, 'TIME')
      // On a busy machine the next second may have come by the time it is shown.
      .replaceAll(/\((?:in \S+|\S+ ago|now)\)/g, '(in T)')
  )
}

/** The commands of a page, and the JSON that the page shows for one of them. */
function stepsOf(page: Page) {
  return page.blocks
    .filter((block) => block.language === 'sh' && needs(block) === undefined)
    .flatMap((block) => {
      const commands = commandsOf(block)
      const json = after(block)
      const shower = commands.findLast(({ words }) => words.includes('--json'))
      return commands.map((command) => ({
        ...command,
        shows: json?.language === 'json' && command === shower ? json : undefined,
      }))
    })
}

const pagesWithCommands = pages.filter((page) => stepsOf(page).length > 0)

describe.each(pagesWithCommands)('$name: the commands, one after the other', (page) => {
  let site: Site
  beforeAll(() => {
    site = siteOfPage()
  })
  afterAll(closeSites)

  test.each(stepsOf(page))('line $line: "$words" does what the page says', async (step) => {
    const { words, status, shows } = step
    const ended = await shell(site, words)
    if (isFollowing(words)) expect(ended).toMatchObject({ signal: 'SIGINT' })
    else expect(ended).toMatchObject({ status })
    if (/^torch start\b/.test(words)) await firstHeartbeat(site)
    if (shows === undefined) return
    expect(keysIn(JSON.parse(ended.stdout))).toEqual(keysIn(JSON.parse(shows.text)))
  })

  test(`the commands of ${page.name} leave no daemon behind`, () => {
    expect(site.living()).toEqual([])
  })
})

test('every JSON block of the pages is compared with real output', () => {
  const compared = pagesWithCommands.flatMap((page) =>
    stepsOf(page).flatMap(({ shows }) => (shows === undefined ? [] : [shows.place])),
  )
  const all = blocks.filter((block) => block.language === 'json').map((block) => block.place)
  expect(compared).toEqual(all)
  expect(all).toHaveLength(19)
})

/** The keys of all objects in a value, by their path; the entries of a list count as one. */
function keysIn(value: unknown, at = ''): string[] {
  if (Array.isArray(value))
    return [...new Set(value.flatMap((each) => keysIn(each, `${at}[]`)))].toSorted()
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .flatMap(([key, inner]) => [`${at}.${key}`, ...keysIn(inner, `${at}.${key}`)])
    .toSorted()
}

describe('shell blocks that need more than every machine has', () => {
  const special = blocks.filter((block) => block.language === 'sh' && needs(block) !== undefined)
  test('exactly twenty-two blocks of the pages need something special', () =>
    expect(special.map(needs)).toHaveLength(22))

  const packageJson = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    name: string
    version: string
    scripts: Record<string, string>
  }

  test.each(special)('$place names only scripts, files and options that exist', async (block) => {
    for (const { words } of commandsOf(block)) {
      for (const [, script = ''] of words.matchAll(/npm (?:run )?(start|test|check)/g))
        expect(packageJson.scripts).toHaveProperty(script)
      for (const [, file = ''] of words.matchAll(/torchd\/(\S+?)"/g))
        expect(fs.existsSync(path.join(root, file))).toBe(true)
      for (const [archive] of words.matchAll(/\S+\.tgz/g))
        expect(archive).toBe(`${packageJson.name}-${packageJson.version}.tgz`)
      const torch = /(?:^|\s)torch (.+)$/.exec(words)?.[1]
      if (words.startsWith('docker') && torch !== undefined)
        expect(parseCommandLine(torch.split(/\s+/)).kind).toBe('call')
    }
  })
})

describe('what the text of the pages names', () => {
  // The generated reference has usage lines; its examples are run with those of the help.
  const written = pages.filter(({ name }) => name !== 'docs/reference/cli.md')
  const inline = written.flatMap(({ text }) =>
    [...text.matchAll(/`torch ([a-z][^`]*)`/g)].map((match) => match[1] ?? ''),
  )
  test.each([...new Set(inline)])('"torch %s" is a command with these options', async (words) => {
    const typed = words.replace(/ > .*/, '').split(/\s+/)
    const named = typed.length === 1 ? [...typed, '--help'] : typed
    expect(['call', 'help']).toContain(parseCommandLine(named).kind)
  })

  const sources = [...pageOf('ARCHITECTURE.md').text.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)]
  test.each([...new Set(sources.map((match) => match[1] ?? ''))])(
    'the source file %s that the architecture names exists',
    (file) => {
      expect(fs.existsSync(path.join(root, 'src', file))).toBe(true)
    },
  )

  const links = pages.flatMap((page) =>
    [...page.text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => ({ page: page.name, link })),
  )
  test.each(links.filter(({ link }) => !link.startsWith('http')))(
    'the link $link in $page leads somewhere',
    ({ page, link }) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? page : path.join(path.dirname(page), file)
      expect(fs.existsSync(path.join(root, target))).toBe(true)
      if (anchor === undefined) return
      const heads = [...pageOf(target).text.matchAll(/^#+ (.+)$/gm)]
      expect(heads.map((match) => anchorOf(match[1] ?? ''))).toContain(anchor)
    },
  )
})

function anchorOf(head: string): string {
  return head
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}
