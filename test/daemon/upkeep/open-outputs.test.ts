import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'
import { canPunch } from '../../support/disk.ts'
import { isAlive } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

const mb = 1024 * 1024

describe.runIf(canPunch())('the output of processes that a run left behind', () => {
  test('the output of processes that a run left behind stays within max_size', async () => {
    const straggler = `(head -c 5000000 /dev/zero | tr '\\0' x; until [ -e $TORCH_HOME/go ]; do sleep 0.05; done; echo last) & true`
    const kept = '{ max_size: 2MB }'
    const site = newSite(
      `tasks: { job: { schedule: "@reboot", output: ${kept}, command: ${JSON.stringify(straggler)} } }`,
    )
    const first = await site.daemon()
    const [run] = first.state.runs.of('job')
    const output = path.join(run?.directory ?? '', 'output')
    await first.runs('job', 0)
    await until(() => fs.statSync(output).size === 5_000_000, 'its output')
    const { ino } = fs.statSync(output)
    site.clock.advance(1_000)
    expect(fs.readdirSync(path.join(site.home, 'written'))).toEqual([run?.description.run])
    site.clock.advance(1_000)
    await until(() => fs.statSync(output).blocks * 512 <= 3 * mb, 'a smaller output')
    expect(fs.statSync(output)).toMatchObject({ size: 5_000_000, ino })

    first.kill()
    const second = await site.daemon()
    expect(second.state.outputs.has(run?.description.run ?? '')).toBe(true)
    fs.writeFileSync(path.join(site.home, 'go'), '')
    await until(() => fs.statSync(output).size === 5_000_005, 'its last line')
    await until(() => {
      site.clock.advance(10_000)
      return fs.readdirSync(path.join(site.home, 'written')).length === 0
    }, 'the end of the collector')
    await until(() => fs.statSync(output).size < 2.1 * mb, 'the output to be cut')
    expect(fs.readFileSync(output, 'utf8').endsWith('last\n')).toBe(true)
  })
})

test('a run that is not kept is removed when nobody writes its output any more', async () => {
  const straggler = '(until [ -e $TORCH_HOME/go ]; do sleep 0.05; done) & true'
  const site = newSite(
    `tasks: { job: { schedule: "@reboot", output: { keep_runs: 0 }, command: "${straggler}" } }`,
  )
  const daemon = await site.daemon()
  const [run] = daemon.state.runs.of('job')
  const { directory = '', description } = run ?? {}
  await daemon.runs('job', 0)
  site.clock.advance(5_000)
  expect(daemon.state.outputs.has(description?.run ?? '')).toBe(true)
  expect(fs.existsSync(directory)).toBe(true)

  fs.writeFileSync(path.join(site.home, 'go'), '')
  const { pid = 0 } = run?.collector ?? {}
  await until(() => !isAlive(pid), 'the end of the collector')
  site.clock.advance(12_000)
  expect(fs.existsSync(directory)).toBe(false)
})

test('what follows from an end also follows if no descriptor is free to look at its collector', async () => {
  const site = newSite(
    'tasks: { job: { type: daemon, command: "until [ -e $TORCH_HOME/go ]; do sleep 0.05; done" } }',
  )
  const unseen = new Set<number | undefined>()
  const { processes } = thisMachine()
  const identify = (pid: number) => {
    if (unseen.has(pid)) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    return processes.identify(pid)
  }
  const daemon = await site.daemon({ processes: { ...processes, identify } })
  await daemon.begun('job')
  const [run] = daemon.state.runs.of('job')
  unseen.add(run?.collector?.pid)
  fs.writeFileSync(path.join(site.home, 'go'), '')
  await daemon.runs('job', 0)
  expect(daemon.state.daemonTasks.restarts.get('job')).toHaveLength(1)
  site.clock.advance(200)
  expect(daemon.state.outputs.has(run?.description.run ?? '')).toBe(true)
  unseen.clear()
  await until(() => {
    site.clock.advance(10_000)
    return !daemon.state.outputs.has(run?.description.run ?? '')
  }, 'the end of the output')
})
