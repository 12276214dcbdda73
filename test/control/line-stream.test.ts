import { describe, expect, test } from 'vitest'
import { newLineStream, type StreamParts } from '../../src/control/line-stream.ts'
import { TorchError } from '../../src/errors.ts'
import { wallClock } from '../../src/host/clock.ts'

type Request = Parameters<StreamParts['ask']>[0]
type Reply = Awaited<ReturnType<StreamParts['ask']>>

/** A stream whose requests are answered one after the other; the last answer repeats. */
function streamWith(...answers: ((request: Request) => Reply)[]) {
  const requests: Request[] = []
  const stream = newLineStream({
    ...{ clock: wallClock, task: 'job', run: 'r1', patienceMs: 100 },
    async ask(request) {
      requests.push(request)
      const answer = answers[Math.min(requests.length, answers.length) - 1]
      if (answer === undefined) throw new Error('no answer')
      return answer(request)
    },
  })
  return { stream, requests }
}

const takesAll = ({ lines }: Request): Reply => ({
  lines: lines.length,
  state: 'written',
  unread: 0,
})
const takes = (lines: number) => (): Reply => ({ lines, state: 'full', unread: 64_000 })
const fails = (code: 'daemon-gone' | 'not-running') => (): Reply => {
  throw new TorchError(code, code)
}
const buffers = (...lines: string[]) => lines.map((line) => Buffer.from(line))

describe('a stream of lines', () => {
  test('a stream continues where a full run stopped', async () => {
    const { stream, requests } = streamWith(takes(2), takes(0), takesAll)
    await stream.send(buffers('ä', 'b', 'c'))
    expect(requests.map(({ at, lines }) => [at, lines])).toEqual([
      [0, ['ä', 'b', 'c']],
      [5, ['c']],
      [5, ['c']],
    ])
    expect(stream.sent()).toBe(3)
    expect(new Set(requests.map(({ sender }) => sender)).size).toBe(1)
  })

  test('a stream repeats a request that no daemon answered, with the same position', async () => {
    const { stream, requests } = streamWith(takesAll, fails('daemon-gone'), takesAll)
    await stream.send(buffers('a'))
    await stream.send(buffers('b'))
    expect(requests.map(({ at }) => at)).toEqual([0, 2, 2])
  })

  test('a stream gives up when its patience is over, and says how much was sent', async () => {
    const { stream } = streamWith(takes(1), takes(0))
    await expect(stream.send(buffers('a', 'b'))).rejects.toMatchObject({
      code: 'input-full',
      message: 'job does not read: its input is full (64000 bytes unread)',
      hint: '1 line was sent; send the rest when it reads again',
    })
    const gone = streamWith(fails('daemon-gone'))
    await expect(gone.stream.send(buffers('a'))).rejects.toMatchObject({ code: 'daemon-gone' })
  })

  test('a stream sends many lines in requests of a bounded size, and long ones alone', async () => {
    const { stream, requests } = streamWith(takesAll)
    await stream.send(buffers('x'.repeat(20_000), 'y'.repeat(20_000), 'z'.repeat(60_000), 'end'))
    expect(requests.map(({ lines }) => lines.map((line) => line.length))).toEqual([
      [20_000],
      [20_000],
      [60_000],
      [3],
    ])
  })

  test('bytes that are not UTF-8 are sent one character for each', async () => {
    const { stream, requests } = streamWith(takesAll)
    await stream.send([Buffer.from([0xff, 0x41])])
    expect(requests[0]).toMatchObject({ encoding: 'latin1', lines: ['\xffA'] })
  })

  test('a run that ended after its last line is no fault of who closes its input', async () => {
    const { stream } = streamWith(takesAll, fails('not-running'))
    await stream.send(buffers('quit'))
    await stream.end()
    const unsent = streamWith(fails('not-running'))
    await expect(unsent.stream.end()).rejects.toMatchObject({ code: 'not-running' })
  })
})
