import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newSite, until } from '../support.ts'

const each = 'tasks: {job: {schedule: "*/10 * * * * *", command: exit 0, max: 9}}'

describe('a daemon after another', () => {
  test('in the same second repeats nothing', async () => {
    const site = newSite(each)
    const first = await site.daemon()
    first.seconds(10)
    await first.runs('job', 0)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.history()).toEqual(['job ok'])
  })

  test('within a minute makes up for the latest slot, and puts the others on record', async () => {
    const site = newSite(each)
    await site.daemon()
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

  test('after longer has missed slots, in one row', async () => {
    const site = newSite(each)
    await site.daemon()
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    expect(second.rows()).toMatchObject([{ outcome: 'missed', reason: 'down', count: 359 }])
  })

  test('catches up once, where the task says so', async () => {
    const site = newSite(each.replace('max: 9', 'catchup: latest'))
    await site.daemon()
    site.clock.advance(3_595_000)
    const second = await site.daemon()
    await second.runs('job', 0)
    expect(second.rows()).toMatchObject([
      { outcome: 'missed', count: 358 },
      { outcome: 'ok', trigger: 'catchup', slot: '2026-03-10T12:59:50Z' },
    ])
  })

  test('does not miss slots of a task that was not there yet, or said something else', async () => {
    const site = newSite(each)
    await site.daemon()
    site.clock.advance(3_595_000)
    fs.writeFileSync(site.tasks, each.replace('exit 0', 'exit 1').replace('job', 'job') + '\n')
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })

  test('whose memory is damaged begins anew', async () => {
    const site = newSite(each)
    await site.daemon()
    fs.writeFileSync(path.join(site.home, 'slots'), 'junk')
    fs.writeFileSync(path.join(site.home, 'loaded.json'), '{')
    site.clock.advance(3_600_000)
    const second = await site.daemon()
    expect(second.history()).toEqual([])
  })

  test('adopts what runs: max still holds', async () => {
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
  test('starts once per boot and home, not per daemon', async () => {
    const site = newSite(yaml)
    const first = await site.daemon()
    await first.runs('boot', 0)
    expect(first.rows()).toMatchObject([
      { task: 'boot', outcome: 'ok', trigger: 'reboot', slot: null },
    ])
    const second = await site.daemon()
    expect(second.running('boot')).toEqual([])
    const host = second.torch.host
    const third = await site.daemon({ processes: { ...host.processes, bootId: 'the-next-boot' } })
    await third.runs('boot', 0)
    expect(third.history()).toEqual(['boot ok', 'boot ok'])
  })
})

describe('what was still to start', () => {
  const failing = (more: string) =>
    `tasks: {job: {schedule: "5 * * * * *", command: exit 1, ${more}}}`

  test('a retry comes at its time, by the next daemon, and once', async () => {
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

  test('a retry is not forgotten where the crash came before it was on disk', async () => {
    const site = newSite(failing('retry: {attempts: 1, delay: 10s}'))
    const first = await site.daemon()
    first.seconds(5)
    await first.runs('job', 0)
    // Nothing moved the clock since: neither pending.json nor the history has heard of the end.
    const second = await site.daemon()
    site.clock.advance(10_100)
    await second.runs('job', 0)
    expect(second.rows().map((row) => [row.trigger, row.attempt])).toEqual([
      ['schedule', 1],
      ['retry', 2],
    ])
  })

  test('a retry is not forgotten where the crash came just after the end was on record', async () => {
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

  test('what waits for a place gets it after all', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "* * * * * *", overlap: queue, cwd: ".", command: "until test -e go; do sleep 0.02; done"}}',
    )
    const first = await site.daemon()
    first.seconds(2)
    await first.begun('job')
    site.clock.advance(20)
    const second = await site.daemon()
    expect(second.torch.waiting.get('job')?.slot).toBe(Date.parse('2026-03-10T12:00:02Z') / 1000)
    fs.writeFileSync(`${site.folder}/go`, '')
    await until(
      () =>
        second.rows().filter((row) => row.slot?.endsWith('02Z') && row.outcome !== 'running')
          .length,
      'it',
    )
  })

  test('the place of a daemon task waits on, as long as it was to', async () => {
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

describe('a history that is lost', () => {
  const lost = (home: string): void => {
    for (const name of ['history.db', 'history.db-wal', 'history.db-shm'])
      fs.rmSync(path.join(home, name), { force: true })
  }

  test('is complete again, from the directories of the runs', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exit 4, max: 9}}')
    const first = await site.daemon()
    first.seconds(3)
    await first.runs('job', 0)
    const before = first.rows()
    first.torch.history.close()
    lost(site.home)
    const second = await site.daemon()
    site.clock.advance(1_000)
    expect(second.rows()).toEqual(before)
    expect(
      second.lines.filter((line) => line.event === 'rebuilt').map((line) => line.words),
    ).toEqual(['the history was begun anew, with 3 runs that are kept'])
  })

  test('is set aside where it is damaged, and told of', async () => {
    const site = newSite('tasks: {job: {schedule: "* * * * * *", command: exit 4, max: 9}}')
    const first = await site.daemon()
    first.seconds(1)
    await first.runs('job', 0)
    const before = first.rows()
    first.torch.history.close()
    lost(site.home)
    fs.writeFileSync(
      path.join(site.home, 'history.db'),
      'this is no database, and it is long enough to see'.repeat(99),
    )
    const second = await site.daemon()
    site.clock.advance(1_000)
    expect(second.rows()).toEqual(before)
    expect(second.lines.some((line) => line.words.includes('history.db.damaged-'))).toBe(true)
  })
})
