import type { FleetView, StatusAnswer, Update } from '../http/api.ts'
import { apiAddress, AskError, getJson, isAborted, problemWords, request } from './ask.ts'
import { eventReader, retryAfterMs, type ServerEvent } from './model/event-stream.ts'
import { effect } from '@preact/signals'
import { address, connection, fleet, forgetScope, tellStatus, tellUpdate } from './state.ts'

/** The server sends something each 15 s. After this long without, the connection is dead, in ms. */
const maxSilenceMs = 40_000
/** A page that nobody sees gives up its connection after this long, in ms: a browser has only six for a host. */
const maxHiddenMs = 10_000

let attempt = new AbortController()
let wake: () => void = () => {}

/** Keeps the page as the server sees it, for as long as the page is open. */
export async function stayLive(): Promise<never> {
  watchVisibility()
  watchScope()
  let failures = 0
  for (;;) {
    attempt = new AbortController()
    isSwitching = false
    try {
      await connectOnce(attempt.signal, () => (failures = 0))
      failures += 1
    } catch (error) {
      if (!isAborted(error)) failures += 1
      if (error instanceof AskError && error.status === 401) {
        connection.value = { kind: 'refused', why: problemWords(error) }
        await woken()
        continue
      }
      await lost(failures, error)
      continue
    }
    await lost(failures, new Error('the connection ended'))
  }
}

/** Tries again at once. */
export function tryNow(): void {
  wake()
}

async function lost(failures: number, error: unknown): Promise<void> {
  if (isSwitching) {
    isSwitching = false
    return
  }
  if (document.hidden && isAborted(error)) {
    await woken()
    return
  }
  const waitMs = isAborted(error) ? 0 : retryAfterMs(failures, Math.random())
  const before = connection.peek()
  const since = before.kind === 'lost' ? before.since : Date.now()
  const why = isAborted(error)
    ? 'torch web says nothing'
    : error instanceof AskError
      ? problemWords(error)
      : 'torch web ended it'
  connection.value = { kind: 'lost', why, since, nextTry: Date.now() + waitMs }
  const timer = setTimeout(() => wake(), waitMs)
  await woken()
  clearTimeout(timer)
}

function woken(): Promise<void> {
  return new Promise((resolve) => {
    wake = resolve
  })
}

/** Asks for everything, then follows what changes, until the connection ends. */
async function connectOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
  const status = await getJson<StatusAnswer>('status', [], signal)
  tellStatus(status)
  const headers = { Accept: 'text/event-stream', 'Last-Event-ID': status.lastEventId }
  const response = await request(apiAddress('events'), { signal, headers })
  connection.value = { kind: 'live' }
  onLive()
  for await (const { event, data } of eventsOf(response, () => attempt.abort())) {
    if (event === 'reset') tellStatus(await getJson<StatusAnswer>('status', [], signal))
    else if (event === 'update') tellUpdate(JSON.parse(data) as Update)
    else if (event === 'fleet') fleet.value = JSON.parse(data) as FleetView
  }
}

/** The events of an answer as they come. `onSilence` is called if nothing comes for too long. */
export async function* eventsOf(
  response: Response,
  onSilence: () => void,
): AsyncGenerator<ServerEvent> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) return
  const read = eventReader()
  try {
    for (;;) {
      const timer = setTimeout(onSilence, maxSilenceMs)
      const { value, done } = await reader.read().finally(() => clearTimeout(timer))
      if (done) return
      yield* read(value)
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}

/** The page shows another machine. */
let isSwitching = false

function watchScope(): void {
  let before = address.peek().host
  effect(() => {
    const { host } = address.value
    if (host === before) return
    before = host
    isSwitching = true
    connection.value = { kind: 'connecting' }
    forgetScope()
    attempt.abort()
    wake()
  })
}

function watchVisibility(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(() => attempt.abort(), maxHiddenMs)
    else wake()
  })
  addEventListener('online', () => wake())
}
