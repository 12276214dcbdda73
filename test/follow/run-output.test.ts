import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openOutput, tailOffset } from '../../src/follow/run-output.ts'
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

describe('The output file of a run', () => {
  test('an output file is read once it exists, and stays readable when it is replaced', async () => {
    const site = newSite()
    const shown: string[] = []
    const show = async (bytes: Uint8Array): Promise<void> => void shown.push(String(bytes))
    const output = openOutput(host, site.folder, () => 0, show)
    expect(await output.drain()).toBe(false)
    const file = site.write('output', 'one')
    expect(await output.drain()).toBe(true)
    // The new file of that name is not the one that is open.
    fs.rmSync(file)
    site.write('output', 'shorter')
    expect(await output.drain()).toBe(false)
    expect(shown).toEqual([String(Buffer.from('one'))])
    output.close()
  })

  test('an output file that vanishes between two looks is empty', async () => {
    const files = { ...host.files, facts: () => ({ ...facts, size: 3 }) }
    const facts = host.files.facts('/') ?? expect.fail('no root directory')
    const output = openOutput(
      { ...host, files },
      newSite().folder,
      () => 0,
      async () => {},
    )
    expect(await output.drain()).toBe(false)
  })
})
