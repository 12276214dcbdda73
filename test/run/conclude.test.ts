import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { activeFolder } from '../../src/run/active.ts'
import { thisMachine } from '../../src/host/host.ts'
import { until } from '../support/until.ts'
import { newBench } from './support.ts'

test.each([
  { command: 'exit 0', says: { outcome: 'ok', exitCode: 0 } },
  { command: 'exit 42', says: { outcome: 'failed', exitCode: 42 } },
  { command: 'exit 143', says: { outcome: 'failed', exitCode: 143, signal: null } },
  {
    command: 'kill -TERM $$',
    says: { outcome: 'killed', signal: 'SIGTERM', reason: 'not by torch' },
  },
  { command: 'kill -KILL $$', says: { outcome: 'killed', signal: 'SIGKILL' } },
  { command: 'kill -SEGV $$', says: { outcome: 'killed', signal: 'SIGSEGV' } },
  { command: 'kill -INT $$', says: { outcome: 'killed', signal: 'SIGINT' } },
  { command: 'kill -TERM 0', says: { outcome: 'killed', signal: 'SIGTERM' } },
  { command: 'no-such-program-anywhere', says: { outcome: 'failed', exitCode: 127 } },
])('the outcome of a run of `$command` is $says.outcome', async ({ command, says }) => {
  const bench = newBench()
  const run = bench.start({ command })
  const conclusion = await bench.ended(run)
  expect(conclusion).toMatchObject(says)
  const written = fs.readFileSync(path.join(run.directory, 'outcome.json'), 'utf8')
  expect(JSON.parse(written)).toEqual(conclusion)
})

test.each([
  { command: 'while :; do :; done', limits: { cpu: 1 }, signal: 'SIGXCPU', reason: 'limits.cpu' },
  {
    command: ['dd', 'if=/dev/zero', 'of=big', 'bs=4k', 'count=2'],
    limits: { fsize: 4096 },
    signal: 'SIGXFSZ',
    reason: 'limits.fsize',
  },
])(
  '$command with the limits $limits is killed by $signal, and the reason is the limit',
  async ({ command, limits, signal, reason }) => {
    const bench = newBench()
    const run = bench.start({ command, limits, cwd: bench.home })
    expect(await bench.ended(run)).toMatchObject({ outcome: 'killed', signal, reason })
  },
  30_000,
)

test.each([0, 143])(
  'a run that the guard of the home ended is killed by the fence, also if it exits with %s',
  async (status) => {
    const bench = newBench()
    const command = `trap 'exit ${status}' TERM; echo up; sleep 60 & wait`
    const run = bench.start({ command }, { claim: { attempt: 'a', sequence: 1, holding: 'p' } })
    await until(() => bench.output(run) !== '', 'the trap')
    // As guard-script.ts does, while the daemon is stopped.
    const note = '{"reason":"fence","signal":"SIGTERM","sinceMs":1000}'
    fs.writeFileSync(path.join(run.directory, 'ending.json'), note)
    process.kill(-(run.recorder?.pid ?? NaN), 'SIGTERM')
    expect(await bench.ended(run)).toMatchObject({
      ...{ outcome: 'killed', reason: 'fence', exitCode: status, signal: 'SIGTERM' },
    })
  },
)

test('a recorder does not bring back an entry in active that is already removed', async () => {
  const bench = newBench()
  const active = activeFolder(bench.home)
  await bench.ended(bench.start({ command: `rm ${active}/"$TORCH_RUN_ID"` }))
  expect(fs.readdirSync(active)).toEqual([])
})

test('the start and end of a run are times of the wall clock', async () => {
  const bench = newBench()
  const before = Date.now()
  const conclusion = await bench.ended(bench.start({ command: 'exec sleep 0.2' }))
  expect(conclusion.startedMs).toBeGreaterThanOrEqual(before)
  expect(conclusion.endedMs - conclusion.startedMs).toBeGreaterThanOrEqual(200)
  expect(conclusion.endedMs).toBeLessThanOrEqual(Date.now())
})

test('a run ends with its command, and a child that is left counts as a straggler', async () => {
  const bench = newBench()
  const conclusion = await bench.ended(bench.start({ command: 'sleep 30 & echo done' }))
  expect(conclusion).toMatchObject({ outcome: 'ok', stragglers: 1 })
  expect(conclusion.endedMs - conclusion.startedMs).toBeLessThan(20_000)
})

test('a run whose recorder is killed continues, and its outcome is unknown, not made up', async () => {
  const bench = newBench()
  const run = bench.start({ command: 'sleep 0.5; echo over' })
  await bench.begun(run)
  process.kill(run.recorder?.pid ?? 0, 'SIGKILL')
  const conclusion = await bench.ended(run)
  expect(conclusion).toMatchObject({ outcome: 'unknown', exitCode: null })
  expect(conclusion.endedMs - conclusion.startedMs).toBeGreaterThanOrEqual(400)
  expect(bench.output(run)).toBe('over\n')
})

test('torch reads all of /proc once for a run that leaves processes behind', async () => {
  const host = thisMachine()
  let reads = 0
  const groupMembers = (group: number) => {
    reads += 1
    return host.processes.groupMembers(group)
  }
  const bench = newBench({ ...host, processes: { ...host.processes, groupMembers } })
  const run = bench.start({ command: 'sleep 60 >/dev/null & true' })
  expect(await bench.ended(run)).toMatchObject({ outcome: 'ok', stragglers: 1 })
  expect(reads).toBe(1)
})
