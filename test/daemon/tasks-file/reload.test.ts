import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite, until } from '../support.ts'

const job = (command: string, more = '') =>
  `tasks: {job: {schedule: "*/10 * * * * *", command: ${command}${more}}}`

describe('a reload', () => {
  test('says what changed, and what did not', async () => {
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

  test('a bad file changes nothing: the last good one stays, and status says why', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    const report = await daemon.edit('tasks: {job: {schedule: "* * * * * *", comand: exit 0}}')
    expect(report.verdict).toBe('refused')
    expect(report.problems.map((problem) => problem.severity)).toContain('error')
    expect(statusOf(daemon.torch).file).toMatchObject({
      ok: false,
      problems: report.problems,
    })
    daemon.seconds(10)
    await daemon.runs('job', 0)
    expect(daemon.history()).toEqual(['job ok'])
    expect(daemon.lines.filter((line) => line.event === 'refuse')).toHaveLength(1)
    await daemon.edit(job('exit 0'))
    expect(statusOf(daemon.torch).file).toMatchObject({ ok: true, problems: [] })
  })

  test('so does one that is gone', async () => {
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

  test('a machine that refuses the thread for a large file is asked again, and said once', async () => {
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
      return daemon.torch.refused === undefined
    }
    await until(isTaken, 'the file to be taken')
    expect([...daemon.torch.tasks.keys()]).toEqual(['b'])
    const said = daemon.lines.filter(({ event }) => ['refuse', 'load'].includes(event))
    expect(said.map(({ words }) => words)).toEqual([
      `the tasks file was not taken, the last good one stays: ${site.tasks}: could not be read: EAGAIN`,
      'the tasks file changed: 1 added, 0 changed, 1 removed',
    ])
  })

  test('what runs goes on as it began; the next slot is of the new definition', async () => {
    const site = newSite(job('"until test -e go; do sleep 0.02; done; exit 7"', ', cwd: "."'))
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

  test('in the second of a slot neither loses nor repeats it', async () => {
    const site = newSite(job('exit 0', ', max: 9'))
    const daemon = await site.daemon()
    daemon.seconds(9)
    site.clock.advance(1000)
    // The slot is due and its tick has not come: the unchanged task keeps it.
    await daemon.edit(`${job('exit 0', ', max: 9')} # same`)
    daemon.tick()
    await daemon.edit(job('exit 1', ', max: 9'))
    daemon.tick()
    await daemon.runs('job', 0)
    expect(daemon.rows().map((row) => row.slot)).toEqual(['2026-03-10T12:00:10Z'])
  })

  test('a removed task has no next slot, and what waited for it is on record', async () => {
    const site = newSite(job('exec sleep 60', ', overlap: queue'))
    const daemon = await site.daemon()
    daemon.seconds(20)
    await daemon.edit('tasks: {}')
    daemon.seconds(20)
    expect(daemon.history()).toEqual(['job running', 'job skipped removed'])
  })

  test('a daemon task that is left as it was is not disturbed', async () => {
    const yaml = 'tasks: {keep: {type: daemon, command: exec sleep 60}}'
    const site = newSite(yaml)
    const daemon = await site.daemon()
    const before = daemon.running('keep')
    await daemon.edit(`${yaml} # and a comment`)
    await daemon.edit(yaml.replace('command:', 'description: words, command:'))
    expect(daemon.running('keep')).toEqual(before)
  })

  test('a hundred at once are two: the one at work, and one that reads the file after all', async () => {
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

  test('a content other than the one that settled is not taken: it has to settle too', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    fs.writeFileSync(site.tasks, 'tasks: {half: ')
    const { makeReload } = await import('../../../src/daemon/tasks-file/reload.ts')
    const report = await makeReload(daemon.torch)('file', 'the hash of another content')
    expect(report.verdict).toBe('unchanged')
    expect(statusOf(daemon.torch).file.ok).toBe(true)
  })
})

describe('a run that is ended', () => {
  test('while its daemon task is changed again is still replaced once', async () => {
    const yaml = (seconds: number) =>
      `tasks: {keep: {type: daemon, command: exec sleep ${seconds}}}`
    const site = newSite(yaml(60))
    const daemon = await site.daemon()
    await daemon.begun('keep')
    await daemon.edit(yaml(61))
    await daemon.edit(yaml(62))
    const command = () => daemon.torch.runs.get('keep')?.[0]?.description.command
    await until(() => command() === 'exec sleep 62', 'the newest definition')
    expect(daemon.running('keep')).toHaveLength(1)
  })
})

describe('who asks for a reload right after an edit', () => {
  test('hears what the watch has just taken, once', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    expect(await daemon.reload('command')).toMatchObject({ verdict: 'loaded', changed: ['job'] })
    expect(await daemon.reload('command')).toMatchObject({ verdict: 'unchanged', changed: [] })
  })

  test('but not after another edit, which changed nothing', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    expect(await daemon.edit(`${job('exit 1')} # a comment`)).toMatchObject({
      verdict: 'unchanged',
    })
  })

  test('nor what is long ago', async () => {
    const site = newSite(job('exit 0'))
    const daemon = await site.daemon()
    await daemon.edit(job('exit 1'), 'file')
    site.clock.advance(6_000)
    expect(await daemon.reload('command')).toMatchObject({ verdict: 'unchanged' })
  })
})

describe('no slot starts twice, and none is lost', () => {
  const yaml = (more: string) =>
    `tasks: {job: {schedule: "*/30 * * * * *", command: exit 0, max: 9, ${more}}}`

  test('where a jitter is added behind a slot that is done', async () => {
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

  test('where a jitter is taken away before a slot has started', async () => {
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

  test('where a task is new: it has missed nothing, whatever its jitter', async () => {
    const site = newSite('tasks: {}')
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.edit(yaml('jitter: 29s'))
    daemon.seconds(29)
    expect(daemon.rows()).toEqual([])
  })
})

describe('what waits', () => {
  const yaml = (more: string) =>
    `tasks: {job: {schedule: "* * * * * *", overlap: queue, command: exec sleep 60, ${more}}}`

  test('starts when the file gives it a place', async () => {
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
  ])('is dropped with the filter that says no: $reason', async ({ more, reason }) => {
    const site = newSite(yaml('max: 1'))
    const daemon = await site.daemon()
    daemon.seconds(2)
    await daemon.edit(yaml(more))
    expect(daemon.history()).toEqual(['job running', `job skipped ${reason}`])
  })

  test('does not become a daemon run', async () => {
    const site = newSite(yaml('max: 1'))
    const daemon = await site.daemon()
    daemon.seconds(2)
    await daemon.edit('tasks: {job: {type: daemon, command: exec sleep 60}}')
    expect(daemon.history()).toContain('job skipped removed')
    expect(daemon.torch.waiting.size).toBe(0)
  })
})
