import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { hostFacts, matchHosts } from '../../src/tasks/hosts.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import type { TasksFile } from '../../src/tasks/task.ts'
import { nextOf } from '../../src/schedule/due.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { installTorch, shell } from './shell.ts'
import { boundsOfAnyMachine } from '../../src/tasks/machine-bounds.ts'

const file = path.join(root, 'tasks.example.yaml')
const text = fs.readFileSync(file, 'utf8')

/** As on a machine that runs nothing as anybody else. */
function read(): TasksFile {
  const parsed = readTasks([{ path: file, text }], {
    zone: 'UTC',
    host: 'web1',
    machine: { names: ['web1'], addresses: [] },
    bounds: boundsOfAnyMachine,
    mayChangeUser: false,
    readCalendar: () => ({ ok: false, message: 'is not there' }),
    whyNoHeaders: () => undefined,
    readEnvFile: () => ({ ok: false, message: 'is not there' }),
    isAccount: () => true,
    folder: root,
    digest: (definition) => definition,
    sha256: (sum) => sum,
  })
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  expect(parsed.warnings).toEqual([])
  return parsed.file
}

function taskOf(name: string) {
  const task = read().tasks.find((each) => each.name === name)
  if (task === undefined) throw new Error(`the example has no task ${name}`)
  return task
}

describe('tasks.example.yaml', () => {
  const morning = Date.parse('2026-11-21T08:00:30Z') / 1000

  test('tasks.example.yaml names the JSON Schema beside it and satisfies it', () => {
    const [, name = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
    const packageJson = fs.readFileSync(path.join(root, 'package.json'), 'utf8')
    const { files } = JSON.parse(packageJson) as { files: string[] }
    expect(files).toEqual(expect.arrayContaining([name, path.basename(file)]))
    const schema = z.fromJSONSchema(JSON.parse(fs.readFileSync(path.join(root, name), 'utf8')))
    expect(schema.safeParse(parse(text))).toMatchObject({ success: true })
  })

  test.each([
    ['heartbeat', morning + 1],
    ['disk-space', morning + 30],
    ['nightly-backup', Date.parse('2026-11-22T02:30:00Z') / 1000],
  ])('%s is due when it says', (name, slot) => {
    expect(nextOf(taskOf(name).schedules, morning)).toBe(slot)
  })

  test.each([
    ['192.0.2.1', false],
    ['10.0.2.11', true],
    ['2001:db8:2::7', true],
  ])('nightly-backup on %s: %s', (address, runs) => {
    expect(matchHosts(taskOf('nightly-backup').hosts, hostFacts('web1', [address]))).toBe(runs)
  })

  test('load-average is a daemon task without a timeout', () => {
    expect(taskOf('load-average')).toMatchObject({ type: 'daemon', max: 1, timeoutMs: undefined })
  })
})

describe('The daemon with tasks.example.yaml', () => {
  let site: Site
  beforeAll(async () => {
    site = newSite(text)
    installTorch(site)
    expect(await shell(site, 'torch start')).toMatchObject({ status: 0, stderr: '' })
  })
  afterAll(closeSites)

  test('heartbeat starts once in every second', async () => {
    const rows = await until(async () => {
      const { stdout } = await shell(site, 'torch history heartbeat --outcome ok --json')
      const found = JSON.parse(stdout) as HistoryRow[]
      return found.length > 2 && found
    }, 'three heartbeats')
    const slots = rows.map((row) => Date.parse(row.slot ?? '') / 1000)
    expect(slots).toEqual(slots.map((_, index) => (slots[0] ?? 0) + index))
  })

  test.each(['heartbeat', 'disk-space', 'nightly-backup'])(
    '%s does something, well',
    async (name) => {
      const { status, stdout } = await shell(site, `torch run ${name} --force`)
      expect(status).toBe(0)
      expect(stdout).not.toBe('')
    },
  )

  test('torch status shows which example tasks run, and why the others do not', async () => {
    const { stdout } = await shell(site, 'torch status --json')
    const status = JSON.parse(stdout) as {
      tasks: { name: string; reason: string | null; running: string[] }[]
    }
    const tasks = new Map(status.tasks.map((task) => [task.name, task]))
    expect(tasks.get('load-average')?.running).toHaveLength(1)
    expect(status.tasks.filter((task) => task.reason !== null)).toMatchObject([
      { name: 'nightly-backup', reason: 'hosts' },
    ])
  })

  test('torch stop ends the example tasks and leaves no process', async () => {
    expect(await shell(site, 'torch stop')).toMatchObject({ status: 0 })
    expect(site.living()).toEqual([])
  })
})
