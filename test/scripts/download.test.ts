import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { wallClock } from '../../src/host/clock.ts'
import { download, type Request } from '../../src/scripts/download.ts'
import {
  type Answer,
  type Certificate,
  newCertificate,
  scriptServer,
  sends,
} from '../support/script-server.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-download-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
let files = 0

async function from(answer: Answer, certificate?: Certificate) {
  const server = await scriptServer(answer, certificate)
  onTestFinished(() => server.close())
  const get = (changes: Partial<Request> = {}) => {
    files += 1
    const file = path.join(folder, String(files))
    return download(wallClock, {
      ...{ url: `${server.url}/script`, headers: {}, etag: null, isPinned: false, file },
      ...{ timeoutMs: 20_000, maxBytes: 100_000, ...changes },
    })
  }
  return { server, get }
}

describe('download', () => {
  test('writes what the server sends, and says its sum, its length and its ETag', async () => {
    const { get, server } = await from(sends('#!/bin/sh\necho hello\n'))
    const found = await get()
    expect(found).toMatchObject({ kind: 'whole', bytes: 21, finalUrl: `${server.url}/script` })
    if (found.kind !== 'whole') throw new Error('it is not whole')
    const content = fs.readFileSync(path.join(folder, String(files)))
    expect(found.sha256).toBe(createHash('sha256').update(content).digest('hex'))
    expect(await get({ etag: found.etag })).toEqual({ kind: 'not-modified' })
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('follows a redirect, and then leaves the own headers at home', async () => {
    const other = await from(sends('#!/bin/sh\n'))
    const { get, server } = await from(({ url }, response) => {
      const location = url === '/script' ? '/there' : `${other.server.url}/moved`
      response.writeHead(302, { location }).end()
    })
    const found = await get({ headers: { Authorization: 'Bearer secret' } })
    expect(found).toMatchObject({ kind: 'whole', finalUrl: `${other.server.url}/moved` })
    expect(server.requests.map(({ path: each, headers }) => [each, headers.authorization])).toEqual(
      [
        ['/script', 'Bearer secret'],
        ['/there', 'Bearer secret'],
      ],
    )
    expect(other.server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  test('takes a body that ends by closing only with a pin', async () => {
    const { get } = await from((_, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n#!/bin/sh\n')
    })
    await expect(get()).rejects.toThrow('the server does not say how long it is')
    expect(await get({ isPinned: true })).toMatchObject({ kind: 'whole', bytes: 10 })
  })

  test('says what is wrong with the network', async () => {
    const { get, server } = await from(sends('x'))
    await server.close()
    await expect(get()).rejects.toThrow(/^localhost:\d+ refuses the connection \(ECONNREFUSED\)$/)
    await expect(get({ url: 'http://nosuchhost.invalid/x' })).rejects.toThrow(
      /nosuchhost\.invalid.*\((ENOTFOUND|EAI_AGAIN)\)$/,
    )
    await expect(get({ headers: { 'X-Bad': 'a\nb' } })).rejects.toThrow(/header/i)
  })

  test('says what to do with a certificate of an own CA', async () => {
    const certificate = newCertificate(folder)
    const { get } = await from(sends('x'), certificate)
    await expect(get()).rejects.toThrow(
      /^the certificate of localhost:\d+ is not valid: self-signed certificate; .* set NODE_EXTRA_CA_CERTS, then stop and start the daemon /,
    )
  })

  test('takes no answer that it did not ask for', async () => {
    const { get } = await from((_, response) => response.writeHead(304).end())
    await expect(get()).rejects.toThrow(/^304 Not Modified$/)
  })

  test('leaves an error of the disk as it is', async () => {
    const { get } = await from(sends('x'))
    const file = path.join(folder, 'missing', 'file')
    await expect(get({ file })).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
