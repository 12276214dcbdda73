import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { refuseGarbage } from '../../src/control/refusal.ts'

/** What a client gets that fails with this code, and whether its connection is ended. */
async function farewell(code: string): Promise<{ text: string; ended: boolean }> {
  const socket = new PassThrough()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => socket.once('close', resolve))
  refuseGarbage(Object.assign(new Error('words'), { code }), socket)
  await ended
  return { text: Buffer.concat(chunks).toString(), ended: socket.destroyed }
}

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_INVALID_METHOD', '400 Bad Request'],
])('%s is answered with %s', async (code, status) => {
  const body =
    '{"error":{"code":"bad-request","message":"no request: words","hint":null,"exit":1,"details":[]}}'
  expect(await farewell(code)).toEqual({
    text:
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    ended: true,
  })
})

test('who has hung up is not written to', async () => {
  expect(await farewell('ECONNRESET')).toEqual({ text: '', ended: true })
})
