import { describe, expect, test } from 'vitest'
import { newPrintedLines } from '../../../src/daemon/output/print-output.ts'
import type { OpenStandardOutput } from '../../../src/host/standard-output.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

/** Keeps what is printed. */
function newReader() {
  const texts: string[] = []
  const openStandardOutput: OpenStandardOutput = () => ({
    write(text) {
      texts.push(text)
      return 'room'
    },
    end: async () => {},
  })
  return { openStandardOutput, lines: () => texts.join('').split('\n').slice(0, -1) }
}

describe('torch start --foreground --output', () => {
  test('each line of each run is printed, and the output files are written all the same', async () => {
    const reader = newReader()
    const command = 'echo one; echo two >&2; printf three'
    const site = newSite(`tasks: {job: {type: manual, command: "${command}"}}`, { output: 'text' })
    const daemon = await site.daemon({ openStandardOutput: reader.openStandardOutput })
    const { directory } = await daemon.ask('run', { task: 'job', force: false })
    await daemon.runs('job', 0)
    await until(() => {
      site.clock.advance(10)
      return reader.lines().length === 3
    }, 'three lines')
    expect(reader.lines()).toEqual(['job | one', 'job | two', 'job | three'])
    expect(daemon.state.host.files.readText(`${directory}/output`)).toBe('one\ntwo\nthree')
  })

  test('what an adopted run printed before is not printed again', async () => {
    const command = 'echo before; until test -e go; do sleep 0.05; done; echo behind'
    const site = newSite(`tasks: {job: {type: manual, cwd: ".", command: "${command}"}}`, {
      output: 'json',
    })
    const first = newReader()
    const one = await site.daemon({ openStandardOutput: first.openStandardOutput })
    const { run } = await one.ask('run', { task: 'job', force: false })
    await until(() => {
      site.clock.advance(10)
      return first.lines().length === 1
    }, 'the first line')
    one.kill()
    site.clock.advance(1000)
    const second = newReader()
    const two = await site.daemon({ openStandardOutput: second.openStandardOutput })
    two.state.host.files.write(`${site.folder}/go`, '')
    await until(() => {
      site.clock.advance(10)
      return second.lines().length > 0
    }, 'the last line')
    const time = expect.stringMatching(/^2\d{3}-.*Z$/)
    await two.polledEnd('job')
    expect(second.lines().map((line): unknown => JSON.parse(line))).toEqual([
      { task: 'job', run, stream: 'output', time, line: 'behind' },
    ])
  })
})

test('a line of JSON that is too long comes in parts, and one of text without its carriage return', () => {
  const run = { task: 'job', run: 'r1' }
  const event = (text: string) => {
    const bytes = Buffer.from(text)
    const piece = { bytes, begin: 0, end: bytes.length }
    return { kind: 'output', run, piece, atMs: 0 } as const
  }
  const part = newPrintedLines('json').of(event('x'.repeat(70_000)))
  expect(JSON.parse(part.text())).toMatchObject({ line: 'x'.repeat(65_536), partial: true })
  expect(newPrintedLines('text').of(event('a\r\nb\n')).text()).toBe('job | a\njob | b\n')
})
