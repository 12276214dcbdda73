import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type LogWriter,
  plainWriter,
  prefixWriter,
} from '../../../../src/cli/commands/logs/log-writer.ts'
import { fakeTerminal } from '../../../support/here.ts'

const a = { task: 'a', run: '20260308T070000.000-00000a' }
const long = { task: 'longer', run: '20260308T070001.000-00000b' }
const screen = { columns: 80, rows: 24 }

async function feed(writer: LogWriter, ...pieces: [typeof a, string | Buffer][]): Promise<void> {
  for (const [run, bytes] of pieces) await writer.write(run, Buffer.from(bytes))
}

describe('The writer with task names', () => {
  test('lines with task names are aligned and printed when they are complete', async () => {
    const terminal = fakeTerminal()
    const writer = prefixWriter(terminal, ['a', 'longer'], false)
    await feed(writer, [a, 'on'], [long, 'x\ny'], [a, 'e\n\ntwo'])
    expect(terminal.stdout()).toBe('longer | x\na      | one\na      | \n')
    await writer.end(a)
    await writer.end(a)
    await writer.end(long)
    expect(terminal.stdout().split('\n').slice(3)).toEqual(['a      | two', 'longer | y', ''])
  })

  test('a long task name takes at most 32 characters of a line', async () => {
    const terminal = fakeTerminal({ isUnicode: false })
    const task = `${'x'.repeat(60)}-last`
    const writer = prefixWriter(terminal, ['a', task], false)
    await feed(writer, [{ task, run: a.run }, 'one\n'], [a, 'two\n'])
    const name = `${'x'.repeat(16)}~${'x'.repeat(10)}-last`
    expect(terminal.stdout()).toBe(`${name} | one\n${'a'.padEnd(32)} | two\n`)
  })

  test('the name of a task always has the same colour', async () => {
    const colours = async (...order: (typeof a)[]) => {
      const terminal = fakeTerminal({ ...screen, colours: true })
      const writer = prefixWriter(terminal, [], false)
      for (const run of order) await writer.write(run, Buffer.from('x\n'))
      return new Map(
        [...terminal.stdout().matchAll(/<(\w+)>(\w+) +\|<\/> x\n/g)].map((found) => [
          found[2],
          found[1],
        ]),
      )
    }
    const found = await colours(a, long)
    expect([...found.keys()]).toEqual(['a', 'longer'])
    expect(await colours(long, a)).toEqual(new Map([...found].toReversed()))
    expect([...found.values()]).not.toContain('red')
  })

  test('each run begins with a heading after the task name', async () => {
    const terminal = fakeTerminal()
    const writer = prefixWriter(terminal, ['a'], true)
    const next = { ...a, run: '20260308T070009.000-00000c' }
    await feed(writer, [a, 'x\ny\n'], [next, 'z\n'])
    await writer.end({ ...a, run: 'silent' })
    expect(terminal.stdout()).toBe(
      `a | ==> a ${a.run} <==\na | x\na | y\na | ==> a ${next.run} <==\na | z\na | ==> a silent <==\n`,
    )
  })

  test.each([
    ['\u001b[31mred', '\u001b[31mred\u001b[0m'],
    ['plain', 'plain'],
    ['10%\r20%\r30%', '30%'],
    ['dos\r', 'dos'],
  ])('the line %j is printed as %j on a terminal and unchanged in a pipe', async (line, shown) => {
    const [terminal, pipe] = [fakeTerminal(screen), fakeTerminal()]
    await feed(prefixWriter(terminal, ['a'], false), [a, `${line}\n`])
    await feed(prefixWriter(pipe, ['a'], false), [a, `${line}\n`])
    expect(terminal.stdout()).toBe(`a | ${shown}\n`)
    expect(pipe.stdout()).toBe(`a | ${line}\n`)
  })

  test('a line without an end is printed in parts', async () => {
    const terminal = fakeTerminal()
    const writer = prefixWriter(terminal, ['a'], false)
    await feed(writer, [a, 'x'.repeat(70_000)], [a, 'y\n'])
    expect(terminal.stdout()).toBe(`a | ${'x'.repeat(70_000)}\na | y\n`)
  })

  test('all bytes are printed, wherever the chunks are cut', async () => {
    const chunk = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), async (chunks) => {
        const terminal = fakeTerminal()
        const writer = prefixWriter(terminal, ['a'], false)
        await feed(writer, ...chunks.map((bytes): [typeof a, Buffer] => [a, bytes]))
        await writer.end(a)
        const whole = Buffer.concat(chunks).toString('latin1')
        const lines = whole.split('\n')
        if (lines.at(-1) === '') lines.pop()
        expect(terminal.stdout()).toBe(lines.map((line) => `a | ${line}\n`).join(''))
      }),
    )
  })
})

describe('The plain writer', () => {
  test('the output of a single run is printed unchanged', async () => {
    const terminal = fakeTerminal()
    const writer = plainWriter(terminal, 'beside', a)
    await feed(writer, [a, Buffer.from([0xff, 0x00])], [a, '\u001b[31mx'])
    await writer.end(a)
    expect(terminal.stdout()).toBe('\u00ff\0\u001b[31mx')
    expect(terminal.stderr()).toBe('')
  })

  test('a heading for another run goes to standard error if it is a terminal', async () => {
    const terminal = { ...fakeTerminal(), isWatched: true }
    const writer = plainWriter(terminal, 'beside', a)
    await feed(writer, [a, 'x\n'], [long, 'y\n'], [a, 'z\n'])
    expect(terminal.stdout()).toBe('x\ny\nz\n')
    expect(terminal.stderr()).toBe(`==> longer ${long.run} <==\n==> a ${a.run} <==\n`)
  })

  test('each of several runs begins with a heading on its own line', async () => {
    const terminal = fakeTerminal()
    const writer = plainWriter(terminal, 'within', a)
    await feed(writer, [a, 'x'])
    await writer.end(a)
    await feed(writer, [long, 'y\n'])
    await writer.end({ ...a, run: 'silent' })
    expect(terminal.stdout()).toBe(
      `==> a ${a.run} <==\nx\n==> longer ${long.run} <==\ny\n==> a silent <==\n`,
    )
  })
})
