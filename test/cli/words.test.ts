import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { passedOn } from '../../src/cli/terminal/exit-status.ts'
import { openOutput, tailOffset } from '../../src/cli/commands/logs/run-output.ts'
import { table } from '../../src/cli/terminal/table.ts'
import type { Terminal } from '../../src/cli/terminal/terminal.ts'
import { roughly } from '../../src/cli/terminal/times.ts'
import { thisMachine } from '../../src/host/host.ts'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)
const host = thisMachine()

test.each([
  [0, '0s'],
  [999, '999ms'],
  [1234, '1.2s'],
  [12_345, '12s'],
  [310_400, '5m10s'],
  [12_000_000, '3h20m'],
  [1_051_000_000, '12d4h'],
])('%d ms is roughly %s', (ms, text) => {
  expect(roughly(ms)).toBe(text)
})

describe('a table', () => {
  const terminal = { paint: (style, text) => `<${String(style)}>${text}</>` } as Terminal
  test('is aligned by what is seen, and has no blanks at the ends of lines', () => {
    const rows = [['a', ['ok', 'green'], ''], ['long', '', 'x'], ['b']] as const
    expect(
      table(
        terminal,
        ['N', 'HOW', 'X'],
        rows.map((row) => [...row]),
      ),
    ).toBe(
      ['<dim>N</>     <dim>HOW</>  <dim>X</>', 'a     <green>ok</>', 'long       x', 'b'].join(
        '\n',
      ),
    )
  })
})

describe('the exit status of torch run', () => {
  const nothing = { exitCode: null, signal: null, reason: null }
  test.each([
    [{ ...nothing, outcome: 'ok', exitCode: 0 }, undefined, 0],
    [{ ...nothing, outcome: 'failed', exitCode: 255 }, 255, 255],
    [{ ...nothing, outcome: 'killed', signal: 'SIGTERM' }, undefined, 143],
    [{ ...nothing, outcome: 'killed', exitCode: 3, signal: 'SIGTERM' }, undefined, 3],
    [{ ...nothing, outcome: 'timeout', exitCode: 0, signal: 'SIGTERM' }, undefined, 124],
    [{ ...nothing, outcome: 'spawn-failed' }, 127, 127],
    [{ ...nothing, outcome: 'spawn-failed' }, undefined, 126],
    [{ ...nothing, outcome: 'unknown' }, undefined, 1],
  ] as const)('%j', (ended, recorded, status) => {
    expect(passedOn(ended, recorded)).toBe(status)
  })
})

describe('where the last lines begin', () => {
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
  ])('%j, the last %d', (text, lines, last) => {
    expect(where(text, lines)).toBe(last)
  })

  test('of a file of many chunks, with line breaks on both sides of each', () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `${index}${'.'.repeat(index % 9)}\n`)
    const text = lines.join('')
    for (const count of [1, 100, 9_000, 39_999])
      expect(where(text, count)).toBe(lines.slice(-count).join(''))
  })
})

describe('the output of a run', () => {
  test('that is not there yet, or not any more, is nothing', async () => {
    const site = newSite()
    const shown: string[] = []
    const show = async (bytes: Uint8Array): Promise<void> => void shown.push(String(bytes))
    const output = openOutput(host, site.folder, () => 0, show)
    expect(await output.drain()).toBe(false)
    const file = site.write('output', 'one')
    expect(await output.drain()).toBe(true)
    // Another file of that name is not what we read: ours is whole, and nobody appends to it.
    fs.rmSync(file)
    site.write('output', 'shorter')
    expect(await output.drain()).toBe(false)
    expect(shown).toEqual([String(Buffer.from('one'))])
    output.close()
  })

  test('whose file vanishes between two looks', async () => {
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
