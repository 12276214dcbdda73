import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { followLines } from '../../src/follow/follow-lines.ts'
import type { Following } from '../../src/follow/follow-output.ts'
import type { HomeFiles, KeptRun } from '../../src/follow/kept-runs.ts'
import { newRunsOf } from '../../src/follow/new-runs.ts'
import type { RunEvent } from '../../src/follow/run-event.ts'
import { fromStart } from '../../src/follow/run-output.ts'
import { thisMachine } from '../../src/host/host.ts'
import type { ProcessIdentity } from '../../src/host/processes.ts'
import { openHistory } from '../../src/record/history/write-history.ts'
import type { RunConclusion } from '../../src/run/directory.ts'
import { newFolder, runRow } from '../support/history.ts'
import { liveRunIn } from '../support/live-run.ts'
import { until } from '../support/until.ts'

vi.setConfig({ testTimeout: 60_000 })

const host = thisMachine()
const aborts: AbortController[] = []
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort()
})

function newHome(): HomeFiles {
  const home = newFolder()
  const at = (name: string) => path.join(home, name)
  return {
    host,
    paths: { home, runs: at('runs'), history: at('history.db'), socket: at('torch.sock') },
  }
}

/** A run of this home, as a recorder and a daemon leave it on the disk. */
function newRun({ paths }: HomeFiles, n: number, task = 'job') {
  const run: KeptRun = { task, run: `20260310T12000${n}.000-00000${n}` }
  const directory = path.join(paths.runs, task, run.run)
  fs.mkdirSync(directory, { recursive: true })
  const file = (name: string) => path.join(directory, name)
  const { bootId } = host.processes
  const { description } = liveRunIn({ kind: 'running' }, run.run)
  const write = (collector?: ProcessIdentity): void =>
    fs.writeFileSync(
      file('run.json'),
      JSON.stringify({ ...description, task, bootId, ...(collector && { collector }) }),
    )
  write()
  return {
    ...run,
    file,
    print: (bytes: string | Uint8Array) => fs.appendFileSync(file('output'), bytes),
    /** Another process writes its output. */
    isWrittenBy: (writer: number) => write(host.processes.identify(writer)),
    ends(exitCode = 0, endedMs = 1_000) {
      const conclusion: RunConclusion = {
        ...{ run: run.run, startedMs: 0, endedMs, stragglers: 0 },
        ...{ outcome: exitCode === 0 ? 'ok' : 'failed', exitCode, signal: null, reason: null },
      }
      fs.writeFileSync(file('outcome.json'), JSON.stringify(conclusion))
    },
  }
}

/** Follows in the background; `shown` grows: a line as its text, an end as its exit code. */
function follow(home: HomeFiles, runs: readonly KeptRun[], change: Partial<Following> = {}) {
  const abort = new AbortController()
  aborts.push(abort)
  const events: RunEvent[] = []
  const shown = (run?: KeptRun): string[] =>
    events
      .filter((each) => run === undefined || each.run === run.run)
      .map((each) =>
        each.event === 'line' ? each.line : each.event === 'end' ? `<${each.end.exitCode}>` : '>',
      )
  const beginnings = runs.map((run) => ({ run, beginning: fromStart }))
  const following = { runs: beginnings, untilClosed: false, signal: abort.signal, ...change }
  const ended = (async () => {
    for await (const batch of followLines(home, following)) events.push(...batch)
  })()
  ended.catch(() => {})
  return { abort, events, shown, ended }
}

test('the lines of a run come when they are complete, then its end', async () => {
  const home = newHome()
  const run = newRun(home, 1)
  run.print('one\ntw')
  const { shown, ended, events } = follow(home, [run])
  await until(() => shown().length === 1, 'the first line')
  run.print('o\n\nno line break')
  await until(() => shown().length === 3, 'the next lines')
  expect(shown()).toEqual(['one', 'two', ''])
  run.ends(7)
  await ended
  expect(shown().slice(3)).toEqual(['no line break', '<7>'])
  expect(events[1]).toEqual({
    ...{ event: 'line', task: 'job', run: run.run, line: 'two', next: 8 },
    at: expect.stringMatching(/^\d{4}-.*T.*\.\d{3}Z$/),
  })
  expect(events.at(-1)).toMatchObject({
    ...{ event: 'end', task: 'job', run: run.run },
    end: { run: run.run, task: 'job', outcome: 'failed', exitCode: 7, signal: null },
  })
})

test('the lines of a run that has no output yet come once it has, and a silent run has an end', async () => {
  const home = newHome()
  const [late, silent] = [newRun(home, 1), newRun(home, 2)]
  const { shown, ended } = follow(home, [late, silent])
  silent.ends()
  await until(() => shown(silent).length === 1, 'the end of the silent run')
  late.print('at last\n')
  late.ends()
  await ended
  expect(shown(late)).toEqual(['at last', '<0>'])
})

test('new runs are followed, also of tasks that never ran before, but not known ones', async () => {
  const home = newHome()
  const known = newRun(home, 1)
  known.print('old\n')
  known.ends()
  newRun(home, 2, 'other')
  const watchNew = (onChange: () => void) => newRunsOf(home, ['j*'], [known], onChange)
  const { shown, events } = follow(home, [], { watchNew })
  const next = newRun(home, 3)
  next.print('next\n')
  const first = newRun(home, 4, 'jam')
  first.print('first\n')
  first.ends()
  await until(() => shown(next).length === 2 && shown(first).length === 3, 'both')
  expect(shown(first)).toEqual(['>', 'first', '<0>'])
  expect(shown(next)).toEqual(['>', 'next'])
  expect(new Set(events.map(({ run }) => run))).toEqual(new Set([next.run, first.run]))
  expect(events.find((each) => each.run === first.run)).toMatchObject({
    event: 'start',
    at: '2026-03-10T12:00:04.000Z',
  })
})

test('what a run left behind is followed after its end, until nobody writes any more', async () => {
  const home = newHome()
  const run = newRun(home, 1)
  const writer = spawn('sleep', ['600'])
  onTestFinished(() => void writer.kill('SIGKILL'))
  run.isWrittenBy(writer.pid ?? 0)
  run.print('early\n')
  run.ends()
  const { shown, ended } = follow(home, [run], { untilClosed: true })
  await until(() => shown().includes('<0>'), 'the end')
  run.print('late\nla')
  await until(() => shown().includes('late'), 'the late line')
  run.print('st')
  writer.kill('SIGKILL')
  await ended
  expect(shown()).toEqual(['early', '<0>', 'late', 'last'])
})

test('a run whose folder is gone ends with its row in the history, if it has one', async () => {
  const home = newHome()
  const [recorded, lost] = [newRun(home, 1), newRun(home, 2)]
  const history = openHistory(home.paths.history, {
    ...{ lockWaitMs: 0, after: () => () => {}, now: () => 0 },
    ...{ onTrouble: () => {}, onWritten: () => {} },
  })
  history.add(runRow(1, { run: recorded.run, task: 'job', outcome: 'failed', exitCode: 5 }))
  history.close()
  for (const run of [recorded, lost]) run.print('one\n')
  const { shown, ended } = follow(home, [recorded, lost])
  await until(() => shown().length === 2, 'both lines')
  for (const run of [recorded, lost]) fs.rmSync(run.file('.'), { recursive: true })
  await ended
  expect(shown(recorded)).toEqual(['one', '<5>'])
  expect(shown(lost)).toEqual(['one'])
})

test('a run that prints all the time keeps nobody waiting', async () => {
  const home = newHome()
  const [busy, calm] = [newRun(home, 1), newRun(home, 2)]
  const megabyte = Buffer.alloc(1024 * 1024, 'a line of text\n')
  for (let count = 0; count < 8; count++) busy.print(megabyte)
  calm.print('calm\n')
  const order: string[] = []
  const beginnings = [busy, calm].map((run) => ({ run, beginning: fromStart }))
  for await (const batch of followLines(home, { runs: beginnings, untilClosed: false })) {
    const [first] = batch
    if (first !== undefined && order.at(-1) !== first.run) order.push(first.run)
    if (order.length === 3) break
  }
  expect(order).toEqual([busy.run, calm.run, busy.run])
})

test('a signal ends the following at once, and closes what it had open', async () => {
  const home = newHome()
  const run = newRun(home, 1)
  run.print('one\n')
  const links = () => fs.readdirSync('/proc/self/fd').map((fd) => linkOf(fd))
  const isOpen = () => links().includes(run.file('output'))
  const { abort, shown, ended } = follow(home, [run])
  await until(() => shown().length === 1, 'the line')
  expect(isOpen()).toBe(true)
  abort.abort(new Error('enough'))
  await expect(ended).rejects.toThrow('enough')
  expect(isOpen()).toBe(false)
})

function linkOf(descriptor: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ''
  }
}

test('a slow reader loses no line of an output that torch makes shorter meanwhile', async () => {
  const home = newHome()
  const run = newRun(home, 1)
  const count = 100_000
  run.print(Array.from({ length: count }, (_, index) => `${index}\n`).join(''))
  const lines: string[] = []
  const runs = [{ run, beginning: fromStart }]
  for await (const batch of followLines(home, { runs, untilClosed: false })) {
    if (lines.length === 0) {
      // As the daemon does it when the run has ended.
      fs.rmSync(run.file('output'))
      fs.writeFileSync(run.file('output'), 'shorter')
      run.ends()
    }
    for (const each of batch) if (each.event === 'line') lines.push(each.line)
  }
  expect(lines).toEqual(Array.from({ length: count }, (_, index) => String(index)))
})
