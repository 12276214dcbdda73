import { type Signal, signal } from '@preact/signals'
import type { RunAnswer } from '../../http/api.ts'
import { byteLength } from '../../text/size.ts'
import { apiAddress, type Fields, getJson, isAborted, problemWords, request } from '../ask.ts'
import { eventsOf } from '../live.ts'
import { retryAfterMs } from '../model/event-stream.ts'
import { mayGrow, noLines, type OutputLines, withEarlier, withText } from './lines.ts'

/** How much of the end of an output comes first, and how much before it at a time, in bytes. */
const firstBytes = 256 * 1024
const moreBytes = 1024 * 1024

export interface Output {
  readonly text: OutputLines
  /** The first byte that is loaded: 0 is the beginning of the output. */
  readonly from: number
  /** The byte after the last one that is loaded. */
  readonly to: number
  readonly state: 'loading' | 'following' | 'ended' | 'none'
  readonly problem: string | null
  /** The machine that has it does not answer. */
  readonly isAway?: boolean
}

export interface OutputSource {
  readonly output: Signal<Output>
  /** Loads the part before the one that is loaded. */
  readonly loadEarlier: () => Promise<void>
  readonly close: () => void
}

const empty: Output = { text: noLines, from: 0, to: 0, state: 'loading', problem: null }

/** The output of a run: its end first, then what it prints from now on; what is before it on demand. */
export function openOutput(run: string): OutputSource {
  const output = signal<Output>({ ...empty, text: { lines: [], isOpen: false, dropped: 0 } })
  const closing = new AbortController()
  const path = `runs/${encodeURIComponent(run)}`
  let isLoadingEarlier = false

  const loadEarlier = async (): Promise<void> => {
    const { from: to } = output.peek()
    if (isLoadingEarlier || to === 0) return
    isLoadingEarlier = true
    try {
      const part = await getBytes(path, Math.max(0, to - moreBytes), to, closing.signal)
      const now = output.peek()
      output.value = {
        ...now,
        text: withEarlier(now.text, part.text),
        from: part.from,
        problem: null,
      }
    } catch (error) {
      if (!isAborted(error)) output.value = { ...output.peek(), problem: problemWords(error) }
    } finally {
      isLoadingEarlier = false
    }
  }
  void follow(path, output, closing.signal)
  return { output, loadEarlier, close: () => closing.abort() }
}

/** Loads the end of the output, then follows it until the run has ended. Tries again after a lost connection. */
async function follow(path: string, output: Signal<Output>, aborted: AbortSignal): Promise<void> {
  let failures = 0
  let isFirst = true
  while (!aborted.aborted) {
    try {
      if (isFirst) {
        if (!(await loadEnd(path, output, aborted))) return
        isFirst = false
      }
      if (await followOnce(path, output, aborted)) return
      failures = 0
    } catch (error) {
      if (aborted.aborted) return
      failures += 1
      output.value = { ...output.peek(), problem: problemWords(error) }
    }
    await new Promise((resolve) =>
      setTimeout(resolve, retryAfterMs(Math.max(1, failures), Math.random())),
    )
  }
}

/** True if more may come. */
async function loadEnd(
  path: string,
  output: Signal<Output>,
  aborted: AbortSignal,
): Promise<boolean> {
  const run = await getJson<RunAnswer>(path, [], aborted)
  const { output: kept } = run
  const isGrowing = mayGrow(run)
  if (kept === null && !isGrowing) {
    output.value = { ...output.peek(), state: 'none', isAway: run.why !== undefined }
    return false
  }
  const size = kept?.bytes ?? 0
  const part =
    size === 0
      ? { from: 0, to: 0, text: '' }
      : await getBytes(path, Math.max(0, size - firstBytes), size, aborted)
  const before: OutputLines = { lines: [], isOpen: false, dropped: 0 }
  const state = isGrowing ? 'following' : 'ended'
  output.value = {
    text: withText(before, part.text),
    from: part.from,
    to: part.to,
    state,
    problem: null,
  }
  return isGrowing
}

interface Part {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Bytes of the output as text. It begins with a whole character, so that what is before it can be joined to it. */
async function getBytes(
  path: string,
  from: number,
  to: number,
  aborted: AbortSignal,
): Promise<Part> {
  const fields: Fields = [
    ['from', String(from)],
    ['to', String(to)],
  ]
  const response = await request(apiAddress(`${path}/output`, fields), { signal: aborted })
  const bytes = new Uint8Array(await response.arrayBuffer())
  let skip = 0
  // A continuation byte of UTF-8 is 10xxxxxx; a character has at most three.
  while (from > 0 && skip < 3 && ((bytes[skip] ?? 0) & 0xc0) === 0x80) skip += 1
  const text = new TextDecoder().decode(bytes.subarray(skip))
  return { from: from + skip, to: from + bytes.length, text }
}

/** True if the run has ended. */
async function followOnce(
  path: string,
  output: Signal<Output>,
  aborted: AbortSignal,
): Promise<boolean> {
  const fields: Fields = [
    ['follow', '1'],
    ['from', String(output.peek().to)],
  ]
  const attempt = new AbortController()
  const either = AbortSignal.any([attempt.signal, aborted])
  const headers = { Accept: 'text/event-stream' }
  const response = await request(apiAddress(`${path}/output`, fields), { signal: either, headers })
  for await (const { event, data, id } of eventsOf(response, () => attempt.abort())) {
    const before = output.peek()
    if (event === 'end') {
      output.value = { ...before, state: 'ended', problem: null }
      return true
    }
    const { from, text }: { from: number; text: string } = JSON.parse(data)
    // The id is the byte after the text: bytes that are no text have another length here.
    const to = /^\d+$/.test(id) ? Number(id) : from + byteLength(text)
    output.value = { ...before, text: withText(before.text, text), to, problem: null }
  }
  return false
}
