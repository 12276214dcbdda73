import { spawnSync } from 'node:child_process'
import http from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { realSockets } from '../../src/host/listening-sockets.ts'
import { ask, maxTestMs, startDaemon } from '../support/daemon.ts'
import { closeSites, newSite } from '../support/torch.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { blockOf } from './pages.ts'

afterAll(closeSites)

function answerOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.once('end', () => resolve(text))
    })
    request.once('error', reject)
  })
}

const hasPython = spawnSync('python3', ['-c', '']).status === 0

/** The task of the page, and one for its server in Python. */
function tasksOf(folder: string, [web, python]: readonly [number, number]): string {
  const text = blockOf('docs/listen.md', 'yaml')
    .replace('/srv/app', folder)
    .replace('8080', String(web))
    .replace('[node,', `[${process.execPath},`)
  const own = text
    .replace(/^tasks:\n/, '')
    .replaceAll('web', 'python')
    .replace(String(web), String(python))
    .replace(/command: .*/, 'command: [python3, -u, server.py]')
  return text + (hasPython ? own : '')
}

test.skipIf(realSockets.whyNot() !== undefined)(
  'the servers of the page about sockets work as the page says, and are replaced without a gap',
  async () => {
    const ports = [await freePort(), await freePort()] as const
    const servers = ports.slice(0, hasPython ? 2 : 1)
    const site = newSite()
    site.write('tasks.yaml', tasksOf(site.folder, ports))
    site.write('server.mjs', blockOf('docs/listen.md', 'js'))
    site.write('server.py', blockOf('docs/listen.md', 'python'))
    await startDaemon(site)
    const first = await Promise.all(servers.map(answerOf))
    for (const answer of first) expect(answer).toMatch(/^hello from \d+\n$/)
    await until(async () => {
      const { tasks } = await ask(site, 'status', {})
      return tasks.every((task) => Object.values(task.ready ?? {}).every(Boolean))
    }, 'runs that are ready')
    for (const [at, name] of ['web', 'python'].slice(0, servers.length).entries()) {
      await ask(site, 'kill', { target: name, signal: null })
      const port = ports[at] ?? 0
      await until(async () => (await answerOf(port)) !== first[at], `the next run of ${name}`)
    }
    const [task] = (await ask(site, 'status', {})).tasks
    expect(task?.listen).toEqual([{ name: 'web', address: `127.0.0.1:${ports[0]}`, held: true }])
  },
  maxTestMs,
)
