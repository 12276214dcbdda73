import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { contentHash } from '../../../src/daemon/tasks-file/load.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const job = (command: string, more = '') =>
  `tasks: {job: {schedule: "*/10 * * * * *", command: ${command}${more}}}`

describe('a reload', () => {
  test('a reload reports what changed', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    expect(await daemon.edit(`# a comment\n${job('exit 0')}`)).toMatchObject({
      verdict: 'unchanged',
    })
    expect(await daemon.edit(job('exit 1'))).toMatchObject({ verdict: 'loaded', changed: ['job'] })
    const two =
      'tasks: {job: {schedule: "*/10 * * * * *", command: exit 1}, new: {schedule: "@daily", command: x}}'
    expect(await daemon.edit(two)).toMatchObject({
      verdict: 'loaded',
      added: ['new'],
      changed: [],
      tasks: 2,
    })
    expect(await daemon.edit('tasks: {}')).toMatchObject({ removed: ['job', 'new'], tasks: 0 })
  })

  test('a bad file changes nothing: the last good one stays, and the status says why', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    const report = await daemon.edit('tasks: {job: {schedule: "* * * * * *", comand: exit 0}}')
    expect(report.verdict).toBe('refused')
    expect(report.problems.map((problem) => problem.severity)).toContain('error')
    expect((await statusOf(daemon.state)).file).toMatchObject({
      ok: false,
      // The line may hold a secret: only who asked for the reload sees it.
      problems: report.problems.map((problem) => ({ ...problem, source: null })),
    })
    daemon.seconds(10)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
    expect(daemon.lines.filter((line) => line.event === 'refuse')).toHaveLength(1)
    await daemon.edit(job('exit 0'))
    expect((await statusOf(daemon.state)).file).toMatchObject({ ok: true, problems: [] })
  })

  test('a refused file is trouble until a good one is taken', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    expect((await statusOf(daemon.state)).trouble).toEqual([])
    await daemon.edit('tasks: {job: {schedule: "* * * * * *", comand: exit 0}}')
    expect((await statusOf(daemon.state)).trouble).toEqual([
      {
        message: expect.stringMatching(/^the tasks file was refused: .*comand/),
        since: new Date(site.clock.now()).toISOString(),
      },
    ])
    await daemon.edit(job('exit 0'))
    expect((await statusOf(daemon.state)).trouble).toEqual([])
  })

  test('a task that was removed and is added again shows its last run', async () => {
    const site = newSite(job('exit 3'))
    const daemon = await site.daemon()
    daemon.seconds(10)
    await daemon.runs('job', 0)
    await daemon.edit('tasks: {}')
    await daemon.edit(job('exit 0'))
    expect((await statusOf(daemon.state)).tasks).toMatchObject([
      { name: 'job', last: { outcome: 'failed', exitCode: 3 }, counts: { failures: 1 } },
    ])
  })

  test('a file that is gone changes nothing', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    fs.rmSync(site.tasks)
    const report = await daemon.reload('signal')
    expect(report).toMatchObject({ verdict: 'refused', tasks: 1 })
    expect(report.problems[0]?.message).toBe('is not there')
    daemon.seconds(10)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
  })

  test('a file is read again if the machine refused the thread for it, and the log says so once', async () => {
    const { inWorker } = thisMachine()
    let refusals = 2
    const site = newSite('tasks:\n  a: {schedule: "* * * * * *", command: "true"}\n')
    const daemon = await site.daemon({
      inWorker: (...words) =>
        refusals-- > 0
          ? Promise.resolve({ kind: 'failed', message: 'EAGAIN' })
          : inWorker(...words),
    })
    const text = `tasks:\n  b: {schedule: "0 0 1 1 *", command: "true"}\n#${' '.repeat(250_000)}\n`
    expect(await daemon.edit(text)).toMatchObject({ verdict: 'refused' })
    const isTaken = (): boolean => {
      site.clock.advance(1_000)
      return daemon.state.tasks.refused === undefined
    }
    await until(isTaken, 'the file to be taken')
    expect([...daemon.state.tasks.all.keys()]).toEqual(['b'])
    const said = daemon.lines.filter(({ event }) => ['refuse', 'load'].includes(event))
    expect(said.map(({ words }) => words)).toEqual([
      `the tasks file was refused, the last good one stays: ${site.tasks}: could not be read: EAGAIN`,
      'the tasks file changed: 1 added, 0 changed, 1 removed',
    ])
  })

  test('a refused file that has another problem now is told again, and the same problem is not', async () => {
    const dates = (text: string): void => fs.writeFileSync(`${site.folder}/fair.dates`, text)
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    const told: string[] = []
    Object.assign(daemon.state.events, {
      refuse: (problems: readonly { readonly message: string }[]) =>
        void told.push(problems[0]?.message ?? ''),
    })
    const text = `calendars: { fair: { file: fair.dates } }\n${job('exit 0', ', only: fair')}`
    await daemon.edit(text)
    await daemon.reload('signal')
    dates('never\n')
    await daemon.reload('signal')
    expect(told).toEqual([
      expect.stringContaining('is not there'),
      expect.stringContaining('never'),
    ])
  })

  test('a reload does not change what runs; the next slot has the new definition', async () => {
    const site = newSite(job('"until test -e go; do sleep 0.1; done; exit 7"', ', cwd: "."'))
    const daemon = await site.daemon()
    daemon.seconds(10)
    const [run] = daemon.running('job')
    await daemon.edit(job('exit 9', ', max: 2'))
    expect(daemon.running('job')).toEqual([run])
    daemon.seconds(10)
    fs.writeFileSync(`${site.folder}/go`, '')
    await daemon.runs('job', 0)
    expect(daemon.rows().map((row) => row.exitCode)).toEqual([7, 9])
  })

  test('a reload in the second of a slot neither loses nor repeats it', async () => {
    const site = newSite(job('exit 0', ', max: 9'))
    const daemon = await site.daemon()
    daemon.seconds(9)
    site.clock.advance(500)
    site.clock.set(site.clock.now() + 600)
    // The slot is due and its tick has not come: the unchanged task keeps it.
    await daemon.edit(`${job('exit 0', ', max: 9')} # same`)
    site.clock.advance(500)
    await daemon.edit(job('exit 1', ', max: 9'))
    daemon.seconds(1)
    await daemon.runs('job', 0)
    expect(daemon.rows().map((row) => row.slot)).toEqual(['2026-03-10T12:00:10Z'])
  })

  test('a removed task has no next slot, and its waiting start is skipped', async () => {
    const site = newSite(job('exec sleep 60', ', overlap: queue'))
    const daemon = await site.daemon()
    daemon.seconds(20)
    await daemon.edit('tasks: {}')
    daemon.seconds(20)
    expect(daemon.history()).toEqual(['job running', 'job skipped removed'])
  })

  test('a reload does not touch the instances of a daemon task that did not change', async () => {
    const yaml = 'tasks: {keep: {type: daemon, command: exec sleep 60}}'
    const site = newSite(yaml)
    const daemon = await site.daemon()
    const before = daemon.running('keep')
    await daemon.edit(`${yaml} # and a comment`)
    await daemon.edit(yaml.replace('command:', 'description: words, command:'))
    expect(daemon.running('keep')).toEqual(before)
  })

  test('a hundred requests at once are two reloads: the one in progress, and one that reads the file after it', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    const reports = Array.from({ length: 100 }, (_, index) =>
      daemon.edit(job(`exit ${index}`), 'signal'),
    )
    await Promise.all(reports)
    expect(daemon.lines.filter((line) => line.event === 'load')).toHaveLength(2)
    daemon.seconds(10)
    await daemon.runs('job', 0)
    expect(daemon.rows().map((row) => row.exitCode)).toEqual([99])
  })

  test('of two contents that the watch sees settle during a reload, the newer one is taken', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    const settled = (text: string) => {
      fs.writeFileSync(site.tasks, text)
      return daemon.reload('file', contentHash(thisMachine(), site.tasks))
    }
    const reports = [daemon.edit(job('exit 1')), settled(job('exit 2')), settled(job('exit 3'))]
    expect((await Promise.all(reports)).map(({ verdict }) => verdict)).toEqual([
      'loaded',
      'loaded',
      'loaded',
    ])
    expect(daemon.state.tasks.all.get('job')?.command).toBe('exit 3')
  })

  test('a file that was refused before the watch saw it is reported once', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit('tasks: {half: ', 'signal')
    const report = await daemon.reload('file', contentHash(thisMachine(), site.tasks))
    expect(report.verdict).toBe('refused')
    expect(daemon.lines.filter(({ event }) => event === 'refuse')).toHaveLength(1)
  })

  test('a content other than the one that settled is not taken, because it has to settle too', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    fs.writeFileSync(site.tasks, 'tasks: {half: ')
    const report = await daemon.reload('file', 'the hash of another content')
    expect(report.verdict).toBe('unchanged')
    expect((await statusOf(daemon.state)).file.ok).toBe(true)
  })
})

describe('a daemon task', () => {
  test('an instance that is being replaced is replaced once if its task changes again', async () => {
    const yaml = (seconds: number) =>
      `tasks: {keep: {type: daemon, command: exec sleep ${seconds}}}`
    const site = newSite(yaml(60))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.edit(yaml(61))
    await daemon.edit(yaml(62))
    const command = () => daemon.state.runs.of('keep')[0]?.description.command
    await until(() => command() === 'exec sleep 62', 'the newest definition')
    expect(daemon.running('keep')).toHaveLength(1)
  })
})

describe('torch reload right after an edit', () => {
  test('torch reload reports the change that the watch has just taken, once', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    site.clock.advance(59_000)
    expect(await daemon.reload('command')).toMatchObject({
      ...{ verdict: 'loaded', changed: ['job'], loadedAt: '2026-03-10T12:00:00.000Z' },
    })
    const next = await daemon.reload('command')
    expect(next).toMatchObject({ verdict: 'unchanged', changed: [] })
    expect(next).not.toHaveProperty('loadedAt')
  })

  test('torch reload reports no change after another edit that changed no task', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    expect(await daemon.edit(`${job('exit 1')} # a comment`)).toMatchObject({
      verdict: 'unchanged',
    })
  })

  test('torch reload does not report a change that was taken before a signal', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    await daemon.reload('signal')
    expect(await daemon.reload('command')).toMatchObject({ verdict: 'unchanged' })
  })

  test('torch reload does not report a change of long ago', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    site.clock.advance(61_000)
    expect(await daemon.reload('command')).toMatchObject({ verdict: 'unchanged' })
  })
})

describe('no slot starts twice, and none is lost', () => {
  const yaml = (more: string) =>
    `tasks: {job: {schedule: "*/30 * * * * *", command: exit 0, max: 9, ${more}}}`

  test('a slot that is done does not start again when its task gets a jitter', async () => {
    const site = newSite(yaml('jitter: 0s'))
    const daemon = await site.daemon()
    daemon.seconds(31)
    await daemon.edit(yaml('jitter: 20s'))
    daemon.seconds(59)
    await daemon.runs('job', 0)
    const slots = daemon.rows().map((row) => row.slot)
    expect(new Set(slots).size).toBe(slots.length)
    expect(slots).toContain('2026-03-10T12:00:30Z')
  })

  test('a slot that waits for its jitter starts when the task loses the jitter', async () => {
    const site = newSite(yaml('jitter: 20s'))
    const daemon = await site.daemon()
    daemon.seconds(30)
    const before = daemon.rows().length
    await daemon.edit(yaml('jitter: 0s'))
    daemon.seconds(2)
    await daemon.runs('job', 0)
    expect(
      daemon
        .rows()
        .slice(before)
        .map((row) => row.slot),
    ).toEqual(['2026-03-10T12:00:30Z'])
  })

  test('a new task has missed no slot, whatever its jitter', async () => {
    const site = newSite('tasks: {}')
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.edit(yaml('jitter: 29s'))
    daemon.seconds(29)
    expect(daemon.rows()).toEqual([])
  })
})

describe('a waiting start', () => {
  const yaml = (more: string) =>
    `tasks: {job: {schedule: "* * * * * *", overlap: queue, command: exec sleep 60, ${more}}}`

  test('a waiting start starts when the file raises max', async () => {
    const site = newSite(yaml('max: 1'))
    const daemon = await site.daemon()
    daemon.seconds(2)
    expect(daemon.running('job')).toHaveLength(1)
    await daemon.edit(yaml('max: 2'))
    expect(daemon.running('job')).toHaveLength(2)
  })

  test.each([
    { more: 'max: 1, enabled: false', reason: 'enabled' },
    { more: 'max: 1, hosts: [10.9.9.9]', reason: 'hosts' },
  ])(
    'a waiting start is skipped with the filter that says no: $reason',
    async ({ more, reason }) => {
      const site = newSite(yaml('max: 1'))
      const daemon = await site.daemon()
      daemon.seconds(2)
      await daemon.edit(yaml(more))
      expect(daemon.history()).toEqual(['job running', `job skipped ${reason}`])
    },
  )

  test('a waiting start does not become an instance of a daemon task', async () => {
    const site = newSite(yaml('max: 1'))
    const daemon = await site.daemon()
    daemon.seconds(2)
    await daemon.edit('tasks: {job: {type: daemon, command: exec sleep 60}}')
    expect(daemon.history()).toContain('job skipped removed')
    expect(daemon.state.queue.waiting.size).toBe(0)
  })
})
