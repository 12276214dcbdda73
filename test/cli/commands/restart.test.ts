import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { ask, readIfThere, startDaemon } from '../../support/daemon.ts'
import { closeSites, isAlive, newSite, root, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterAll(closeSites)
// Tests run concurrently, each on its own site, and wait for the processor.
vi.setConfig({ testTimeout: 120_000 })

const tasks = `
timezone: UTC
tasks:
  yearly: { schedule: "0 0 1 1 *", command: "true" }
  keep: { type: daemon, command: [sleep, "600"] }
  away: { schedule: "@daily", command: "true", hosts: [192.0.2.99] }
`

describe.concurrent('torch restart', () => {
  test('torch restart replaces the daemon and keeps its tasks file and addresses', async () => {
    const site = newSite(tasks)
    const file = site.write('other/file.yaml', tasks)
    await site.torch('start', '--tasks', file, '--address', '192.0.2.99')
    const before = site.pid()
    const { status, stdout } = await site.torch('restart')
    const after = site.pid()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `torch restarted: pid ${after} replaces pid ${before}\n`,
    })
    await until(() => !isAlive(before ?? 0), 'the end of the old daemon')
    const report = JSON.parse((await site.torch('status', '--json')).stdout) as StatusReport
    expect(report).toMatchObject({
      daemon: { pid: after },
      host: { addresses: ['192.0.2.99'] },
      file: { path: file },
    })
  })

  test('torch restart with a bad file keeps the old daemon and says why', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const pid = site.pid()
    site.write('tasks.yaml', 'tasks: 5')
    const { status, stderr } = await site.torch('restart')
    expect(status).toBe(1)
    expect(stderr).toContain('tasks.yaml:1:1: tasks: expected')
    expect(stderr).toContain(
      '\ntorch: the new daemon failed, the old one continues: the tasks file ',
    )
    expect([site.pid(), isAlive(pid ?? 0)]).toEqual([pid, true])
    expect((await site.torch('status')).status).toBe(0)
  })

  test('torch restart needs a daemon in the background, with the same tasks file', async () => {
    const site = newSite(tasks)
    expect((await site.torch('restart')).status).toBe(3)
    site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    expect(await site.torch('restart', '--tasks', '/else.yaml')).toMatchObject({
      status: 2,
      stderr: `torch: the daemon of this home runs ${site.tasks}, not /else.yaml
hint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start
`,
    })
    expect(await site.torch('restart')).toMatchObject({
      status: 1,
      stderr: `torch: the daemon runs in the foreground, where no other process can take its place
hint: stop it and start it again where it was started
`,
    })
  })
})

const own = (JSON.parse(readIfThere(path.join(root, 'package.json'))) as { version: string })
  .version

/** Another installation of torch, of version 9.9.9. Returns its script. */
function install(site: Site): string {
  const folder = path.join(site.folder, 'other')
  fs.cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true })
  fs.cpSync(path.join(root, 'bin'), path.join(folder, 'bin'), { recursive: true })
  fs.symlinkSync(
    fs.realpathSync(path.join(root, 'node_modules')),
    path.join(folder, 'node_modules'),
  )
  const manifest = JSON.parse(readIfThere(path.join(root, 'package.json'))) as object
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ ...manifest, version: '9.9.9' }),
  )
  return path.join(folder, 'bin/torch.js')
}

test('torch restart from another installation starts the program of that installation', async () => {
  const site = newSite(tasks)
  const before = await startDaemon(site)
  const other = install(site)
  const env = { PATH: process.env['PATH'], TORCH_HOME: site.home, TEST_SITE: site.folder }
  const result = spawnSync(process.execPath, [other, 'restart'], { env, encoding: 'utf8' })
  const { daemon } = await ask(site, 'status', {})
  expect(result.stdout).toBe(
    `torch restarted: pid ${daemon?.pid} replaces pid ${before}, ${own} -> 9.9.9\n`,
  )
  expect(result.stderr).toBe('')
  expect(daemon?.version).toBe('9.9.9')
  expect(readIfThere(`/proc/${daemon?.pid}/cmdline`).split('\0')).toContain(other)

  const command = [process.execPath, path.join(site.folder, 'gone/torch.js')]
  await expect(ask(site, 'restart', { command })).rejects.toThrow(
    `the new daemon failed, the old one continues: it cannot find ${command[1]}`,
  )
  await expect(ask(site, 'restart', { command: ['torch'] })).rejects.toThrow('absolute path')

  const back = await site.torch('restart', '--json')
  expect(JSON.parse(back.stdout)).toMatchObject({
    before: daemon?.pid,
    version: own,
    versionBefore: '9.9.9',
  })
})

test('torch restart says that a daemon of the first version starts its own program', async () => {
  const site = newSite(tasks)
  fs.mkdirSync(site.home, { mode: 0o700 })
  const daemon = { pid: 4711, version: '0.0.1', startedAt: '', state: 'running' }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const error = { code: 'bad-request', message: 'restart: command: unknown field', exit: 1 }
      const isRefused = request.url === '/restart' && body !== '{}'
      response.statusCode = isRefused ? 400 : 200
      const reply =
        request.url === '/restart' ? { pid: 4712 } : { daemon, file: { path: site.tasks } }
      response.end(JSON.stringify(isRefused ? { error } : reply))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(path.join(site.home, 'torch.sock'), resolve)
  })
  try {
    expect(await site.torch('restart')).toMatchObject({
      status: 0,
      stdout: 'torch restarted: pid 4712 replaces pid 4711\n',
      stderr:
        `torch: the daemon is still version 0.0.1, and this command is ${own}\n` +
        'hint: to start this version: torch stop --leave, then torch start\n',
    })
  } finally {
    server.close()
  }
})
