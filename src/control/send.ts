import type { ServerResponse } from 'node:http'
import { wallClock } from '../host/clock.ts'

/** Entries of a list that are written at once: the status of so many tasks takes a millisecond. */
const entriesPerPart = 512

/**
 * Answers with JSON. A long list goes in parts, each in a turn of the loop of its own, and not before
 * the client has taken those before it: the ticks go on meanwhile, and who never reads takes little
 * memory. One request per connection: a client that stays does not keep anybody else out.
 */
export async function send(response: ServerResponse, status: number, reply: object): Promise<void> {
  const headers = { 'content-type': 'application/json', connection: 'close' }
  if (!Object.values(reply).some(isLong)) {
    const text = JSON.stringify(reply)
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text)
    return
  }
  response.writeHead(status, headers)
  for (const part of jsonParts(reply)) {
    if (!response.write(part)) await drained(response)
    if (response.destroyed) return
    await wallClock.turn()
  }
  response.end()
}

function isLong(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > entriesPerPart
}

/** The same text as JSON.stringify() gives. */
function* jsonParts(reply: object): Generator<string> {
  let mark = '{'
  for (const [key, value] of Object.entries(reply)) {
    const name = `${mark}${JSON.stringify(key)}:`
    mark = ','
    if (!isLong(value)) {
      yield name + JSON.stringify(value)
      continue
    }
    for (let at = 0; at < value.length; at += entriesPerPart) {
      const entries = JSON.stringify(value.slice(at, at + entriesPerPart)).slice(1, -1)
      yield (at === 0 ? `${name}[` : ',') + entries
    }
    yield ']'
  }
  yield '}'
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}
