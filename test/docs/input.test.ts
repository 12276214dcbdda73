import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { blockOf, commandsOf, pageOf } from './pages.ts'
import { installTorch, shell } from './shell.ts'

afterAll(closeSites)

test(
  'the example of the page about input works as the page says',
  { timeout: 120_000 },
  async () => {
    const site = newSite(blockOf('docs/input.md', 'yaml'))
    installTorch(site)
    const block = pageOf('docs/input.md').blocks.find(({ language }) => language === 'sh')
    const outputs = new Map<string, string>()
    for (const { words, status } of block === undefined ? [] : commandsOf(block)) {
      const ended = await shell(site, words)
      expect([words, ended.status, ended.stderr]).toEqual([words, status, ''])
      outputs.set(words, ended.stdout)
      if (words.startsWith('printf')) await until(() => linesRead() >= 4, 'the lines')
    }
    expect(outputs.get('torch logs console')).toBe('got one\ngot two words\ngot three\ngot four\n')
    expect(outputs.get('torch status console')).toMatch(/input +live, 0 bytes unread/)
    expect(outputs.get("printf 'a job\\n' | torch run worker")).toBe('did a job\n')
    expect(outputs.get('torch send console --end')).toMatch(/^closed the input of console /)

    function linesRead(): number {
      const runs = path.join(site.home, 'runs/console')
      const [run = ''] = fs.readdirSync(runs)
      return fs.readFileSync(path.join(runs, run, 'output'), 'utf8').split('\n').length - 1
    }
  },
)
