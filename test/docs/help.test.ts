import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { newRepository } from '../support/repository.ts'
import { type ScriptServer, scriptServer, sends } from '../support/script-server.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { blocks, commandsOf } from './pages.ts'
import { installTorch, isFollowing, shell } from './shell.ts'

/** The tasks that the examples of the help speak of. */
const tasks = `
tasks:
  backup:
    schedule: 30 2 * * *
    command: if test -e long; then echo long; exec sleep 300; fi; echo saved
    cwd: .
  consumer:
    type: daemon
    command: echo ready; while sleep 1; do :; done
  console: { type: daemon, command: [cat], input: live }
  worker-1: { type: daemon, command: [cat], input: live }
  resize: { type: manual, command: cat, input: queue, enabled: false }
`

const loaded = commands.map((command) => command.examples)
const shown = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(commandsOf)
  .map(({ words }) => words)
/** Examples that a page has too are run there. */
const examples = loaded
  .flat()
  .map(([words]) => words)
  .filter((words) => !shown.includes(`torch ${words}`))
  // They run until they are ended, and test/http starts that server in all its ways.
  .filter((words) => !words.startsWith('web '))

const report = '#!/bin/sh\necho all is well\n'

/** A task with a script of that server; its sum makes http safe. */
function reportTask(url: string): string {
  const sha256 = createHash('sha256').update(report).digest('hex')
  return `  report: { type: manual, script: { url: "${url}/report", sha256: ${sha256} } }\n`
}

let site: Site
let server: ScriptServer
beforeAll(async () => {
  server = await scriptServer(sends(report))
  site = newSite(tasks + reportTask(server.url))
  site.write('.config/torch/torch.yaml', `cache: ${site.folder}/cache\n`)
  installTorch(site)
  site.write('new.yaml', 'tasks: {}\n')
  const repository = newRepository(site.folder)
  for (const message of ['one', 'two', 'three', 'four']) repository.commit(message)
  repository.git('update-ref', 'refs/remotes/origin/main', 'HEAD~1')
  expect(await shell(site, 'torch start && torch run backup')).toMatchObject({ status: 0 })
})
afterAll(async () => {
  await closeSites()
  await server.close()
})

test.each(examples)('the example torch %s is a valid command line', async (words) => {
  await prepare(words)
  const line = `torch ${here(words)}`
  // A daemon that stays in the foreground wants a home without one.
  const home = line.includes('--foreground') ? path.join(site.folder, 'other') : site.home
  const ended = await shell(site, line, { home })
  if (isFollowing(line)) expect(ended).toMatchObject({ signal: 'SIGINT' })
  else expect(ended).toMatchObject({ status: 0 })
})

test('every command has an example', () => {
  expect(loaded.filter((each) => each.length === 0)).toEqual([])
  expect(examples.length).toBeGreaterThan(loaded.length)
})

/** What an example takes for granted. */
async function prepare(words: string): Promise<void> {
  const isStart = words.startsWith('start')
  const runs = site.pid() !== undefined
  if (isStart && runs) await shell(site, 'torch stop')
  if (!isStart && !runs) await shell(site, 'torch start')
  if (words.startsWith('kill backup')) {
    site.write('long', '')
    await shell(site, 'torch run backup --detach')
    await until(() => lastOutput('backup') === 'long\n', 'the long backup')
    fs.rmSync(path.join(site.folder, 'long'))
  }
  if (words.startsWith('import')) {
    fs.chmodSync(site.write('bin/crontab', '#!/bin/sh\necho "@daily x"\n'), 0o755)
    site.write('etc/crontab', '@daily root x\n')
    site.write('task.json', '[]')
  }
  // One message may be dropped by its id; a damaged one is a message all the same.
  if (words.startsWith('inbox resize --drop'))
    site.write('home/inbox/resize/dead/20261121T071700.123-00004f2a9c', '')
  if (/^(kill|logs) consumer/.test(words))
    await until(() => lastOutput('consumer') !== '', 'the consumer')
}

/** What the newest run of a task has said so far. */
function lastOutput(task: string): string {
  const runs = path.join(site.home, 'runs', task)
  const last = fs.existsSync(runs) ? fs.readdirSync(runs).toSorted().at(-1) : undefined
  const output = path.join(runs, last ?? '', 'output')
  return last !== undefined && fs.existsSync(output) ? fs.readFileSync(output, 'utf8') : ''
}

/** Paths and run ids of the examples are those of any machine; here they are those of the site. */
function here(words: string): string {
  const [run = ''] = fs.readdirSync(path.join(site.home, 'runs/backup'))
  return words
    .replace('/srv/app', site.folder)
    .replace('/var/lib/prometheus/node-exporter', site.folder)
    .replace('/etc/crontab', path.join(site.folder, 'etc/crontab'))
    .replace('/srv/ops/tasks.yaml', site.tasks)
    .replace('/tmp/try', path.join(site.folder, 'try'))
    .replace(/(?<=--run )\S+/, run)
    .replace(/(?<=^(history|logs) )\d{8}T\d+/, run.slice(0, -1))
}
