import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { launchRun } from '../../src/run/launch.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aStart, aTask } from '../support/plan.ts'
import { type Bench, newBench } from './support.ts'
import { until } from '../support/until.ts'

function launch({ context }: Bench, task: Task) {
  return launchRun(context, { task, start: aStart, revision: null, restartDelayMs: 0 })
}

/** Prepares a recorder for a task; its pid. */
function prepared({ context: { recorders } }: Bench, task: Task): number {
  expect(recorders.prepare(task)).toBe(true)
  return recorders.waiting.get(task.name)?.identity.pid ?? 0
}

const isGone = (pid: number) => !fs.existsSync(`/proc/${pid}`)

test('a run gets the recorder that was prepared for its task', async () => {
  const bench = newBench()
  const task = aTask({ command: 'echo "$TORCH_RUN_ID"' })
  const pid = prepared(bench, task)
  const run = launch(bench, task)
  expect(run.recorder?.pid).toBe(pid)
  expect(bench.context.recorders.waiting.size).toBe(0)
  expect(await bench.ended(run)).toMatchObject({ outcome: 'ok' })
  expect(bench.output(run)).toBe(`${run.description.run}\n`)
})

test('a recorder that waits for its run has made no files', () => {
  const bench = newBench()
  prepared(bench, aTask({}))
  expect(fs.existsSync(path.join(bench.home, 'runs'))).toBe(false)
  bench.context.recorders.dismissAll()
})

test('a task whose definition has changed gets a new recorder, and the old one ends', async () => {
  const bench = newBench()
  const pid = prepared(bench, aTask({ command: 'echo old' }))
  const run = launch(bench, aTask({ command: 'echo new' }))
  expect(run.recorder?.pid).not.toBe(pid)
  await bench.ended(run)
  expect(bench.output(run)).toBe('new\n')
  await until(() => isGone(pid), 'the recorder to end')
})

test('a second prepare for the same task keeps the recorder that waits', () => {
  const bench = newBench()
  const task = aTask({})
  const pid = prepared(bench, task)
  expect(prepared(bench, task)).toBe(pid)
  bench.context.recorders.dismissAll()
})

test('a recorder stays prepared when a reload brings its task with the same definition', async () => {
  const bench = newBench()
  const pid = prepared(bench, aTask({ description: 'old' }))
  const task = aTask({ description: 'new' })
  expect(prepared(bench, task)).toBe(pid)
  const run = launch(bench, task)
  expect(run.recorder?.pid).toBe(pid)
  await bench.ended(run)
})

test('keepOnly ends the recorders of all other tasks', async () => {
  const bench = newBench()
  const [one, other] = [aTask({ name: 'one' }), aTask({ name: 'other' })]
  const pid = prepared(bench, other)
  prepared(bench, one)
  bench.context.recorders.keepOnly(new Set(['one']))
  expect([...bench.context.recorders.waiting.keys()]).toEqual(['one'])
  await until(() => isGone(pid), 'the recorder to end')
  bench.context.recorders.dismissAll()
  expect(bench.context.recorders.waiting.size).toBe(0)
})

test('a recorder that is killed while it waits leaves the pool', async () => {
  const bench = newBench()
  const task = aTask({ command: 'exit 0' })
  process.kill(prepared(bench, task), 'SIGKILL')
  await until(() => bench.context.recorders.waiting.size === 0, 'it to leave the pool')
  expect(await bench.ended(launch(bench, task))).toMatchObject({ outcome: 'ok' })
})

test('no recorder is prepared for a task with an env_file or an unknown user', () => {
  const { recorders } = newBench().context
  expect(recorders.prepare(aTask({ envFile: '/etc/os-release' }))).toBe(true)
  expect(recorders.prepare(aTask({ user: 'nosuchuser' }))).toBe(false)
  expect(recorders.waiting.size).toBe(0)
})

test('a recorder whose run cannot be described ends, and no descriptor stays open', async () => {
  const host = thisMachine()
  let writes = 0
  const write = (file: string, text: string) => {
    // The first is for a recorder that has ended meanwhile, the second for the one in its place.
    if (file.endsWith('/run.json') && ++writes === 2) throw new Error('no space left')
    host.files.write(file, text)
  }
  const bench = newBench({ ...host, files: { ...host.files, write } })
  const count = () => fs.readdirSync('/proc/self/fd').length
  const before = count()
  const task = aTask({})
  process.kill(prepared(bench, task), 'SIGKILL')
  const pid = bench.context.recorders.waiting.get(task.name)?.identity.pid ?? 0
  while (host.processes.identify(pid) !== undefined);
  const run = launch(bench, task)
  expect(await bench.ended(run)).toMatchObject({ outcome: 'spawn-failed', reason: 'no space left' })
  await until(() => count() === before, 'its descriptors to be closed')
})
