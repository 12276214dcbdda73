import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { closeSites, newSite } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterEach(closeSites)

const yaml = `tasks: {nightly: {schedule: "30 2 * * *", command: "true"}}\n`

test('torch web on a Unix socket needs no token, and only its owner may open it', async () => {
  const site = newSite(yaml)
  const socketPath = path.join(site.folder, 'web.sock')
  fs.writeFileSync(socketPath, 'no socket')
  const refused = await site.torch('web', '--listen', `unix:${socketPath}`)
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('not a socket') })
  fs.rmSync(socketPath)
  const { child, stdout } = site.spawn(['web', '--listen', `unix:${socketPath}`])
  onTestFinished(() => void child.kill())
  await until(() => stdout() === `unix:${socketPath}\n`, 'the line of torch web')
  expect(fs.statSync(socketPath).mode & 0o777).toBe(0o600)
  expect(await curl('--unix-socket', socketPath, 'http://any/api/status')).toMatch(
    /^HTTP\/1.1 200 /,
  )
  expect(await curl('--unix-socket', socketPath, 'http://any/healthz')).toMatch(/^HTTP\/1.1 503 /)
  expect(fs.existsSync(path.join(site.home, 'web-token'))).toBe(false)
  const second = await site.torch('web', '--listen', `unix:${socketPath}`)
  expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('listens there') })
})

test('torch web listens for other machines only with TLS, and then its cookie is secure', async () => {
  const site = newSite(yaml)
  const [cert, key] = [path.join(site.folder, 'c.pem'), path.join(site.folder, 'k.pem')]
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', ...form, ...files], { stdio: 'ignore' })
  const tls = ['--tls-cert', cert, '--tls-key', key]
  expect(await site.torch('web', '--listen', '0.0.0.0:0')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('would not be encrypted'),
  })
  const { child, stdout } = site.spawn(['web', '--listen', '0.0.0.0:0', ...tls])
  onTestFinished(() => void child.kill())
  const link = await until(
    () => /^https:\/\/0\.0\.0\.0(:\d+\/\?token=.+)\n/.exec(stdout())?.[1],
    'the line of torch web',
  )
  const opened = await curl('--insecure', `https://127.0.0.1${link}`)
  expect(opened).toMatch(/^HTTP\/1.1 303 /)
  expect(opened).toMatch(/^set-cookie: torch-.*; Secure\r$/im)
  // It would hold for all ports of this machine.
  expect(opened).not.toMatch(/^strict-transport-security/im)
})

test('torch web --insecure listens for other machines without TLS, and warns', async () => {
  const site = newSite(yaml)
  const { child, stdout, stderr } = site.spawn(['web', '--listen', '0.0.0.0:0', '--insecure'])
  onTestFinished(() => void child.kill())
  const link = await until(
    () => /^http:\/\/0\.0\.0\.0(:\d+\/\?token=.+)\n/.exec(stdout())?.[1],
    'the line of torch web',
  )
  expect(await curl(`http://127.0.0.1${link}`)).toMatch(/^HTTP\/1.1 303 /)
  expect(stderr()).toBe(
    'warning: 0.0.0.0 port 0 is not encrypted: everybody who sees the traffic can read the token\n',
  )
})

test('the printed link works with every token, and what others read has no token', async () => {
  const site = newSite(yaml)
  const file = path.join(site.folder, 'my token')
  const token = `${'a'.repeat(40)}+/=`
  fs.writeFileSync(file, `${token}\n`, { mode: 0o600 })
  const first = async (env: Record<string, string>, ...words: string[]) => {
    const { child, stdout } = site.spawn(['web', '--listen', '127.0.0.1:0', ...words], { env })
    onTestFinished(() => void child.kill())
    return until(() => /^(.+)\n/.exec(stdout())?.[1], 'the line of torch web')
  }
  const link = await first({}, '--token-file', file)
  expect(await curl(link)).toMatch(/^HTTP\/1.1 303 /)
  for (const name of ['TORCH_RUN_ID', 'JOURNAL_STREAM'])
    expect(await first({ [name]: '1' }, '--token-file', file)).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/ \(the token is in .*my token\)$/,
    )
})

test.each([
  ['--host-name', 'torch.example.com:8443', 'without a port; got "torch.example.com:8443"'],
  ['--host-name', 'http://torch.example.com', 'without a port; got "http://torch.example.com"'],
  ['--home', 'nowhere', '/nowhere does not exist, so no daemon has run there'],
  ['--token-file', 'nowhere/token', '--token-file: nowhere/token: there is no folder '],
])('torch web refuses %s %s, and makes nothing', async (option, value, words) => {
  const site = newSite(yaml)
  const ended = await site.torch('web', option, value)
  expect(ended).toMatchObject({ status: 2, stderr: expect.stringContaining(words) })
  expect(fs.readdirSync(site.folder)).toEqual(['tasks.yaml'])
})

/** The head and the body of an answer, as curl shows them. */
async function curl(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', ['--silent', '--include', ...words])
  return stdout
}
