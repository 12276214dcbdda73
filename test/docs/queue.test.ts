import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { commandsOf, pageOf } from './pages.ts'
import { installTorch, shell } from './shell.ts'

afterAll(closeSites)

test(
  'the example of the page about queues works as the page says',
  { timeout: 120_000 },
  async () => {
    const { blocks } = pageOf('docs/input.md')
    const yaml = blocks.filter(({ language }) => language === 'yaml')[1]
    const block = blocks.filter(({ language }) => language === 'sh')[1]
    const site = newSite(yaml?.text ?? '')
    installTorch(site)
    const outputs = new Map<string, string>()
    for (const { words, status } of block === undefined ? [] : commandsOf(block)) {
      if (words.startsWith('torch logs')) await until(isResized, 'the end of the run of resize')
      const ended = await shell(site, words)
      expect([words, ended.status, ended.stderr]).toEqual([words, status, ''])
      outputs.set(words, ended.stdout)
    }
    expect(outputs.get('torch send resize /a.jpg /b.jpg')).toBe('2 messages wait for resize\n')
    expect(outputs.get('torch inbox resize')).toMatch(/^2 messages wait for resize .*\/b.jpg\n$/s)
    expect(outputs.get('torch logs resize')).toBe('resized /a.jpg\nresized /b.jpg\n')
    expect(outputs.get('torch inbox')).toMatch(/^digest +1 /m)
    expect(outputs.get('torch status digest')).toMatch(/input +queue, 1 message waits/)
    const imported = outputOf('importer').trimEnd().split('\n')
    expect(imported.map((line) => JSON.parse(line.replace('imported ', '')))).toMatchObject([
      { text: 'row 1', from: { task: null } },
      { text: 'row 2' },
    ])

    function outputOf(task: string): string {
      const runs = path.join(site.home, 'runs', task)
      return fs
        .readdirSync(runs)
        .map((run) => fs.readFileSync(path.join(runs, run, 'output'), 'utf8'))
        .join('')
    }

    function isResized(): boolean {
      const runs = path.join(site.home, 'runs/resize')
      const [run] = fs.existsSync(runs) ? fs.readdirSync(runs) : []
      return run !== undefined && fs.existsSync(path.join(runs, run, 'outcome.json'))
    }
  },
)
