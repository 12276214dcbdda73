import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseCommandLine } from '../../src/cli/args/command-line.ts'
import { closeSites, newSite, root, type Site, until } from '../support/torch.ts'
import { after, type Block, blocks, commandsOf, needs, readmeText } from './readme.ts'
import { installTorch, isFollowing, shell } from './shell.ts'

const shellBlocks = blocks.filter((block) => block.language === 'sh')

describe('the commands of the README, one after the other, in a folder with the example', () => {
  let site: Site
  beforeAll(() => {
    site = newSite()
    installTorch(site)
    for (const file of ['tasks.example.yaml', 'tasks.schema.json'])
      fs.copyFileSync(path.join(root, file), path.join(site.folder, file))
  })
  afterAll(closeSites)

  test('npm start says what the README shows', async () => {
    const { status, stdout } = await shell(site, 'npm start', { cwd: root })
    const shown = blocks.find((block) => block.text.startsWith('torch runs'))?.text ?? ''
    expect(status).toBe(0)
    expect(withoutMoment(stdout.slice(stdout.indexOf('torch runs')))).toBe(withoutMoment(shown))
    const runs = path.join(site.home, 'runs/heartbeat')
    await until(
      () =>
        fs.existsSync(runs) &&
        fs.readdirSync(runs).some((run) => fs.existsSync(path.join(runs, run, 'outcome.json'))),
      'the end of a heartbeat',
    )
  })

  const steps = shellBlocks
    .filter((block) => needs(block) === undefined)
    .flatMap((block) => {
      const commands = commandsOf(block)
      const json = after(block)
      const shower = commands.findLast(({ words }) => words.includes('--json'))
      return commands.map((command) => ({
        ...command,
        shows: json?.language === 'json' && command === shower ? json : undefined,
      }))
    })
  test.each(steps)('line $line: $words', async ({ words, status, shows }) => {
    const ended = await shell(site, words)
    if (isFollowing(words)) expect(ended).toMatchObject({ signal: 'SIGINT' })
    else expect(ended).toMatchObject({ status })
    if (shows === undefined) return
    expect(keysIn(JSON.parse(ended.stdout))).toEqual(keysIn(JSON.parse(shows.text)))
  })

  test('leave no daemon behind', () => {
    expect(site.living()).toEqual([])
  })

  test('every JSON of the README is compared', () => {
    const compared = steps.flatMap(({ shows }) => (shows === undefined ? [] : [shows.line]))
    const all = blocks.filter((block) => block.language === 'json').map((block) => block.line)
    expect(compared).toEqual(all)
  })
})

/** What is of that moment and that machine: pids, paths, times. */
function withoutMoment(text: string): string {
  return (
    text
      .replaceAll(/\bpid \d+/g, 'pid N')
      .replaceAll(/\S*(?=tasks\.example\.yaml)/g, '')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:\d\d/g, 'TIME')
      // On a busy machine the next second may have come by the time it is shown.
      .replaceAll(/\((?:in \S+|\S+ ago)\)/g, '(in T)')
  )
}

/** The keys of all objects in a value, by their path; those of a list's entries together. */
function keysIn(value: unknown, at = ''): string[] {
  if (Array.isArray(value))
    return [...new Set(value.flatMap((each) => keysIn(each, `${at}[]`)))].toSorted()
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .flatMap(([key, inner]) => [`${at}.${key}`, ...keysIn(inner, `${at}.${key}`)])
    .toSorted()
}

describe('the blocks that need more than every machine has', () => {
  const special = shellBlocks.filter((block) => needs(block) !== undefined)
  test('are few', () => expect(special.map(needs)).toHaveLength(5))

  const packageJson = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    name: string
    version: string
    scripts: Record<string, string>
  }

  test.each(special)('line $line: scripts, files and options are there', async (block: Block) => {
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

describe('what the prose names', () => {
  const inline = [...readmeText.matchAll(/`torch ([a-z][^`]*)`/g)].map((match) => match[1] ?? '')
  test.each([...new Set(inline)])(
    'torch %s: the command and its options are there',
    async (words) => {
      const typed = words.replace(/ > .*/, '').split(/\s+/)
      const named = typed.length === 1 ? [...typed, '--help'] : typed
      expect(['call', 'help']).toContain(parseCommandLine(named).kind)
    },
  )

  const links = [...readmeText.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '')
  test.each([...new Set(links)].filter((link) => !link.startsWith('http')))(
    '%s is there',
    (link) => {
      const heads = [...readmeText.matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''))
      if (link.startsWith('#')) expect(heads).toContain(link.slice(1))
      else expect(fs.existsSync(path.join(root, link))).toBe(true)
    },
  )
})

function anchorOf(head: string): string {
  return head
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}
