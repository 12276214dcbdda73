import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { newFolder } from '../../../support/history.ts'
import { handClock } from '../../../support/clock.ts'
import { torchHere } from '../../../support/here.ts'
import { closeSites, newSite } from '../../../support/torch.ts'
import { until } from '../../../support/until.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

let home = ''
const runId = (n: number) => `20260308T07000${n}.000-00000${n}`
beforeEach(() => {
  home = newFolder()
  fs.writeFileSync(
    path.join(home, 'tasks.yaml'),
    'tasks: { idle: { schedule: "@daily", command: x } }',
  )
  kept('backup', 1, 'one\ntwo\n')
  kept('rotate', 2, 'rotated')
  kept('backup', 3, 'three\n')
})

function kept(task: string, n: number, output: string): void {
  const directory = path.join(home, 'runs', task, runId(n))
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(path.join(directory, 'output'), output)
  fs.writeFileSync(path.join(directory, 'outcome.json'), '{}')
}

function logs(...words: string[]) {
  const tasks = path.join(home, 'tasks.yaml')
  const host = { clock: handClock('2026-03-08T07:00:04Z') }
  return torchHere(['logs', ...words, '--home', home, '--tasks', tasks], { host })
}

describe('torch logs', () => {
  test('torch logs of a run without output says so on standard error', async () => {
    kept('quiet', 4, '')
    const ended = `quiet ${runId(4)} has no output\n`
    expect(await logs('quiet')).toEqual({ status: 0, stdout: '', stderr: ended })
    expect(await logs('quiet', 'rotate')).toMatchObject({
      stdout: 'rotate | rotated\n',
      stderr: ended,
    })
    expect((await logs('quiet', '-n', '0')).stderr).toBe('')
    expect((await logs('quiet', '--json')).stderr).toBe('')
    fs.rmSync(path.join(home, 'runs/quiet', runId(4), 'outcome.json'))
    expect((await logs('quiet')).stderr).toBe(`quiet ${runId(4)} has no output yet\n`)
  })

  test.each([
    [['backup'], 'three\n'],
    [['backup', 'backup'], 'three\n'],
    [['backup', 'rotate'], 'rotate | rotated\nbackup | three\n'],
    [['ba*'], 'backup | three\n'],
    [['*', '-n', '0'], ''],
    [
      ['backup', '--since', '1h'],
      `==> backup ${runId(1)} <==\none\ntwo\n==> backup ${runId(3)} <==\nthree\n`,
    ],
    [
      ['backup', '--since', '1h', '-n', '1'],
      `==> backup ${runId(1)} <==\ntwo\n==> backup ${runId(3)} <==\nthree\n`,
    ],
    [['backup', '--since', '2026-03-08T07:00:02Z'], `==> backup ${runId(3)} <==\nthree\n`],
    [
      ['*', '--since', '2s'],
      `rotate | ==> rotate ${runId(2)} <==\nrotate | rotated\nbackup | ==> backup ${runId(3)} <==\nbackup | three\n`,
    ],
    [['backup', '--run', runId(1)], 'one\ntwo\n'],
    [[runId(2)], 'rotated'],
    [['20260308T070001', '-n', '1'], 'two\n'],
  ])('torch logs %j prints %j', async (words, stdout) => {
    expect(await logs(...words)).toEqual({ status: 0, stdout, stderr: '' })
  })

  test('torch logs --json prints one run, or a list if there may be several', async () => {
    const json = async (...words: string[]) => JSON.parse((await logs(...words, '--json')).stdout)
    const last = { task: 'backup', run: runId(3), output: 'three\n' }
    expect(await json('backup')).toEqual(last)
    expect(await json('back*')).toEqual([last])
    expect(await json('backup', '--since', '0s')).toEqual([])
    expect(await json('*', '--since', '2s')).toEqual([
      { task: 'rotate', run: runId(2), output: 'rotated' },
      last,
    ])
  })

  test.each([
    [['backup', 'idle'], 0, 'backup | three\n', 'no runs of idle are kept\n'],
    [
      ['idle'],
      1,
      '',
      'torch: no runs of idle are kept\nhint: torch history idle shows its recorded runs; torch run idle starts it\n',
    ],
    [['bakup'], 2, '', 'torch: there is no task "bakup"\nhint: did you mean "backup"?\n'],
    [['backup', 'x*'], 2, '', 'torch: no task matches "x*"\nhint: torch status lists the tasks\n'],
    [['backup', '--since', '500ms'], 0, '', 'no run that started since then is kept\n'],
    [
      ['20260308T0', '--json'],
      2,
      '',
      `torch: several runs begin with "20260308T0": ${runId(1)}, ${runId(2)}, ${runId(3)}\nhint: give more of the run id\n`,
    ],
    [
      ['20260309T'],
      1,
      '',
      'torch: no kept run begins with "20260309T"\nhint: torch history shows the runs\n',
    ],
    [
      [runId(1), 'backup'],
      2,
      '',
      'torch: tasks and a run id cannot be mixed\nhint: torch logs TASK, or torch logs RUN\n',
    ],
    [
      ['ba*', '--run', '2026'],
      2,
      '',
      'torch: --run needs exactly one task\nhint: torch logs ba* --run ID\n',
    ],
    [
      ['backup', '--run', '2026', '--since', '1h'],
      2,
      '',
      'torch: --run and --since cannot be combined\nhint: torch logs backup --since 1d\n',
    ],
  ])('torch logs %j exits with %d and a message', async (words, status, stdout, stderr) => {
    expect(await logs(...words)).toEqual({ status, stdout, stderr })
  })

  test('torch logs without a home exits with 1', async () => {
    fs.rmSync(path.join(home, 'runs'), { recursive: true })
    expect((await logs('idle')).status).toBe(1)
    expect((await logs('*')).stderr).toBe(
      "torch: no runs of * are kept\nhint: torch history '*' shows its recorded runs\n",
    )
  })
})

test('torch logs PATTERN -f follows new runs and new tasks, also when the daemon restarts', async () => {
  const line = (name: string) =>
    `  ${name}: { schedule: "@yearly", command: echo this is ${name} }\n`
  const site = newSite(`tasks:\n${line('job-a')}`)
  await site.torch('run', 'job-a')
  const follower = site.spawn(['logs', 'job-*', '-f'])
  const shows = (text: string) => until(() => follower.stdout().endsWith(text), text)
  await shows('job-a | this is job-a\n')
  await site.torch('start')
  await site.torch('run', 'job-a', '--detach')
  await until(() => follower.stdout().split('this is job-a').length === 3, 'the next run')
  await site.torch('stop')
  site.write('tasks.yaml', `tasks:\n${line('job-a')}${line('job-longer')}${line('other')}`)
  await site.torch('start')
  await site.torch('run', 'other')
  await site.torch('run', 'job-longer')
  await shows('job-longer | this is job-longer\n')
  await site.torch('run', 'job-a')
  await shows('job-a      | this is job-a\n')
  expect(follower.stdout()).not.toContain('this is other')
  follower.child.kill('SIGINT')
  expect((await follower.ended).signal).toBe('SIGINT')
})

test('torch logs -f shows all running runs of a task, not only the last', async () => {
  const command = 'echo $TORCH_RUN_ID; exec sleep 1000'
  const site = newSite(`tasks:\n  job: { type: daemon, max: 2, command: "${command}" }\n`)
  await site.torch('start')
  const runs = () => fs.readdirSync(path.join(site.home, 'runs/job'))
  const isSaid = (run: string) => fs.existsSync(path.join(site.home, 'runs/job', run, 'output'))
  await until(() => runs().filter(isSaid).length === 2, 'two runs')
  const follower = site.spawn(['logs', 'job', '-f'])
  await until(() => follower.stdout().split('\n').length === 3, 'the output of both')
  expect(follower.stdout().trimEnd().split('\n').toSorted()).toEqual(runs().toSorted())
  follower.child.kill('SIGINT')
  await follower.ended
})

test('torch logs -f follows what a run left behind; with --run it ends with the run', async () => {
  const left =
    '(while [ -d $TORCH_HOME ] && [ ! -e $TORCH_HOME/go ]; do sleep 0.1; done; echo late) &'
  const site = newSite(
    `tasks: { job: { schedule: "@yearly", command: ${JSON.stringify(`${left} echo early`)} } }`,
  )
  await site.torch('run', 'job')
  const [run = ''] = fs.readdirSync(path.join(site.home, 'runs/job'))
  const outcome = path.join(site.home, 'runs/job', run, 'outcome.json')
  // As if it had ended long ago.
  fs.writeFileSync(
    outcome,
    JSON.stringify({ ...JSON.parse(fs.readFileSync(outcome, 'utf8')), endedMs: 0 }),
  )
  expect(await site.torch('logs', 'job', '-f', '--run', run)).toMatchObject({ stdout: 'early\n' })
  const follower = site.spawn(['logs', 'job', '-f'])
  await until(() => follower.stdout() === 'early\n', 'the first line')
  fs.writeFileSync(path.join(site.home, 'go'), '')
  await until(() => follower.stdout() === 'early\nlate\n', 'the late line')
  follower.child.kill('SIGINT')
  await follower.ended
})

test('torch logs -f shows a new run even if the clock was set back before it', async () => {
  const site = newSite('tasks: {}')
  const runs = path.join(site.home, 'runs')
  const add = (n: number, output: string): void => {
    kept('backup', n, output)
    fs.mkdirSync(path.join(runs, 'backup'), { recursive: true })
    const place = path.join('backup', runId(n))
    fs.renameSync(path.join(home, 'runs', place), path.join(runs, place))
  }
  add(6, 'the first\n')
  const follower = site.spawn(['logs', 'backup', '-f'])
  await until(() => follower.stdout() === 'the first\n', 'the first')
  add(5, 'the second\n')
  await until(() => follower.stdout() === 'the first\nthe second\n', 'the second')
  follower.child.kill('SIGINT')
  await follower.ended
})
