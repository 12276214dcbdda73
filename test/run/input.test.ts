import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { isAlive } from '../../src/host/processes.ts'
import { readTraces } from '../../src/run/directory.ts'
import { endRun } from '../../src/run/end.ts'
import { endInput, unreadBytes, wakeOpeners, writeInput } from '../../src/run/input.ts'
import { inputHolder } from '../../src/run/input-pipes.ts'
import { type LiveRun, newLiveRun } from '../../src/run/live-run.ts'
import { until } from '../support/until.ts'
import { type Bench, newBench } from './support.ts'

const live = { input: { mode: 'live', format: 'text' } } as const
const host = thisMachine()

/** Starts a run that reads lines. */
async function startReader(bench: Bench, command: string | string[] = ['cat']): Promise<LiveRun> {
  const run = bench.start({ ...live, command })
  await until(() => inputHolder(host, run) !== undefined, 'the holder')
  return run
}

/** A part of the stream of a sender; lines get their line breaks. */
function part(sender: string, from: number, ...lines: string[]) {
  return { sender, from, bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')) }
}

/** The same run, as a daemon sees it that has just adopted it. */
function adopted({ description, directory, recorder }: LiveRun): LiveRun {
  return newLiveRun({ description, directory, recorder, state: { kind: 'running' } })
}

function unreadOf(run: LiveRun): string {
  return fs.readFileSync(path.join(run.directory, 'unread'), 'utf8')
}

describe('writing to the input of a run', () => {
  test('a run reads the lines that are written, until its input is ended', async () => {
    const bench = newBench()
    const run = await startReader(bench)
    expect(writeInput(host, run, part('a', 0, 'one', 'two'))).toBe('written')
    expect(writeInput(host, run, part('b', 0, 'three'))).toBe('written')
    await until(() => endInput(host, run) === 'ended', 'the end of the input')
    expect(writeInput(host, run, part('b', 6, 'four'))).toBe('ended')
    const end = await bench.ended(run)
    expect(bench.output(run)).toBe('one\ntwo\nthree\n')
    expect(end).toMatchObject({ outcome: 'ok', stragglers: 0 })
    expect(end.unread).toBeUndefined()
    expect(writeInput(host, run, part('c', 0, 'five'))).toBe('ended')
  })

  test('a run that has not opened its input yet is starting', () => {
    const bench = newBench()
    const run = bench.start({ ...live, command: ['cat'] })
    const [first, second] = [writeInput(host, run, part('a', 0, 'x')), endInput(host, run)]
    // It may be as fast as this.
    expect(['starting', 'written']).toContain(first)
    expect(['starting', 'ended']).toContain(second)
  })

  test('a part that was written is not written again, not even by the next daemon', async () => {
    const bench = newBench()
    const run = await startReader(bench)
    expect(writeInput(host, run, part('a', 0, 'one'))).toBe('written')
    expect(writeInput(host, run, part('a', 0, 'one'))).toBe('written')
    const next = adopted(run)
    expect(writeInput(host, next, part('a', 0, 'one'))).toBe('written')
    expect(writeInput(host, next, part('a', 4, 'two'))).toBe('written')
    endInput(host, next)
    await bench.ended(run)
    expect(bench.output(run)).toBe('one\ntwo\n')
  })

  test.each([0, 1, 2])(
    'a daemon that is killed after %i steps of a write loses nothing and repeats nothing',
    async (steps) => {
      const bench = newBench()
      const run = await startReader(bench)
      writeInput(host, run, part('a', 0, 'one'))
      const dying = dyingAfter(steps)
      expect(() => writeInput(dying, run, part('a', 4, 'two'))).toThrow('killed')
      const next = adopted(run)
      expect(writeInput(host, next, part('b', 0, 'other'))).toBe('written')
      expect(writeInput(host, next, part('a', 0, 'one', 'two', 'three'))).toBe('written')
      endInput(host, next)
      await bench.ended(run)
      const lines = bench
        .output(run)
        .split('\n')
        .filter((line) => line !== 'other' && line !== '')
      expect(lines).toEqual(['one', 'two', 'three'])
    },
  )

  test('a daemon that is killed just after a write repeats nothing', async () => {
    const bench = newBench()
    const run = await startReader(bench)
    const write: Host['pipes']['write'] = (file, bytes) => {
      host.pipes.write(file, bytes)
      throw new Error('killed')
    }
    const dying = { ...host, pipes: { ...host.pipes, write } }
    expect(() => writeInput(dying, run, part('a', 0, 'one'))).toThrow('killed')
    const next = adopted(run)
    expect(writeInput(host, next, part('a', 0, 'one', 'two'))).toBe('written')
    endInput(host, next)
    await bench.ended(run)
    expect(bench.output(run)).toBe('one\ntwo\n')
  })

  test('a run that does not read gets what the pipe holds, and the rest in order when it reads', async () => {
    const bench = newBench()
    const { run, go } = await startSleeper(bench)
    const lines = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(999, 'x'))
    const all = part('a', 0, ...lines)
    expect(writeInput(host, run, all)).toBe('full')
    const unread = unreadBytes(host, run)
    if (unread !== undefined) expect(unread % 1000).toBe(0)
    go()
    await until(() => writeInput(host, run, all) === 'written', 'the rest')
    expect(endInput(host, run)).toBe('ended')
    await bench.ended(run)
    expect(bench.output(run)).toBe(all.bytes.toString())
  })

  test('a line longer than the pipe goes in by parts, and no other line comes between', async () => {
    const bench = newBench()
    const { run, go } = await startSleeper(bench)
    const long = part('a', 0, 'l'.repeat(100_000))
    expect(writeInput(host, run, long)).toBe('full')
    expect(writeInput(host, run, part('b', 0, 'short'))).toBe('full')
    go()
    await until(() => writeInput(host, run, long) === 'written', 'the rest')
    expect(writeInput(host, run, part('b', 0, 'short'))).toBe('written')
    endInput(host, run)
    await bench.ended(run)
    expect(bench.output(run)).toBe(`${long.bytes.toString()}short\n`)
  })

  test('the next daemon continues a long line, or ends the torn one if another sender comes first', async () => {
    const bench = newBench()
    const long = part('a', 0, 'l'.repeat(100_000))
    const short = part('b', 0, 'short')
    const [continued, torn] = [await startSleeper(bench), await startSleeper(bench)]
    for (const { run } of [continued, torn]) expect(writeInput(host, run, long)).toBe('full')
    const next = [adopted(continued.run), adopted(torn.run)] as const
    continued.go()
    await until(() => writeInput(host, next[0], long) === 'written', 'the rest')
    torn.go()
    await until(() => writeInput(host, next[1], short) === 'written', 'the short line')
    await until(() => writeInput(host, next[1], long) === 'written', 'the long line')
    for (const run of next) endInput(host, run)
    for (const { run } of [continued, torn]) await bench.ended(run)
    expect(bench.output(continued.run)).toBe(long.bytes.toString())
    const [begun = '', ...others] = bench.output(torn.run).split('\n')
    expect(begun).toMatch(/^l+$/)
    expect(begun.length).toBeLessThan(100_000)
    expect(others).toEqual(['short', 'l'.repeat(100_000), ''])
  })
})

describe('the end of a run with an input', () => {
  test('what a run did not read is in its folder, and counted in its end', async () => {
    const bench = newBench()
    const run = await startReader(bench, 'read -r line; echo "got $line"; read -r line')
    writeInput(host, run, part('a', 0, 'one'))
    await until(() => bench.output(run) === 'got one\n', 'the first line')
    writeInput(host, run, part('a', 4, 'two', 'three'))
    const end = await bench.ended(run)
    expect(unreadOf(run)).toBe('three\n')
    expect(end).toMatchObject({ outcome: 'ok', unread: 6, stragglers: 0 })
  })

  test('a run whose recorder is killed keeps its input; its holder ends with it and is no straggler', async () => {
    const bench = newBench()
    const run = await startReader(bench)
    await bench.begun(run)
    const holder = inputHolder(host, run)
    process.kill(run.recorder?.pid ?? 0, 'SIGKILL')
    await until(() => !isAlive(host, run.recorder), 'the end of the recorder')
    await until(() => writeInput(host, run, part('a', 0, 'one')) === 'written', 'the line')
    await until(() => bench.output(run) === 'one\n', 'the line in the output')
    const traces = readTraces(host, run.directory)
    process.kill(traces.command?.pid ?? 0, 'SIGKILL')
    expect(await bench.ended(run)).toMatchObject({ outcome: 'unknown', stragglers: 0 })
    await until(() => !isAlive(host, holder), 'the end of the holder')
  })

  test('runs that get TERM at any moment end, and leave no process behind', async () => {
    const bench = newBench()
    for (let done = 0; done < starts; done += atOnce) {
      const runs = Array.from({ length: atOnce }, () =>
        bench.start({ ...live, command: 'while read -r line; do :; done' }),
      )
      await Promise.all(runs.map((run) => endSoon(bench, run)))
      for (const run of runs) {
        const end = await bench.ended(run)
        expect(end.stragglers).toBe(0)
        expect(host.processes.groupMembers(run.recorder?.pid ?? 0)).toEqual([])
        expect(isAlive(host, inputHolder(host, run))).toBe(false)
      }
    }
  })

  test.skipIf(host.processes.uid !== 0)(
    'a run of another user reads its input, also by the name /dev/stdin',
    async () => {
      const bench = newBench()
      const run = bench.start({
        ...live,
        user: 'nobody',
        cwd: '/',
        command: 'read -r line; echo "got $line"; exec cat /dev/stdin',
      })
      await until(() => writeInput(host, run, part('a', 0, 'one')) === 'written', 'the first line')
      await until(() => bench.output(run) === 'got one\n', 'the output')
      writeInput(host, run, part('a', 4, 'two'))
      await until(() => bench.output(run) === 'got one\ntwo\n', 'the second line')
      expect(endInput(host, run)).toBe('ended')
      expect(await bench.ended(run)).toMatchObject({ outcome: 'ok' })
    },
  )

  test('a program that opens /dev/stdin after the end of the input sees the end', async () => {
    const bench = newBench()
    const run = await startReader(bench, 'while read -r line; do :; done; exec cat /dev/stdin')
    await until(() => endInput(host, run) === 'ended', 'the end of the input')
    let isOver = false
    void bench.ended(run).then(() => (isOver = true))
    await until(() => {
      wakeOpeners(host, run)
      return isOver
    }, 'the end of the run')
  })
})

/** For the whole number: 500. */
const starts = Number(process.env['TORCH_TEST_STARTS'] ?? 60)
const atOnce = 20

/** TERM at a random moment of the first milliseconds. */
async function endSoon({ context }: Bench, run: LiveRun): Promise<void> {
  const turns = Math.floor(Math.random() * 400)
  for (let turn = 0; turn < turns; turn++) await host.clock.turn()
  endRun(context, run, 'kill')
}

/** A run that reads once `go` is called. */
async function startSleeper(bench: Bench): Promise<{ run: LiveRun; go: () => void }> {
  const file = path.join(bench.home, `go-${Math.random()}`)
  const run = await startReader(bench, `while [ ! -e ${file} ]; do sleep 0.02; done; exec cat`)
  return { run, go: () => fs.writeFileSync(file, '') }
}

/** A machine on which the daemon is killed before its n-th step of a write: mark, note, write. */
function dyingAfter(steps: number): Host {
  let left = steps
  const step = <Words extends unknown[], Result>(act: (...words: Words) => Result) => {
    return (...words: Words): Result => {
      if (left-- <= 0) throw new Error('killed')
      return act(...words)
    }
  }
  const { files, pipes } = host
  return {
    ...host,
    files: { ...files, overwrite: step(files.overwrite) },
    pipes: { ...pipes, mark: step(pipes.mark), write: step(pipes.write) },
  }
}
