import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { readTraces } from '../../src/run/directory.ts'
import { awaitsStatus, endRun, sendSignal } from '../../src/run/end.ts'
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
  await bench.begun(run)
  endRun(bench.context, run, 'replace')
  endRun(bench.context, run, 'stop')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', reason: 'replace' })
})

test('a run that is stopped is ended by TERM, not only by KILL', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'exec sleep 60' })
  await bench.begun(run)
  sendSignal(bench.context, run, 'SIGSTOP')
  endRun(bench.context, run, 'stop')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', signal: 'SIGTERM' })
})

test.each(['SIGKILL', 'SIGHUP', 'SIGABRT', 'SIGPWR'] as const)(
  'a run that ends by a %s that torch sent was killed by torch',
  async (signal) => {
    const bench = newBench()
    const run = bench.start({ command: 'exec sleep 60' })
    // In the directory the command is noted before it is executed.
    const isSleeping = () => commandOf(run.directory) === 'sleep'
    await until(isSleeping, 'the command')
    sendSignal(bench.context, run, signal)
    expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', signal, reason: 'kill' })
    expect(readTraces(thisMachine(), run.directory).sent).toEqual([signal])
  },
)

test('a KILL that is sent to a run that torch is ending is the signal on record', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'trap "" TERM; echo deaf; while :; do sleep 60; done' })
  await until(() => bench.output(run) === 'deaf\n', 'it to ignore TERM')
  endRun(bench.context, run, 'timeout')
  sendSignal(bench.context, run, 'SIGKILL')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'timeout', signal: 'SIGKILL' })
})

test('a run whose command has ended by itself is not ended: its recorder has yet to write the status', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'exec sleep 60' })
  await bench.begun(run)
  const command = path.join(run.directory, 'command')
  const noted = fs.readFileSync(command, 'utf8').split(' ')
  // The same pid with another start: this process is gone.
  fs.writeFileSync(command, noted.with(21, '1').join(' '))
  endRun(bench.context, run, 'timeout')
  expect([run.state.kind, awaitsStatus(thisMachine(), run)]).toEqual(['running', true])
  fs.writeFileSync(command, noted.join(' '))
  endRun(bench.context, run, 'timeout')
  expect(await bench.ended(run)).toMatchObject({ outcome: 'timeout' })
})

/** The name of the program that runs as the command of a run. */
function commandOf(directory: string): string | undefined {
  const { command } = readTraces(thisMachine(), directory)
  const status = command && thisMachine().files.readText(`/proc/${command.pid}/comm`)
  return status?.trim()
}

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
