export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** An event with more text than this is not from torch, in UTF-16 units. */
const maxEventLength = 64_000_000

/**
 * Reads the text of an event stream as it comes, in pieces of any size.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function eventReader(): (text: string) => ServerEvent[] {
  let rest = ''
  let id = ''
  let event = ''
  let data: string[] = []
  const take = (line: string): ServerEvent[] => {
    if (line === '') {
      const found =
        data.length === 0 ? [] : [{ id, event: event || 'message', data: data.join('\n') }]
      event = ''
      data = []
      return found
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id') id = value
    return []
  }
  return (text) => {
    rest += text
    if (rest.length > maxEventLength) throw new Error('the server sent an event without an end')
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    return lines.flatMap(take)
  }
}

const retryMs = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000]

/** How long to wait before the next attempt, in ms; `random` from 0 to 1 keeps pages from coming all at once. */
export function retryAfterMs(failures: number, random: number): number {
  const most = retryMs[Math.min(failures, retryMs.length) - 1] ?? retryMs[0] ?? 0
  return Math.round(most * (0.75 + random / 2))
}
