import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { endRun } from '../../src/run/end.ts'
import { newBench } from './support.ts'
import { until } from '../support/until.ts'

test('a run that outlives its timeout is sent TERM', async () => {
  const bench = newBench()
  const conclusion = await bench.ended(bench.start({ command: 'exec sleep 60', timeoutMs: 100 }))
  expect(conclusion).toMatchObject({ outcome: 'timeout', signal: 'SIGTERM', reason: 'timeout' })
})

test('a run that ignores TERM is sent KILL after its kill_after, and so are its children', async () => {
  const bench = newBench()
  const command = 'trap "" TERM; echo deaf; sleep 60 & sleep 60; sleep 60'
  const run = bench.start({ command, killAfterMs: 100 })
  await until(() => bench.output(run) === 'deaf\n', 'it to ignore TERM')
  endRun(bench.context, run, 'timeout')
  const conclusion = await bench.ended(run)
  expect(conclusion).toMatchObject({ outcome: 'timeout', signal: 'SIGKILL' })
  await until(() => groupOf(run.recorder?.pid).length === 0, 'the group to be gone')
})

test('a run is ended even if the machine cannot say whether it has reached its command', async () => {
  const host = thisMachine()
  const answers = [() => undefined, () => raise('i/o error')]
  const facts = (file: string) =>
    path.basename(file) === 'command'
      ? (answers.shift() ?? (() => host.files.facts(file)))()
      : host.files.facts(file)
  const bench = newBench({ ...host, files: { ...host.files, facts } })
  const run = bench.start({ command: 'trap "" TERM; echo deaf; sleep 60', killAfterMs: 300 })
  await until(() => bench.output(run) === 'deaf\n', 'it to ignore TERM')
  endRun(bench.context, run, 'kill')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', signal: 'SIGKILL' })
  expect(bench.troubles).toEqual(['could not end runs: i/o error', 'could end runs again'])
})

test('a child that ignores TERM and outlives its command is killed too', async () => {
  const bench = newBench()
  const command = '(trap "" TERM; echo deaf; exec sleep 60) & exec sleep 60'
  const run = bench.start({ command, killAfterMs: 200 })
  await until(() => bench.output(run) === 'deaf\n', 'the child to ignore TERM')
  endRun(bench.context, run, 'kill')
  expect(await bench.ended(run)).toMatchObject({
    outcome: 'killed',
    reason: 'kill',
    stragglers: 1,
  })
  await until(() => groupOf(run.recorder?.pid).length === 0, 'the child to be killed')
})

test('a run that is ending already is not ended for a second reason', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'exec sleep 60' })
  await until(() => fs.existsSync(path.join(run.directory, 'command')), 'the command')
  endRun(bench.context, run, 'replace')
  endRun(bench.context, run, 'stop')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', reason: 'replace' })
})

function groupOf(pid: number | undefined): number[] {
  return pid === undefined
    ? []
    : thisMachine()
        .processes.groupMembers(pid)
        .map((each) => each.pid)
}

function raise(words: string): never {
  throw new Error(words)
}
