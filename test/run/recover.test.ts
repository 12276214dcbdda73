import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import type { Processes } from '../../src/host/processes.ts'
import { activeFolder } from '../../src/run/active.ts'
import { readTraces } from '../../src/run/directory.ts'
import { endRun, sendSignal } from '../../src/run/end.ts'
import { signalRun } from '../../src/run/process-group.ts'
import { newRunContext } from '../../src/run/launch.ts'
import { handOver, type LiveRun } from '../../src/run/live-run.ts'
import { type Recovered, recoverRuns } from '../../src/run/recover.ts'
import { type Bench, newBench } from './support.ts'
import { until } from '../support/until.ts'

/** The next daemon on the same home, and the ends that are found or reported. */
function nextDaemon(bench: Bench, bootId?: string, processes: Partial<Processes> = {}) {
  const ends = new Map<string, unknown>()
  const host = thisMachine()
  const changed = { ...(bootId !== undefined && { bootId }), ...processes }
  const context = newRunContext({
    ...bench.context,
    host: { ...host, processes: { ...host.processes, ...changed } },
    onEnd: (run: LiveRun, conclusion: unknown) => void ends.set(run.description.run, conclusion),
  })
  const recovered: Recovered = recoverRuns(context)
  for (const { run, conclusion } of recovered.ended) ends.set(run.description.run, conclusion)
  return { context, ends, recovered }
}

/** A run whose daemon was killed with -9: the run continues, and that daemon does nothing for it. */
async function orphan(bench: Bench, command: string, task: object = {}): Promise<LiveRun> {
  const run = bench.start({ command, ...task })
  await bench.begun(run)
  handOver(run)
  return run
}

/** Waits until the status of a run is in its directory. */
function statusOf(run: LiveRun) {
  return until(() => readTraces(thisMachine(), run.directory).exit, 'the status')
}

const active = (bench: Bench) => fs.readdirSync(activeFolder(bench.home))

describe('recoverRuns', () => {
  test('a run that still runs is adopted, and its end is seen', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'sleep 0.3; exit 7')
    const { recovered, ends } = nextDaemon(bench)
    expect(recovered.adopted.map((each) => each.description.run)).toEqual([run.description.run])
    const id = run.description.run
    expect(await until(() => ends.get(id), 'the end')).toMatchObject({
      outcome: 'failed',
      exitCode: 7,
    })
  })

  test('the timeout of an adopted run counts from its start', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60', { timeoutMs: 500 })
    const { ends } = nextDaemon(bench)
    const end = await until(() => ends.get(run.description.run), 'the end')
    expect(end).toMatchObject({ outcome: 'timeout', signal: 'SIGTERM' })
  })

  test('an adopted run can be ended like any other', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60')
    const { recovered, context, ends } = nextDaemon(bench)
    for (const each of recovered.adopted) endRun(context, each, 'kill')
    const end = await until(() => ends.get(run.description.run), 'the end')
    expect(end).toMatchObject({ outcome: 'killed', signal: 'SIGTERM', reason: 'kill' })
  })

  test('a run that was already sent TERM is sent KILL in time, and the reason stays the same', async () => {
    const bench = newBench()
    const run = bench.start({
      command: 'trap "" TERM; echo deaf; while :; do sleep 1; done',
      killAfterMs: 400,
    })
    await until(() => bench.output(run) === 'deaf\n', 'it to ignore TERM')
    endRun(bench.context, run, 'timeout')
    handOver(run)
    const { ends } = nextDaemon(bench)
    const end = await until(() => ends.get(run.description.run), 'the end')
    expect(end).toMatchObject({ outcome: 'timeout', signal: 'SIGKILL' })
  })

  test('why a run was ended is known to the next daemon, even if the disk was full', async () => {
    const host = thisMachine()
    const overwrite = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    const bench = newBench({ ...host, files: { ...host.files, overwrite } })
    const run = bench.start({ command: 'exec sleep 60' })
    await bench.begun(run)
    sendSignal(bench.context, run, 'SIGCONT')
    endRun(bench.context, run, 'timeout')
    handOver(run)
    await statusOf(run)
    const { ends, recovered } = nextDaemon(bench)
    expect(ends.get(run.description.run)).toMatchObject({ outcome: 'timeout', signal: 'SIGTERM' })
    expect([...(recovered.ended[0]?.run.sent ?? [])]).toEqual(['SIGCONT'])
  })

  test('a run that ended meanwhile is concluded with its true status and time', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'sleep 0.2; exit 3')
    await statusOf(run)
    const { ends } = nextDaemon(bench)
    const end = ends.get(run.description.run)
    expect(end).toMatchObject({ outcome: 'failed', exitCode: 3 })
    const exitMs = fs.statSync(path.join(run.directory, 'exit')).mtimeMs
    expect(end).toMatchObject({ endedMs: Math.round(exitMs) })
  })

  test('a run that ended meanwhile is concluded even if its process group cannot be looked at', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'sleep 0.3; exit 7')
    await statusOf(run)
    const signalGroup = () => {
      throw new Error('EMFILE')
    }
    const { recovered, ends } = nextDaemon(bench, undefined, { signalGroup })
    expect(recovered.failed).toEqual([])
    expect(ends.get(run.description.run)).toMatchObject({ outcome: 'failed', exitCode: 7 })
  })

  test('processes that outlive a run which torch ended are sent KILL, even if it ended between two daemons', async () => {
    const bench = newBench()
    const deaf = '(trap "" TERM; echo deaf; exec sleep 60) &'
    const run = bench.start({ command: `${deaf} wait`, killAfterMs: 400 })
    await until(() => bench.output(run) === 'deaf\n', 'the child to ignore TERM')
    endRun(bench.context, run, 'timeout')
    handOver(run)
    await statusOf(run)
    const { ends } = nextDaemon(bench)
    expect(ends.get(run.description.run)).toMatchObject({ outcome: 'timeout', stragglers: 1 })
    await until(() => !signalRun(thisMachine(), run, 0), 'KILL')
  })

  test('a run whose recorder and command are both gone is unknown', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60')
    process.kill(-(run.recorder?.pid ?? 0), 'SIGKILL')
    await until(
      () => thisMachine().processes.identify(run.recorder?.pid ?? 0) === undefined,
      'death',
    )
    const { ends } = nextDaemon(bench)
    const end = await until(() => ends.get(run.description.run), 'the end')
    expect(end).toMatchObject({ outcome: 'unknown', exitCode: null })
  })

  test('a run that KILL of torch ended together with its recorder is on record as killed by torch', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60')
    const first = nextDaemon(bench)
    for (const each of first.recovered.adopted) {
      sendSignal(first.context, each, 'SIGKILL')
      handOver(each)
    }
    const isGone = () => thisMachine().processes.identify(run.recorder?.pid ?? 0) === undefined
    await until(isGone, 'death')
    const { ends } = nextDaemon(bench)
    const end = { outcome: 'killed', signal: 'SIGKILL', reason: 'kill' }
    expect(await until(() => ends.get(run.description.run), 'the end')).toMatchObject(end)
  })

  test('a run from before a reboot is unknown, and its old pid is not signalled', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60')
    const { ends, recovered } = nextDaemon(bench, 'another-boot')
    expect(recovered.adopted).toEqual([])
    expect(ends.get(run.description.run)).toMatchObject({
      outcome: 'unknown',
      reason: 'the machine was rebooted',
    })
    expect(thisMachine().processes.identify(run.recorder?.pid ?? 0)).toMatchObject({
      ...run.recorder,
    })
  })

  test('after a reboot, a process group with the number of an ended run is left alone', async () => {
    const bench = newBench()
    const run = bench.start({ command: '(trap "" TERM; echo deaf; exec sleep 60) & wait' })
    await until(() => bench.output(run) === 'deaf\n', 'the child to ignore TERM')
    endRun(bench.context, run, 'timeout')
    handOver(run)
    await statusOf(run)
    const { ends, recovered } = nextDaemon(bench, 'another-boot')
    expect(ends.get(run.description.run)).toMatchObject({ outcome: 'timeout', stragglers: 0 })
    expect(recovered.ended.map((each) => each.run.state.kind)).toEqual(['ended'])
    expect(signalRun(thisMachine(), run, 0)).toBe(true)
  })

  test('a pid that belongs to another process now is not signalled', async () => {
    const bench = newBench()
    const run = await orphan(bench, 'exec sleep 60')
    const claim = path.join(run.directory, 'claim')
    const forged = fs.readFileSync(claim, 'utf8').split(' ')
    forged[21] = '1'
    fs.writeFileSync(claim, forged.join(' '))
    const { recovered, context } = nextDaemon(bench)
    // The command itself is still ours to watch, but the group cannot be told from another's.
    for (const each of recovered.adopted) endRun(context, each, 'kill')
    expect(thisMachine().processes.identify(run.recorder?.pid ?? 0)).toMatchObject({
      ...run.recorder,
    })
  })

  test('a run that was prepared and not started is voided and can never start', () => {
    const bench = newBench()
    const run = bench.start({ command: 'exec sleep 60' })
    process.kill(-(run.recorder?.pid ?? 0), 'SIGKILL')
    handOver(run)
    fs.rmSync(path.join(run.directory, 'claim'), { force: true })
    const { recovered, ends } = nextDaemon(bench)
    expect(recovered.voided.map((each) => each.run)).toEqual([run.description.run])
    expect(ends.size).toBe(0)
    expect(active(bench)).toEqual([])
    expect(fs.existsSync(run.directory)).toBe(false)
  })

  test('a run with an outcome in its directory is returned for the history', async () => {
    const bench = newBench()
    const run = bench.start({ command: 'exit 0' })
    const conclusion = await bench.ended(run)
    const { recovered, ends } = nextDaemon(bench)
    const { collector } = run
    expect(recovered.concluded).toEqual([
      { description: { ...run.description, collector }, conclusion },
    ])
    expect(ends.size).toBe(0)
  })

  test('a run that cannot be read does not keep others from being recovered', async () => {
    const bench = newBench()
    const bad = await orphan(bench, 'exec sleep 60')
    const good = await orphan(bench, 'exec sleep 60')
    fs.rmSync(path.join(bad.directory, 'run.json'))
    fs.mkdirSync(path.join(bad.directory, 'run.json'))
    const { recovered } = nextDaemon(bench)
    expect(recovered.adopted.map((run) => run.description.run)).toEqual([good.description.run])
    expect(recovered.failed).toMatchObject([{ run: bad.description.run }])
    expect(active(bench)).toContain(bad.description.run)
  })

  test('an entry in active without a run directory is removed', () => {
    const bench = newBench()
    fs.writeFileSync(path.join(activeFolder(bench.home), '20260101T000000.000-abcdef'), 'job')
    const { recovered } = nextDaemon(bench)
    expect(recovered).toEqual({ adopted: [], concluded: [], ended: [], voided: [], failed: [] })
    expect(active(bench)).toEqual([])
  })
})
