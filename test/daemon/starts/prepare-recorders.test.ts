import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { letGo } from '../../../src/daemon/handover/let-go.ts'
import { readyLater } from '../../../src/daemon/starts/prepare-recorders.ts'
import { makeStop } from '../../../src/daemon/stop.ts'
import type { Torch } from '../../../src/daemon/state.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite, until } from '../support.ts'

const job =
  'tasks:\n  job: {schedule: "*/5 * * * * *", command: echo "$TORCH_RUN_ID $TORCH_SLOT $TORCH_ATTEMPT"}\n'

/** A daemon one second before its job is due, and the pid of the recorder that waits for it. */
async function readied(yaml = job) {
  const site = newSite(yaml)
  const daemon = await site.daemon()
  daemon.seconds(4)
  await getReady(site, daemon.torch)
  const pid = daemon.torch.room.recorders.waiting.get('job')?.identity.pid ?? 0
  return { site, daemon, pid }
}

async function getReady(site: ReturnType<typeof newSite>, torch: Torch): Promise<void> {
  readyLater(torch)
  site.clock.advance(30)
  await new Promise((resolve) => setImmediate(resolve))
}

const isGone = (pid: number) => !fs.existsSync(`/proc/${pid}`)

describe('a recorder that is ready', () => {
  test('is given the run when that is due', async () => {
    const { daemon, pid } = await readied()
    expect(pid).toBeGreaterThan(0)
    daemon.seconds(1)
    const run = daemon.torch.runs.get('job')?.[0]
    expect(run?.recorder?.pid).toBe(pid)
    expect(daemon.torch.room.recorders.waiting.size).toBe(0)
    await daemon.runs('job', 0)
    const output = fs.readFileSync(path.join(run?.directory ?? '', 'output'), 'utf8')
    expect(output).toBe(`${run?.description.run} 2026-03-10T12:00:05Z 1\n`)
  })

  test('leaves nothing behind where it gets none: no run, no process', async () => {
    const { daemon, pid } = await readied()
    makeStop(daemon.torch).ask({ graceMs: 0, leave: false })
    await until(() => isGone(pid), 'the recorder to go')
    expect(daemon.torch.room.recorders.waiting.size).toBe(0)
    expect(fs.existsSync(path.join(daemon.torch.paths.runs, 'job'))).toBe(false)
    expect(daemon.history()).toEqual([])
  })

  test('goes when the daemon goes', async () => {
    const { daemon, pid } = await readied()
    letGo(daemon.torch)
    await until(() => isGone(pid), 'the recorder to go')
  })

  test('is not used for a task that is another by now', async () => {
    const { daemon, pid } = await readied()
    await daemon.edit(job.replace('echo', 'echo changed'))
    daemon.seconds(1)
    const run = daemon.torch.runs.get('job')?.[0]
    expect(run?.recorder?.pid).not.toBe(pid)
    await until(() => isGone(pid), 'the recorder to go')
    await daemon.runs('job', 0)
    expect(fs.readFileSync(path.join(run?.directory ?? '', 'output'), 'utf8')).toMatch(/^changed /)
  })

  test('is sent away when its task is not due any more', async () => {
    const { site, daemon, pid } = await readied()
    await daemon.edit('tasks:\n  job: {schedule: "0 0 * * * *", command: "true"}\n')
    await getReady(site, daemon.torch)
    await until(() => isGone(pid), 'the recorder to go')
    expect(daemon.torch.room.recorders.waiting.size).toBe(0)
  })

  test('is not missed when somebody kills it: another is started', async () => {
    const { daemon, pid } = await readied()
    process.kill(pid, 'SIGKILL')
    await until(() => daemon.torch.room.recorders.waiting.size === 0, 'it to be forgotten')
    daemon.seconds(1)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
  })

  test('is not missed when it was killed and nobody knows yet', async () => {
    const { daemon, pid } = await readied()
    process.kill(pid, 'SIGKILL')
    now(() => /State:\s+Z/.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8')))
    const recorder = daemon.torch.room.recorders.waiting.get('job')
    const dismiss = recorder && vi.spyOn(recorder, 'dismiss')
    daemon.seconds(1)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
    // Its descriptor was closed with the order; by now the number may be that of another file.
    expect(dismiss).not.toHaveBeenCalled()
  })

  test('is not had for a task with an env_file, which is read at the start', async () => {
    const { daemon } = await readied(
      job.replace('command:', 'env_file: ENV, command:').replace('ENV', '/etc/os-release'),
    )
    expect(daemon.torch.room.recorders.waiting.size).toBe(0)
  })
})

test('an end that nobody has told of yet does not keep the next start from its place', async () => {
  const site = newSite('tasks:\n  job: {schedule: "* * * * * *", command: "true"}\n')
  const daemon = await site.daemon()
  daemon.seconds(1)
  const run = daemon.torch.runs.get('job')?.[0]
  const exit = path.join(run?.directory ?? '', 'exit')
  now(() => fs.existsSync(exit) && fs.readFileSync(exit, 'utf8') === '0\n')
  expect(daemon.torch.runs.get('job')).toEqual([run])
  daemon.seconds(1)
  expect(daemon.torch.runs.get('job')?.[0]).not.toBe(run)
  await daemon.runs('job', 0)
  expect(daemon.history()).toEqual(['job ok', 'job ok'])
})

test('a machine that does not say whether a run goes on costs a start, and not the daemon', async () => {
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
      'could not look whether runs go on: too many open files',
      'could look whether runs go on again',
    ],
  )
})

/** Looks without a pause, so that the loop has no turn in which it would hear of an end. */
function now(isSo: () => boolean): void {
  const end = performance.now() + 10_000
  while (!isSo()) if (performance.now() > end) throw new Error('waited in vain')
}
