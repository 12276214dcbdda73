import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { torchHere } from '../../support/here.ts'
import { closeSites, newSite } from '../../support/torch.ts'

const yaml = `
tasks:
  backup: { schedule: "0 0 1 1 *", command: "true" }
  other: { schedule: "0 0 1 1 *", command: "true" }
`
afterAll(closeSites)

/** A home and a tasks file without a daemon. */
function home(text = yaml) {
  const site = newSite(text)
  const common = ['--home', site.home, '--tasks', site.tasks]
  const torch = (...words: string[]) => torchHere([...words, ...common])
  return { torch, file: path.join(site.home, 'paused.json') }
}

describe('without a daemon', () => {
  test('torch pause keeps the pause for the next daemon, and torch status shows it', async () => {
    const { torch, file } = home()
    const paused = await torch(
      'pause',
      'backup',
      '--until',
      '2099-01-01T06:00Z',
      '--reason',
      'new disk',
    )
    expect(paused.stdout).toMatch(/^backup is paused until 2099-01-01T\S+ by \S+.*: new disk\n$/)
    expect(paused.stderr).toContain('torch is not running: this holds for the next daemon')
    expect(paused.status).toBe(0)
    const status = await torch('status')
    expect(status.stdout).toMatch(/1 paused/)
    expect(status.stdout).toMatch(/backup .*paused until 2099-01-01T\S+ by \S+.*: new disk/)
    const next = JSON.parse((await torch('next', 'backup', '--count', '1', '--json')).stdout)
    expect(next).toMatchObject([{ at: '2100-01-01T00:00:00Z', paused: { reason: 'new disk' } }])
    const run = await torch('run', 'backup')
    expect(run.stderr).toMatch(/^note: backup is paused until 2099\S+ by .*; it runs anyway\n/)
    const resumed = await torch('resume', 'backup')
    expect([resumed.status, resumed.stdout]).toEqual([0, 'resumed backup\n'])
    expect((await torch('status')).stdout).not.toContain('paused')
    // For the next daemon: the slots of this pause are not missed.
    const saved: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
    expect(saved).toMatchObject({ tasks: {}, past: [{ task: 'backup' }] })
  })

  test('torch pause --all is a line above the tasks, and --json has the facts of each', async () => {
    const { torch } = home()
    expect((await torch('pause', '--all')).stdout).toMatch(/^all tasks are paused by /)
    const { stdout } = await torch('status')
    expect(stdout).toMatch(/^paused {2}all tasks by /m)
    const { tasks } = JSON.parse((await torch('status', '--json')).stdout) as { tasks: object[] }
    expect(tasks).toMatchObject([
      { name: 'backup', next: null, paused: { all: true, until: null, slots: 0 } },
      { name: 'other', next: null, paused: { all: true } },
    ])
    const one = await torch('resume', 'other')
    expect([one.status, one.stderr]).toEqual([1, expect.stringContaining('paused all tasks')])
    expect((await torch('resume', '--all')).stdout).toBe('resumed all tasks\n')
  })

  test('a task that does not exist is an error with a suggestion, and nothing is paused', async () => {
    const { torch, file } = home()
    const { status, stderr } = await torch('pause', 'bakcup')
    expect([status, stderr]).toEqual([2, expect.stringContaining('there is no task "bakcup"')])
    expect(stderr).toContain('did you mean "backup"?')
    expect(fs.existsSync(file)).toBe(false)
  })

  test('to resume what is not paused is no error', async () => {
    const { torch } = home()
    const { status, stdout, stderr } = await torch('resume', 'backup')
    expect([status, stdout, stderr.split('\n')[0]]).toEqual([
      ...[0, '', 'torch is not running: this holds for the next daemon'],
    ])
    expect(stderr).toContain('neither paused nor given up: backup')
  })

  test.each([
    [['pause'], 'no task is given'],
    [['pause', '--all', 'backup'], '--all and tasks exclude each other'],
    [['pause', 'backup', '--for', '1h', '--until', '2099-01-01'], '--for and --until exclude each'],
    [['pause', 'backup', '--until', '2001-01-01'], 'the pause would end in the past'],
    [['resume'], 'no task is given'],
  ])('torch %j is wrong usage', async (words, message) => {
    const { status, stderr } = await home().torch(...words)
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('with a daemon', () => {
  test('torch pause --stop ends what runs, torch run works all the same, and torch next says so', async () => {
    const site = newSite(
      'tasks: {server: {type: daemon, command: exec sleep 60}, job: {schedule: "0 0 1 1 *", command: exit 0}}',
    )
    await site.torch('start')
    const { status, stdout } = await site.torch('pause', 'server', 'job', '--stop', '--for', '1h')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^server, job are paused until \S+ by \S+.*\nending server 20\S+\n$/)
    const next = await site.torch('next', 'job')
    expect(next.stderr).toMatch(/^job is paused until \S+ by /m)
    const run = await site.torch('run', 'job')
    expect([run.status, run.stderr]).toEqual([
      0,
      expect.stringMatching(/^note: job is paused until /),
    ])
    expect((await site.torch('resume', '*')).stdout).toBe('resumed server, job\n')
  }, 120_000)
})
