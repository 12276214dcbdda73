import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { jsonOf, refuseGarbage } from '../../src/control/reply.ts'

/** What a client gets after an error with this code, and whether its connection is closed. */
async function refusal(code: string): Promise<{ text: string; closed: boolean }> {
  const socket = new PassThrough()
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  refuseGarbage(Object.assign(new Error('reason'), { code }), socket)
  await closed
  return { text: Buffer.concat(chunks).toString(), closed: socket.destroyed }
}

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_INVALID_METHOD', '400 Bad Request'],
])('a client whose bytes end in %s gets status %s', async (code, status) => {
  const body =
    '{"error":{"code":"bad-request","message":"not a request: reason","hint":null,"exit":1,"details":[]}}'
  expect(await refusal(code)).toEqual({
    text:
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    closed: true,
  })
})

test('a client that has hung up gets nothing', async () => {
  expect(await refusal('ECONNRESET')).toEqual({ text: '', closed: true })
})

test('a long list becomes the same text, and other work has its turn meanwhile', async () => {
  const body = {
    none: [],
    left: undefined,
    'a "key"': { text: 'é', more: [1, null] },
    items: Array.from({ length: 1_001 }, (_, n) => ({ n, text: `line ${n}\n` })),
  }
  let turns = 0
  let isMade = false
  const count = (): void => {
    turns++
    if (!isMade) setImmediate(count)
  }
  setImmediate(count)
  const text = await jsonOf(body)
  isMade = true
  expect(text).toBe(JSON.stringify(body))
  // One for each 200 items.
  expect(turns).toBeGreaterThanOrEqual(5)
})
