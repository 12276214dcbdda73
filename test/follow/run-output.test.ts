import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Piece, tailOffset } from '../../src/follow/holes.ts'
import { fromStart, openOutput, type OutputReader } from '../../src/follow/run-output.ts'
import { cutMiddle } from '../../src/run/output.ts'
import { thisMachine } from '../../src/host/host.ts'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)
const host = thisMachine()

/** Writes an output with a hole, as torch makes them; undefined if the file system makes no holes. */
function outputWithHole(folder: string): string | undefined {
  const run = path.join(folder, '20260310T120000.000-abcdef')
  fs.mkdirSync(run, { recursive: true })
  const output = path.join(run, 'output')
  fs.writeFileSync(output, `head\n${'x'.repeat(600_000)}\ntail\n`)
  const words = ['--punch-hole', '--offset', '8192', '--length', String(61 * 8192), output]
  return spawnSync('fallocate', words).status === 0 ? output : undefined
}

test('torch logs prints one line in place of a hole in a long output', async ({ skip }) => {
  const site = newSite('tasks: {job: {schedule: "@daily", command: x}}')
  const output = outputWithHole(path.join(site.home, 'runs/job'))
  if (output === undefined) return skip('this file system makes no holes')
  const { stdout } = await site.torch('logs', 'job')
  expect(stdout).not.toContain('\0')
  expect(stdout.match(/\n\[torch: output left out here\]\n/g)).toHaveLength(1)
  expect(stdout).toMatch(/^head\nx+\n\[torch/)
  expect(stdout).toMatch(/\]\nx+\ntail\n$/)
  expect(stdout).toHaveLength(
    fs.statSync(output).size - 61 * 8192 + '\n[torch: output left out here]\n'.length,
  )
})

test('torch logs of an output with a hole of terabytes ends, also with -n', async ({ skip }) => {
  const site = newSite('tasks: {job: {schedule: "@daily", command: x}}')
  const run = path.join(site.home, 'runs/job/20260310T120000.000-abcdef')
  fs.mkdirSync(run, { recursive: true })
  const output = path.join(run, 'output')
  fs.writeFileSync(output, 'one\ntwo\n')
  try {
    fs.truncateSync(output, 8 * 1024 ** 4)
  } catch {
    return skip('this file system has no files of that size')
  }
  fs.appendFileSync(output, 'three\n')
  const whole = (await site.torch('logs', 'job')).stdout
  expect(whole).toBe('one\ntwo\n\n[torch: output left out here]\nthree\n')
  const last = (await site.torch('logs', 'job', '-n', '2')).stdout
  expect(last).toMatch(/two\n\n\[torch: output left out here\]\nthree\n$/)
})

test('torch logs prints zeros that the task wrote itself', async () => {
  const site = newSite('tasks: {job: {schedule: "@daily", command: x}}')
  const run = path.join(site.home, 'runs/job/20260310T120000.000-abcdef')
  fs.mkdirSync(run, { recursive: true })
  fs.writeFileSync(path.join(run, 'output'), Buffer.alloc(200_000))
  expect((await site.torch('logs', 'job')).stdout).toHaveLength(200_000)
})

describe('The offset of the last lines', () => {
  const where = (text: string, lines: number): string => {
    const file = path.join(newSite().folder, 'output')
    fs.writeFileSync(file, text)
    return text.slice(tailOffset(host, file, lines))
  }
  test.each([
    ['', 3, ''],
    ['a\nb\n', 0, ''],
    ['a\nb\n', 1, 'b\n'],
    ['a\nb', 1, 'b'],
    ['a\nb\n', 2, 'a\nb\n'],
    ['a\nb\n', 9, 'a\nb\n'],
    ['\n\n\n', 2, '\n\n'],
  ])('in the text %j, the last %d lines are %j', (text, lines, last) => {
    expect(where(text, lines)).toBe(last)
  })

  test('the offset of the last lines is right in a file of many chunks', () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `${index}${'.'.repeat(index % 9)}\n`)
    const text = lines.join('')
    for (const count of [1, 100, 9_000, 39_999])
      expect(where(text, count)).toBe(lines.slice(-count).join(''))
  })
})

/** All that is to be read now. */
function read(output: OutputReader): Piece[] {
  const pieces: Piece[] = []
  for (let piece = output.next(); piece !== undefined; piece = output.next()) pieces.push(piece)
  return pieces
}

const textOf = (pieces: readonly Piece[]): string =>
  Buffer.concat(pieces.map(({ bytes }) => bytes)).toString()

describe('The output file of a run', () => {
  test('an output file is read once it exists, and stays readable when it is replaced', () => {
    const site = newSite()
    const output = openOutput(host, site.folder, fromStart)
    expect(read(output)).toEqual([])
    const file = site.write('output', 'one')
    expect(read(output)).toEqual([{ bytes: Buffer.from('one'), begin: 0, end: 3 }])
    // The new file of that name is not the one that is open.
    fs.rmSync(file)
    site.write('output', 'shorter')
    expect(read(output)).toEqual([])
    output.close()
  })

  test('an output file that vanishes between two looks is empty', () => {
    const files = { ...host.files, facts: () => ({ ...facts, size: 3 }) }
    const facts = host.files.facts('/') ?? expect.fail('no root directory')
    expect(read(openOutput({ ...host, files }, newSite().folder, fromStart))).toEqual([])
  })

  test('a reader finds its place again in an output whose middle torch has cut out', async () => {
    const { folder, write } = newSite()
    const whole = Array.from({ length: 50_000 }, (_, index) => `line ${index}\n`).join('')
    const maxBytes = 100_001
    write('output', whole)
    write('run.json', JSON.stringify({ maxOutputBytes: maxBytes }))
    await cutMiddle(host, folder, maxBytes)
    const leftOut = whole.length - maxBytes
    const line = `\n[torch: ${leftOut} bytes left out here]\n`
    const [head, tail] = [whole.slice(0, 50_000), whole.slice(-50_001)]
    const readFrom = (from: number): string => textOf(read(openOutput(host, folder, { from })))
    expect(readFrom(0)).toBe(head + line + tail)
    expect(readFrom(49_000)).toBe(head.slice(49_000) + line + tail)
    expect(readFrom(50_001)).toBe(line.slice(1) + tail)
    expect(readFrom(50_000 + leftOut - 1)).toBe(line.slice(1) + tail)
    expect(readFrom(50_000 + leftOut)).toBe(tail)
    expect(readFrom(whole.length - 10)).toBe(whole.slice(-10))
    expect(readFrom(whole.length)).toBe('')
    expect(read(openOutput(host, folder, fromStart)).at(-1)?.end).toBe(whole.length)
  })

  test('a reader that comes to a hole which was not there before gets one line for it', ({
    skip,
  }) => {
    const { folder } = newSite()
    const file = path.join(folder, 'output')
    fs.writeFileSync(file, 'x'.repeat(600_000))
    const output = openOutput(host, folder, fromStart)
    const first = output.next() ?? expect.fail('nothing to read')
    const words = ['--punch-hole', '--offset', '131072', '--length', '409600', file]
    if (spawnSync('fallocate', words).status !== 0) return skip('this file system makes no holes')
    const pieces = [first, ...read(output)]
    expect(textOf(pieces)).toBe(
      `${'x'.repeat(131_072)}\n[torch: output left out here]\n${'x'.repeat(600_000 - 131_072 - 409_600)}`,
    )
    const gap = pieces.find(({ bytes }) => bytes.includes('torch'))
    expect(gap).toMatchObject({ begin: 131_072, end: 131_072 + 409_600 })
    // Whoever comes again within the hole gets no line that ends another one.
    const again = read(openOutput(host, folder, { from: 131_073 }))
    expect(textOf(again.slice(0, 1))).toBe('[torch: output left out here]\n')
    output.close()
  })
})
