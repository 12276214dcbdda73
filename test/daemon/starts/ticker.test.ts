import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Recorder } from '../../../src/run/recorder.ts'
import { thisMachine } from '../../../src/host/host.ts'
import type { Daemon } from '../../../src/daemon/state.ts'
import type { LiveRun } from '../../../src/run/live-run.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const job =
  'tasks:\n  job: {schedule: "*/5 * * * * *", command: echo "$TORCH_RUN_ID $TORCH_SLOT $TORCH_ATTEMPT"}\n'

/** A daemon one second before its job is due, and the pid of the recorder that waits for it. */
async function prepared(yaml = job) {
  const site = newSite(yaml)
  const daemon = await site.daemon()
  daemon.seconds(4)
  await afterTick(site)
  const pid = waiting(daemon.state).get('job')?.identity.pid ?? 0
  return { site, daemon, pid }
}

function waiting(daemon: Daemon): ReadonlyMap<string, Recorder> {
  return daemon.runContext.recorders.waiting
}

/** Recorders are prepared a moment after a tick. */
async function afterTick(site: ReturnType<typeof newSite>): Promise<void> {
  site.clock.advance(30)
  await new Promise((resolve) => setImmediate(resolve))
}

const outputOf = (run: LiveRun | undefined): string =>
  fs.readFileSync(path.join(run?.directory ?? '', 'output'), 'utf8')

const isGone = (pid: number) => !fs.existsSync(`/proc/${pid}`)

describe('a prepared recorder', () => {
  test('a prepared recorder gets the run of its task when that is due', async () => {
    const { daemon, pid } = await prepared()
    expect(pid).toBeGreaterThan(0)
    daemon.seconds(1)
    const run = daemon.state.runs.of('job')[0]
    expect(run?.recorder?.pid).toBe(pid)
    expect(waiting(daemon.state).size).toBe(0)
    await daemon.runs('job', 0)
    const line = `${run?.description.run} 2026-03-10T12:00:05Z 1\n`
    await until(() => outputOf(run) === line, 'its output')
  })

  test('a stop dismisses a prepared recorder, which leaves no run and no process', async () => {
    const { daemon, pid } = await prepared()
    await daemon.stop(0)
    await until(() => isGone(pid), 'the recorder to go')
    expect(waiting(daemon.state).size).toBe(0)
    expect(fs.existsSync(path.join(daemon.state.paths.runs, 'job'))).toBe(false)
    expect(daemon.history()).toEqual([])
  })

  test('a prepared recorder ends when its daemon lets go of its home', async () => {
    const { daemon, pid } = await prepared()
    daemon.kill()
    await until(() => isGone(pid), 'the recorder to go')
  })

  test('a prepared recorder is not used for a task that changed meanwhile', async () => {
    const { daemon, pid } = await prepared()
    await daemon.edit(job.replace('echo', 'echo changed'))
    daemon.seconds(1)
    const run = daemon.state.runs.of('job')[0]
    expect(run?.recorder?.pid).not.toBe(pid)
    await until(() => isGone(pid), 'the recorder to go')
    await daemon.runs('job', 0)
    await until(() => outputOf(run).startsWith('changed '), 'its output')
  })

  test('a prepared recorder is dismissed when its task is no longer due soon', async () => {
    const { site, daemon, pid } = await prepared()
    await daemon.edit('tasks:\n  job: {schedule: "0 0 * * * *", command: "true"}\n')
    daemon.seconds(1)
    await afterTick(site)
    await until(() => isGone(pid), 'the recorder to go')
    expect(waiting(daemon.state).size).toBe(0)
  })

  test('another recorder is started if somebody killed the prepared one', async () => {
    const { daemon, pid } = await prepared()
    process.kill(pid, 'SIGKILL')
    await until(() => waiting(daemon.state).size === 0, 'it to be forgotten')
    daemon.seconds(1)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
  })

  test('another recorder is started if the prepared one was killed and nobody has noticed yet', async () => {
    const { daemon, pid } = await prepared()
    process.kill(pid, 'SIGKILL')
    now(() => /State:\s+Z/.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')))
    const recorder = waiting(daemon.state).get('job')
    const dismiss = recorder && vi.spyOn(recorder, 'dismiss')
    daemon.seconds(1)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
    // Its descriptor was closed with the order; by now the number may be that of another file.
    expect(dismiss).not.toHaveBeenCalled()
  })

  test('no recorder is prepared for a task with an env_file, which is read when its run starts', async () => {
    const { daemon } = await prepared(
      job.replace('command:', 'env_file: ENV, command:').replace('ENV', '/etc/os-release'),
    )
    expect(waiting(daemon.state).size).toBe(0)
  })
})

test('a run that has ended, although its end was not reported yet, does not keep the next one from starting', async () => {
  const site = newSite('tasks:\n  job: {schedule: "* * * * * *", command: "true"}\n')
  const daemon = await site.daemon()
  daemon.seconds(1)
  const run = daemon.state.runs.of('job')[0]
  const exit = path.join(run?.directory ?? '', 'exit')
  now(() => fs.existsSync(exit) && fs.readFileSync(exit, 'utf8').startsWith('0\n'))
  expect(daemon.state.runs.of('job')).toEqual([run])
  daemon.seconds(1)
  expect(daemon.state.runs.of('job')[0]).not.toBe(run)
  await daemon.runs('job', 0)
  expect(daemon.history()).toEqual(['job ok', 'job ok'])
})

test('a machine that cannot say whether a run has ended costs a start, not the daemon', async () => {
  const site = newSite('tasks:\n  job: {schedule: "* * * * * *", command: sleep 60}\n')
  const { files } = thisMachine()
  let isRefused = false
  const readText = (file: string): string | undefined => {
    if (isRefused && path.basename(file) === 'exit') throw new Error('too many open files')
    return files.readText(file)
  }
  const daemon = await site.daemon({ files: { ...files, readText } })
  daemon.seconds(1)
  isRefused = true
  daemon.seconds(2)
  isRefused = false
  daemon.seconds(1)
  expect(daemon.history()).toEqual(['job running', ...Array(3).fill('job skipped max')])
  expect(daemon.lines.filter(({ event }) => event === 'trouble').map(({ words }) => words)).toEqual(
    [
      'could not check whether runs have ended: too many open files',
      'could check whether runs have ended again',
    ],
  )
})

/** Looks without a pause, so that the loop has no turn in which it would hear of an end. */
function now(isSo: () => boolean): void {
  const end = performance.now() + 10_000
  while (!isSo()) if (performance.now() > end) throw new Error('waited in vain')
}
