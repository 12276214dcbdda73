import { execFile } from 'node:child_process'
import fs from 'node:fs'
import type { AddressInfo } from 'node:net'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { wallClock } from '../../src/host/clock.ts'
import { startHelper } from '../../src/host/helper.ts'
import { newDeliverer } from '../../src/notify/deliverer.ts'
import { sendMail } from '../../src/notify/mail.ts'
import type { MailTarget } from '../../src/tasks/notify.ts'
import { freePort } from '../support/free-port.ts'
import { messageOf } from '../support/notify.ts'
import { type Certificate, newCertificate } from '../support/script-server.ts'
import { root } from '../support/torch.ts'

let folder: string
let certificate: Certificate
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-mail-'))
  certificate = newCertificate(folder)
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly secure: boolean
  readonly user: string | undefined
}

/** A real SMTP server. What it got is in `received`. */
async function smtpServer(options: SMTPServerOptions = {}) {
  const received: Received[] = []
  const server = new SMTPServer({
    ...{
      authOptional: true,
      key: certificate.key,
      cert: certificate.cert,
      disableReverseLookup: true,
    },
    onAuth({ username = '', password = '' }, _, callback) {
      if (password === 'pass:word') callback(null, { user: username })
      else callback(new Error(`Invalid login of ${username} with ${password}`))
    },
    onData(stream, { envelope, secure, user }, callback) {
      let text = ''
      stream.on('data', (part: Buffer) => (text += part.toString()))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = envelope
        const from = mailFrom === false ? '' : mailFrom.address
        received.push({ from, to: rcptTo.map(({ address }) => address), text, secure, user })
        callback()
      })
    },
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  closers.push(() => server.close())
  return { received, port: (server.server.address() as AddressInfo).port }
}

function send(smtp: string | undefined, changes: Partial<Parameters<typeof sendMail>[0]> = {}) {
  const target = {
    kind: 'mail',
    name: 'oncall',
    to: ['a@x.org', 'b@x.org'],
    from: 'T <t@x.org>',
  } as const
  return sendMail({
    ...{ target: { ...target, smtp: null, password: null }, message: messageOf() },
    ...{ smtp, password: undefined, signal: new AbortController().signal, timeoutMs: 10_000 },
    ...{ variables: {}, ...changes },
  })
}

test('a relay gets a mail with the text, an id that stays the same, and no traps', async () => {
  const { received, port } = await smtpServer()
  const message = messageOf({ task: 'a\r\nBcc: evil@x.org', id: 'id <1>', output: 'é\n.\nend' })
  expect(await send(`smtp://127.0.0.1:${port}`, { message })).toEqual({
    ...{ kind: 'delivered', words: 'the server took it' },
  })
  expect(received).toMatchObject([{ from: 't@x.org', to: ['a@x.org', 'b@x.org'], secure: true }])
  const text = received[0]?.text ?? ''
  expect(text).toContain('Message-ID: <id__1_@db1>')
  expect(text).toContain('Auto-Submitted: auto-generated')
  expect(text).toMatch(/^From: T <t@x\.org>/m)
  expect(text).not.toMatch(/^Bcc:/m)
})

test('a password goes to a server over TLS', async () => {
  const { received, port } = await smtpServer({ authOptional: false })
  const url = `smtp://me@localhost:${port}`
  expect(await send(url, { password: 'pass:word' })).toMatchObject({ kind: 'delivered' })
  expect(received).toMatchObject([{ user: 'me', secure: true }])
  expect(await send(`smtp://me:pass%3Aword@localhost:${port}`)).toMatchObject({ kind: 'delivered' })
})

test('a login that is refused is final, and no word has the password', async () => {
  const { port } = await smtpServer({ authOptional: false })
  const delivery = await send(`smtp://me@localhost:${port}`, { password: 'wr0ng-one' })
  expect(delivery).toMatchObject({ kind: 'refused', words: 'SMTP 535: the login was refused' })
  expect(JSON.stringify(delivery)).not.toContain('wr0ng-one')
})

test('smtps takes a certificate of a CA of the machine, and no other', async () => {
  const { received, port } = await smtpServer({ secure: true, authOptional: false })
  const target: MailTarget = {
    ...{ kind: 'mail', name: 'oncall', to: ['a@x.org'], from: 't@x.org' },
    ...{ smtp: `smtps://me@localhost:${port}`, password: 'pass:word' },
  }
  const sendWith = async (ca: string) => {
    vi.stubEnv('NODE_EXTRA_CA_CERTS', ca)
    const deliverer = newDeliverer({ clock: wallClock, startHelper })
    try {
      return await deliverer.deliver({ kind: 'message', target, message: messageOf() })
    } finally {
      vi.unstubAllEnvs()
      await deliverer.close()
    }
  }
  const other = fs.mkdtempSync(path.join(folder, 'other-'))
  expect(await sendWith(newCertificate(other).file)).toMatchObject({
    kind: 'later',
    words: expect.stringMatching(/^its certificate is not valid; .* set NODE_EXTRA_CA_CERTS/),
  })
  expect(received).toEqual([])
  expect(await sendWith(certificate.file)).toMatchObject({ kind: 'delivered' })
  expect(received).toMatchObject([{ user: 'me', to: ['a@x.org'] }])
})

/** torch looks here first, so a test cannot have its own. */
const hasSendmail = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((each) =>
  fs.existsSync(`${each}/sendmail`),
)

test.skipIf(hasSendmail)(
  'without a server the program sendmail gets the mail and who gets it',
  async () => {
    expect(await send(undefined)).toMatchObject({
      ...{ kind: 'later', words: expect.stringContaining('no program sendmail') },
    })
    const got = path.join(folder, 'got')
    const status = path.join(folder, 'status')
    const script = `#!/bin/sh\n{ printf '%s\\n' "$@"; cat; } >${got}\necho why >&2\nexit $(cat ${status})\n`
    fs.writeFileSync(path.join(folder, 'sendmail'), script, { mode: 0o755 })
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
    onTestFinished(() => void vi.unstubAllEnvs())
    fs.writeFileSync(status, '0')
    const message = messageOf({ output: 'one\n.\ntwo' })
    expect(await send(undefined, { message })).toMatchObject({
      ...{ kind: 'delivered', words: 'sendmail took it' },
    })
    const text = fs.readFileSync(got, 'utf8')
    expect(text.startsWith('-i\n-f\nt@x.org\n--\na@x.org\nb@x.org\n')).toBe(true)
    expect(text).toMatch(/^To: a@x\.org, b@x\.org$/m)
    expect(text).toMatch(/^Subject: \[torch\] dump failed on db1$/m)
    expect(text).toContain('one\n.\ntwo')
    expect(text).not.toContain('\r')
    fs.writeFileSync(status, '75')
    expect(await send(undefined)).toEqual({
      ...{ kind: 'later', words: 'sendmail: exit code 75', details: 'why' },
    })
    fs.writeFileSync(status, '67')
    expect(await send(undefined)).toMatchObject({ kind: 'refused' })
  },
)

test('a mail that the server refuses for good is given up, for a moment is sent later', async () => {
  const answer = (responseCode: number) =>
    smtpServer({
      onRcptTo: (_, __, callback) =>
        callback(Object.assign(new Error('mailbox of me'), { responseCode })),
    })
  const refused = await send(`smtp://127.0.0.1:${(await answer(550)).port}`)
  expect(refused).toMatchObject({ kind: 'refused', words: 'SMTP 550' })
  const later = await send(`smtp://127.0.0.1:${(await answer(451)).port}`)
  expect(later).toMatchObject({ kind: 'later', words: 'SMTP 451' })
})

test('a server that takes some of the addresses has the mail', async () => {
  const { received, port } = await smtpServer({
    onRcptTo({ address }, _, callback) {
      callback(address.startsWith('a') ? null : new Error('unknown'))
    },
  })
  expect(await send(`smtp://127.0.0.1:${port}`)).toMatchObject({
    ...{ kind: 'delivered', words: 'the server took it, but not for b@x.org' },
  })
  expect(received).toMatchObject([{ to: ['a@x.org'] }])
})

test('a server that is not there, hangs or is none at all is tried again', async () => {
  expect(await send(`smtp://127.0.0.1:${await freePort()}`)).toEqual({
    ...{ kind: 'later', words: 'it refuses the connection (ECONNREFUSED)' },
  })
  const silent = net.createServer((socket) => closers.push(() => socket.destroy()))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  closers.push(() => silent.close())
  const over = new AbortController()
  silent.on('connection', () => over.abort())
  const { port } = silent.address() as AddressInfo
  expect(await send(`smtp://127.0.0.1:${port}`, { signal: over.signal, timeoutMs: 500 })).toEqual({
    ...{ kind: 'later', words: 'it did not answer in time' },
  })
  expect(await send('mailto:x')).toMatchObject({ kind: 'refused' })
})

test('without the package nodemailer, the error says how to get it', async () => {
  // A process in which that package does not exist.
  const hooks = `export async function resolve(name, context, next) {
    if (name === 'nodemailer') throw new Error('Cannot find package')
    return next(name, context)
  }`
  const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
  const program = `
    import { register } from 'node:module'
    register(${JSON.stringify(url(hooks))})
    const { sendMail } = await import(${JSON.stringify(pathToFileURL(path.join(root, 'dist/notify/mail.js')).href)})
    await sendMail({}).catch((error) => console.log(error.message))`
  const words = ['--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  expect(stdout).toBe('the package nodemailer is missing: npm install nodemailer\n')
})
