import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { askServer, bearer, startWebServer, type WebServer } from '../support/web-server.ts'

const yaml = `tasks:
  nightly: {schedule: "30 2 * * *", command: "true"}
  byhand: {type: manual, command: "true"}
`
let site: Site
let web: WebServer

beforeAll(async () => {
  site = newSite(yaml)
  await site.torch('start')
  web = await startWebServer(site, ['--actions', '--host-name', 'torch.example.com'])
}, 120_000)
afterAll(closeSites)

test('the link with the token gives a cookie, and never leads to another host', async () => {
  const opened = await askServer(web, `/tasks/a?x=1&token=${web.token}`)
  expect(opened).toMatchObject({ status: 303, headers: { location: '/tasks/a?x=1' } })
  const [cookie = ''] = opened.headers['set-cookie'] ?? []
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
  const [pair = ''] = cookie.split(';')
  const byCookie = await askServer(web, '/api/status', { headers: { cookie: pair } })
  expect(byCookie.status).toBe(200)
  const away = await askServer(web, `//evil.example.com/?token=${web.token}`)
  expect(away.headers.location).toBe('/evil.example.com/')
})

test('only the names of this server are answered, and what is not HTTP is refused', async () => {
  const statuses: number[] = []
  for (const host of ['localhost', `127.0.0.1:${web.port}`, 'torch.example.com', '127.0.0.2'])
    statuses.push(
      (await askServer(web, '/api/status', { headers: { ...bearer(web), host } })).status,
    )
  expect(statuses).toEqual([200, 200, 200, 421])
  expect(await raw('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.[01] 4(?:00|21) /)
  expect(await raw('\x16\x03\x01 no http\r\n\r\n')).toMatch(/ 400 /)
})

test('every answer has the headers that protect the page', async () => {
  for (const each of ['/', '/api/status', '/api/nothing', '/healthz', '/api/history'])
    for (const headers of [bearer(web), {}]) {
      const answer = await askServer(web, each, { headers })
      expect(answer.headers, each).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      })
      if (each !== '/') expect(answer.headers['cache-control'], each).toBe('no-store')
    }
})

test('a person starts a run, and the log says who and which', async () => {
  const post = async (at: string, body: string) =>
    askServer(web, at, { method: 'POST', headers: { ...bearer(web), 'x-torch': '1' }, body })
  expect((await post('/api/run', 'x'.repeat(5_000))).status).toBe(413)
  expect((await post('/api/run', '[]')).status).toBe(400)
  expect((await post('/api/run', '{"task":"nobody"}')).status).toBe(404)
  expect((await post('/api/kill', '{"target":"nightly"}')).status).toBe(409)
  expect(JSON.parse((await post('/api/run', '{"task":"byhand"}')).body)).toMatchObject({
    task: 'byhand',
  })
  expect(fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')).toMatch(
    /"by":"127\.0\.0\.1","task":"byhand","run":"\S+","event":"action","msg":"127\.0\.0\.1 starts byhand"/,
  )
})

/** What the server answers to these bytes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(web.port, '127.0.0.1', () => socket.write(bytes))
    onTestFinished(() => void socket.destroy())
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.includes('\r\n\r\n')) resolve(text)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
