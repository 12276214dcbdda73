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

test.skipIf(realSockets.whyNot() !== undefined)(
  'the server of the page about sockets works as the page says, and is replaced without a gap',
  async () => {
    const port = await freePort()
    const site = newSite()
    const text = blockOf('docs/listen.md', 'yaml')
      .replace('/srv/app', site.folder)
      .replace('8080', String(port))
      .replace('[node,', `[${process.execPath},`)
    site.write('tasks.yaml', text)
    site.write('server.mjs', blockOf('docs/listen.md', 'js'))
    await startDaemon(site)
    const first = await answerOf(port)
    expect(first).toMatch(/^hello from \d+\n$/)
    await until(async () => {
      const [task] = (await ask(site, 'status', {})).tasks
      return Object.values(task?.ready ?? {}).every(Boolean)
    }, 'a run that is ready')
    await ask(site, 'kill', { target: 'web', signal: null })
    await until(async () => (await answerOf(port)) !== first, 'the next run')
    const [task] = (await ask(site, 'status', {})).tasks
    expect(task?.listen).toEqual([{ name: 'web', address: `127.0.0.1:${port}`, held: true }])
  },
  maxTestMs,
)
