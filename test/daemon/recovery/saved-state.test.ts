import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Processes } from '../../../src/host/processes.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const each = 'tasks: {job: {schedule: "*/10 * * * * *", command: exit 0, max: 9}}'

describe('the next daemon', () => {
  test('a daemon that starts in the last second of the previous one repeats nothing', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(10)
    await first.runs('job', 0)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.history()).toEqual(['job ok'])
  })

  test('a daemon that starts within a minute makes up for the latest slot, and the others are on record', async () => {
    const site = newSite(each)
    ;(await site.daemon()).kill()
    site.clock.advance(35_000)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([
      {
        outcome: 'missed',
        reason: 'down',
        slot: '2026-03-10T12:00:10Z',
        lastSlot: '2026-03-10T12:00:20Z',
        count: 2,
      },
      { outcome: 'ok', slot: '2026-03-10T12:00:30Z', lateMs: 5000 },
    ])
  })

  test('the slots of a longer downtime are missed, in one row', async () => {
    const site = newSite(each)
    ;(await site.daemon()).kill()
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    expect(second.rows()).toMatchObject([{ outcome: 'missed', reason: 'down', count: 359 }])
  })

  test('a task with catchup: latest runs once for the slots of a downtime', async () => {
    const site = newSite(each.replace('max: 9', 'catchup: latest'))
    ;(await site.daemon()).kill()
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([
      { outcome: 'missed', count: 358 },
      { outcome: 'ok', trigger: 'catchup', slot: '2026-03-10T12:59:50Z' },
    ])
  })

  test('a task that is new or changed has no missed slots', async () => {
    const site = newSite(each)
    ;(await site.daemon()).kill()
    site.clock.advance(3_595_000)
    fs.writeFileSync(site.tasks, each.replace('exit 0', 'exit 1').replace('job', 'job') + '\n')
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })

  test('a daemon whose saved state is damaged starts as on an empty home', async () => {
    const site = newSite(each)
    ;(await site.daemon()).kill()
    fs.writeFileSync(path.join(site.home, 'slots'), 'junk')
    fs.writeFileSync(path.join(site.home, 'loaded.json'), '{')
    site.clock.advance(3_600_000)
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })

  test('an adopted run counts for max', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exec sleep 60}}')
    const first = await site.daemon()
    first.seconds(1)
    const [run] = first.running('job')
    await until(
      () => fs.existsSync(path.join(site.home, 'runs', 'job', run ?? '', 'command')),
      'it',
    )
    const second = await site.daemon()
    expect(second.running('job')).toEqual([run])
    second.seconds(1)
    expect(second.history()).toEqual(['job running', 'job skipped max'])
  })
})

describe('@reboot', () => {
  const yaml = 'tasks: {boot: {schedule: "@reboot", command: exit 0}}'
  test('a @reboot task starts once per boot and home, not once per daemon', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    await first.runs('boot', 0)
    expect(first.rows()).toMatchObject([
      { task: 'boot', outcome: 'ok', trigger: 'reboot', slot: null },
    ])
    const second = await site.daemon()
    expect(second.running('boot')).toEqual([])
    const host = second.state.host
    const third = await site.daemon({ processes: { ...host.processes, bootId: 'the-next-boot' } })
    await third.runs('boot', 0)
    expect(third.history()).toEqual(['boot ok', 'boot ok'])
  })

  test('a @reboot task starts again in each life of a container, whose process 1 is new', async () => {
    const site = newSite(yaml)
    await (await site.daemon()).runs('boot', 0)
    const { host } = (await site.daemon()).state
    const inContainer = (firstTicks: number | undefined): Processes => ({
      ...host.processes,
      identify: (pid) =>
        pid !== 1
          ? host.processes.identify(pid)
          : firstTicks === undefined
            ? undefined
            : { pid, group: pid, startTicks: firstTicks },
    })
    for (const [startTicks, count] of [
      [7, 2],
      [7, 2],
      [undefined, 2],
      [7, 2],
      [9, 3],
    ] as const) {
      const daemon = await site.daemon({ processes: inContainer(startTicks) })
      await daemon.runs('boot', 0)
      expect(daemon.rows(), String(startTicks)).toHaveLength(count)
    }
    // As an older version noted it: the same boot.
    fs.writeFileSync(path.join(site.home, 'boot'), `${host.processes.bootId}\n`)
    const upgraded = await site.daemon({ processes: inContainer(11) })
    expect(upgraded.running('boot')).toEqual([])
    expect(upgraded.rows()).toHaveLength(3)
  })
})

describe('a pending start', () => {
  const failing = (more: string) =>
    `tasks: {job: {schedule: "5 * * * * *", command: exit 1, ${more}}}`

  test('the next daemon starts a pending retry at its time, once', async () => {
    const site = newSite(failing('retry: {attempts: 1, delay: 10s}'))
    const first = await site.daemon()
    first.seconds(5)
    await first.runs('job', 0)
    site.clock.advance(4_000)
    const second = await site.daemon()
    expect(second.rows()).toHaveLength(1)
    site.clock.advance(5_900)
    expect(second.rows()).toHaveLength(1)
    site.clock.advance(200)
    await second.runs('job', 0)
    expect(second.rows().map((row) => [row.trigger, row.attempt])).toEqual([
      ['schedule', 1],
      ['retry', 2],
    ])
  })

  test('a retry is not lost if the crash comes before it is on disk', async () => {
    const site = newSite(failing('retry: {attempts: 1, delay: 10s}'))
    const first = await site.daemon()
    first.seconds(5)
    await first.runs('job', 0)
    // The clock has not moved since: the end is neither in pending.json nor in the history.
    const second = await site.daemon()
    site.clock.advance(10_100)
    await second.runs('job', 0)
    expect(second.rows().map((row) => [row.trigger, row.attempt])).toEqual([
      ['schedule', 1],
      ['retry', 2],
    ])
  })

  test('a retry is not lost if the crash comes just after the end is on record', async () => {
    const site = newSite(failing('retry: {attempts: 1, delay: 10s}'))
    const first = await site.daemon()
    first.seconds(5)
    await first.runs('job', 0)
    expect(first.history()).toEqual(['job failed'])
    const second = await site.daemon()
    site.clock.advance(10_100)
    await second.runs('job', 0)
    expect(second.rows().map((row) => row.attempt)).toEqual([1, 2])
  })

  test('a start that waits at max starts under the next daemon', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", overlap: queue, cwd: ".", command: "until test -e go; do sleep 0.1; done"}}',
    )
    const first = await site.daemon()
    first.seconds(2)
    await first.begun('job')
    site.clock.advance(20)
    const second = await site.daemon()
    expect(second.state.queue.waiting.get('job')?.slot).toBe(
      Date.parse('2026-03-10T12:00:02Z') / 1000,
    )
    fs.writeFileSync(`${site.folder}/go`, '')
    await until(
      () =>
        second.rows().filter((row) => row.slot?.endsWith('02Z') && row.outcome !== 'running')
          .length,
      'it',
    )
  })

  test('a pending restart of a daemon task keeps its delay under the next daemon', async () => {
    const site = newSite('tasks: {keep: {type: daemon, command: exit 1, restart: {delay: 8s}}}')
    const first = await site.daemon()
    await first.runs('keep', 0)
    site.clock.advance(3_000)
    const second = await site.daemon()
    expect(second.running('keep')).toEqual([])
    site.clock.advance(4_900)
    expect(second.rows()).toHaveLength(1)
    site.clock.advance(200)
    await second.runs('keep', 0)
    site.clock.advance(15_900)
    expect(second.rows()).toHaveLength(2)
    site.clock.advance(200)
    expect(second.rows()).toHaveLength(3)
  })
})

describe('runs that never started', () => {
  test('the log names each instance that was prepared and never started', async () => {
    const site = newSite('tasks: {keep: {type: daemon, max: 2, command: exec sleep 60}}')
    const first = await site.daemon()
    await first.begun('keep')
    const left = first.running('keep').toSorted()
    first.kill()
    for (const run of left) {
      const directory = path.join(site.home, 'runs/keep', run)
      for (const name of fs.readdirSync(directory))
        if (name !== 'run.json') fs.rmSync(path.join(directory, name))
    }
    const second = await site.daemon()
    const voided = second.lines.filter(({ event }) => event === 'void')
    expect(voided.map(({ facts }) => facts)).toEqual(left.map((run) => ({ task: 'keep', run })))
    expect(second.running('keep')).toHaveLength(2)
  })
})

describe('the history', () => {
  const lost = (home: string): void => {
    for (const name of ['history.db', 'history.db-wal', 'history.db-shm'])
      fs.rmSync(path.join(home, name), { force: true })
  }

  test('a lost history is rebuilt from the directories of the runs', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exit 4, max: 9}}')
    const first = await site.daemon()
    first.seconds(3)
    await first.runs('job', 0)
    const before = first.rows()
    first.state.history.close()
    lost(site.home)
    const second = await site.daemon()
    site.clock.advance(900)
    expect(second.rows()).toEqual(before)
    expect(
      second.lines.filter((line) => line.event === 'rebuilt').map((line) => line.words),
    ).toEqual(['the history was rebuilt from 3 kept runs'])
  })

  test('a damaged history is set aside, and the log says so', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exit 4, max: 9}}')
    const first = await site.daemon()
    first.seconds(1)
    await first.runs('job', 0)
    const before = first.rows()
    first.state.history.close()
    lost(site.home)
    fs.writeFileSync(
      path.join(site.home, 'history.db'),
      'this is no database, and it is long enough to see'.repeat(99),
    )
    const second = await site.daemon()
    site.clock.advance(900)
    expect(second.rows()).toEqual(before)
    expect(second.lines.some((line) => line.words.includes('history.db.damaged-'))).toBe(true)
  })
})
