import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseSoFar } from '../../../src/cli/completion/typed-line.ts'
import { lookUpHere } from '../../../src/cli/completion/existing-names.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'

afterAll(closeSites)

/** The candidates that a shell would be given, without what they mean. */
async function offered(
  site: Site,
  line: string,
  options: Parameters<Site['torchWith']>[0] = {},
): Promise<string[]> {
  const ended = await site.torchWith(options, '__complete', 'fish', line)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  return ended.stdout
    .split('\n')
    .slice(1, -1)
    .map((each) => each.replace(/\t.*/, ''))
}

describe.concurrent('Names from the tasks file, without a daemon', () => {
  const tasks = `
hosts: { web: [10.0.1.0/24, 10.0.1.9, web1], db: [db-*] }
defaults: { labels: { team: data } }
tasks:
  backup:
    schedule: '@daily'
    command: 'true'
    labels: { tier: 1, note: my own }
  report: { schedule: '@daily', command: 'true', hosts: [web, '!10.0.1.7', a.example.com] }
`
  const site = newSite(tasks)
  site.write('more/a.yaml', 'tasks:\n  one: {}\n')
  site.write('more/b.yml', 'tasks: { two: {} }\n')
  site.write('more/c.txt', 'tasks:\n  three: {}\n')
  site.write('broken.yaml', 'tasks:\n  half:\n    comand: x\n    max: none\n')
  site.write('My Tasks/it.yaml', 'tasks:\n  spaced: {}\n')
  site.write('odd.yaml', '"tasks": { odd: {} }\n')
  site.write('bad.yaml', 'nonsense: 1\n')
  execFileSync('mkfifo', [path.join(site.folder, 'pipe')])

  test.each([
    ['torch status ', ['backup', 'report']],
    ['torch status --tasks more ', ['one', 'two']],
    ['torch status --tasks=odd.yaml ', ['odd']],
    ['torch status --tasks broken.yaml ', ['half']],
    ['torch status --tasks "My Tasks/it.yaml" ', ['spaced']],
    ['torch status --tasks ~/odd.yaml ', ['odd']],
    ['torch next --label ', ['team=data', 'tier=1', 'note=my own']],
    ['torch next --host ', ['10.0.1.9', 'web1', '10.0.1.7', 'a.example.com']],
    ['torch next --timezone Europe/', expect.arrayContaining(['UTC', 'Europe/Berlin'])],
  ])('%s offers names from the tasks file', async (line, values) => {
    expect(await offered(site, line)).toEqual(values)
  })

  test('torch run offers the tasks of the file in TORCH_TASKS', async () => {
    const env = { TORCH_TASKS: path.join(site.folder, 'more') }
    expect(await offered(site, 'torch run ', { env })).toEqual(['one', 'two'])
  })

  // Reading a pipe would wait for its writer for ever.
  test.each(['nowhere.yaml', 'pipe', '/dev/zero', 'home'])(
    'torch status --tasks %s offers options, because the file has no tasks to read',
    async (file) => {
      const [first] = await offered(site, `torch status --tasks ${file} `)
      expect(first).toBe('--label')
    },
  )

  test('revisions come from the repository of the tasks file', async () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', path.join(site.folder, 'more'), ...words])
    git('init', '-q', '-b', 'main')
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org']
    git(...who, 'commit', '-q', '--allow-empty', '-m', 'empty')
    const before = parseSoFar(['--tasks', path.join(site.folder, 'more/a.yaml')])
    const found = await lookUpHere(thisMachine())('revision', before)
    expect(found.map(({ value }) => value)).toEqual(['HEAD', 'main'])
  })

  test('a bad config file gives no tasks and no error', async () => {
    const env = { TORCH_CONFIG: path.join(site.folder, 'bad.yaml') }
    expect(await offered(site, 'torch status ', { env })).toEqual([])
    expect(await offered(site, 'torch st', { env })).toContain('status')
  })
})

describe('Names from the daemon', () => {
  let site: Site
  beforeAll(async () => {
    site = newSite(`tasks:
  hold: { type: daemon, command: sleep 300, description: "Holds\\nall" }
  once: { schedule: '@yearly', command: 'true', labels: { team: ops } }
`)
    expect(await site.torch('start')).toMatchObject({ status: 0 })
    expect(await site.torch('run', 'once')).toMatchObject({ status: 0 })
    fs.renameSync(site.tasks, path.join(site.folder, 'moved.yaml'))
  })

  test('torch logs offers the tasks of the daemon with their descriptions, and recorded runs', async () => {
    const { stdout } = await site.torch('__complete', 'fish', 'torch logs ')
    expect(stdout).toMatch(/^none\nhold\tHolds\nonce\n(\d{8}T\d{6}\.\d{3}-[0-9a-f]{6}\n){1,2}$/)
  })

  test.each([
    ['torch next --label ', ['team=ops']],
    ['torch logs hold --tasks moved.yaml --run ', 1],
    ['torch logs once --run ', 1],
    ['torch logs once --run nonsense', 1],
    ['torch logs never --run ', 0],
    ['torch kill ', 3],
  ])('%s offers names from the daemon', async (line, values) => {
    const found = await offered(site, line)
    if (typeof values === 'number') expect(found).toHaveLength(values)
    else expect(found).toEqual(values)
  })

  test('torch logs --run accepts a run that completion offers', async () => {
    const [run = ''] = await offered(site, 'torch logs once --run ')
    expect(await site.torch('logs', 'once', '--run', run)).toMatchObject({ status: 0 })
  })

  test('torch logs --home offers no runs of another home', async () => {
    const line = `torch logs once --home ${site.folder} --run `
    expect(await offered(site, line)).toEqual([])
  })
})
