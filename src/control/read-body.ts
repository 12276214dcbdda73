import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

export const maxBodyBytes = 64 * 1024

/** The whole body as text; undefined where the client went away before its end. Throws Refusal 413. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBodyBytes) chunks.push(chunk)
      else reject(new Refusal(413, 'too-large', `the request is over ${maxBodyBytes} bytes`))
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('error', () => resolve(undefined))
  })
}
