import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newSite } from '../support/daemon-here.ts'
import { until } from '../support/until.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const year = 365 * day

const yaml = `
tasks:
  fixed: { schedule: "0 */10 6-18 * * *", max: unlimited, command: "true" }
  latest: { schedule: "0 */10 6-18 * * *", max: unlimited, catchup: latest, catchup_window: 2d, command: "true" }
  interval: { schedule: "0 */30 * * * *", max: unlimited, command: "true" }
  spread: { schedule: "0 0 13 * * *", jitter: 30s, catchup: latest, command: "true" }
`

/** Starts a daemon at 10:50, with a clock moved by hand, and lets it do one second. */
async function newDaemon(text: string, at = '2026-03-10T10:50:00.000Z') {
  const site = newSite(text, { at })
  const daemon = await site.daemon()
  daemon.seconds(1)
  const before = daemon.rows().length
  /** Sets the clock and returns the kinds of clock steps that the daemon logs. */
  const step = (...byMs: number[]): string[] => {
    const told = daemon.lines.length
    for (const ms of byMs) {
      site.clock.set(site.clock.now() + ms - second)
      daemon.seconds(1)
    }
    const steps = daemon.lines.slice(told).filter(({ event }) => event === 'clock')
    return steps.map(({ facts }) => ('kind' in facts ? String(facts.kind) : ''))
  }
  /** The history rows since the beginning, in short form. */
  const recorded = (): string[] =>
    daemon
      .rows()
      .slice(before)
      .map(({ task, outcome, slot, trigger, count }) =>
        outcome === 'missed'
          ? `${task} missed ${count}`
          : `${task} ${slot?.slice(5, 16)}${trigger === 'schedule' ? '' : ` ${trigger}`}`,
      )
      .toSorted()
  return { site, daemon, step, recorded }
}

describe('a clock that is set ahead or back', () => {
  test.each([
    {
      name: '20 s ahead, with nothing due in between, starts nothing',
      by: [20 * second],
      kinds: ['stall'],
      says: [],
    },
    {
      name: '10 min ahead into the second of a slot starts that slot',
      by: [10 * minute - second],
      kinds: ['jump'],
      says: ['fixed 03-10T11:00', 'interval 03-10T11:00', 'latest 03-10T11:00'],
    },
    {
      name: '15 min ahead records missed slots and catches up the latest',
      by: [15 * minute],
      kinds: ['jump'],
      says: ['fixed missed 1', 'interval missed 1', 'latest 03-10T11:00 catchup'],
    },
    {
      name: 'a day ahead records missed slots and catches up the latest',
      by: [day],
      kinds: ['jump'],
      says: [
        'fixed missed 78',
        'interval missed 48',
        'latest 03-11T10:50 catchup',
        'latest missed 77',
        'spread missed 1',
      ],
    },
    {
      name: '10 years ahead makes one record for each task',
      by: [10 * year],
      kinds: ['jump'],
      says: [
        'fixed missed 284700',
        'interval missed 175200',
        'latest 03-07T10:50 catchup',
        'latest missed 284699',
        'spread missed 3650',
      ],
    },
    {
      name: 'an hour back repeats no fixed-time slot, while intervals continue',
      by: [-hour],
      kinds: ['back'],
      run: 12 * 60,
      says: ['interval 03-10T10:00'],
    },
    {
      name: '3 h back repeats no fixed-time slot, while intervals continue',
      by: [-3 * hour],
      kinds: ['back'],
      run: 12 * 60,
      says: ['interval 03-10T08:00'],
    },
    {
      name: '4 h back is taken as a new time',
      by: [-4 * hour],
      kinds: ['new-time'],
      run: 12 * 60,
      says: ['fixed 03-10T07:00', 'interval 03-10T07:00', 'latest 03-10T07:00'],
    },
    {
      name: 'a year back is taken as a new time',
      by: [-year],
      kinds: ['new-time'],
      run: 12 * 60,
      says: ['fixed 03-10T11:00', 'interval 03-10T11:00', 'latest 03-10T11:00'],
    },
    {
      name: 'an hour back and ahead again repeats nothing',
      by: [-hour, hour],
      kinds: ['back', 'jump'],
      says: ['interval missed 2'],
    },
    {
      name: '15 min ahead and back does not catch up a slot twice',
      by: [15 * minute, -15 * minute],
      kinds: ['jump', 'back'],
      run: 12 * 60,
      says: [
        'fixed missed 1',
        'interval 03-10T11:00',
        'interval missed 1',
        'latest 03-10T11:00 catchup',
      ],
    },
  ])('a clock set $name', async ({ by, kinds, run = 0, says }) => {
    const { daemon, step, recorded } = await newDaemon(yaml)
    expect(step(...by)).toEqual(kinds)
    daemon.seconds(run)
    expect(recorded()).toEqual(says)
  })

  test('a clock set to and fro every second for a minute starts nothing twice', async () => {
    const { daemon, step, recorded } = await newDaemon(yaml)
    for (let n = 0; n < 30; n++) step(-2 * hour, 2 * hour)
    daemon.seconds(11 * 60)
    const starts = recorded().filter((each) => !each.includes('missed'))
    expect(starts.filter((each) => /^(fixed|latest)/.test(each))).toEqual([
      'fixed 03-10T11:00',
      'latest 03-10T11:00',
    ])
  })
})

const timedOut = ({ outcome }: { outcome: string }) => outcome === 'timeout'

describe.each([
  { name: '10 years ahead', by: 10 * year },
  { name: 'an hour back', by: -hour },
  { name: 'a year back', by: -year },
])('a clock that is set $name while something runs or waits', ({ by }) => {
  test('a clock step does not move a timeout', async () => {
    const text = 'tasks: {long: {schedule: "* * * * * *", timeout: 30s, command: exec sleep 600}}'
    const { site, daemon, step } = await newDaemon(text)
    await daemon.begun('long')
    step(by)
    site.clock.advance(20 * second)
    expect(daemon.running('long')).toHaveLength(1)
    site.clock.advance(10 * second)
    await until(() => daemon.rows().some(timedOut), 'the timeout')
  })

  test('a clock step does not move a retry', async () => {
    const text =
      'tasks: {job: {schedule: "0 51 10 * * *", command: exit 1, retry: {attempts: 1, delay: 30s}}}'
    const { site, daemon, step } = await newDaemon(text, '2026-03-10T10:50:58.000Z')
    daemon.seconds(1)
    await daemon.runs('job', 0)
    step(by)
    site.clock.advance(31 * second)
    await until(() => daemon.rows().some((row) => row.trigger === 'retry'), 'the retry')
  })

  test('a clock step does not delay the restart of a daemon task', async () => {
    const text = 'tasks: {serve: {type: daemon, command: exec sleep 0.2, restart: {delay: 20s}}}'
    const { site, daemon, step } = await newDaemon(text)
    await daemon.begun('serve')
    await daemon.runs('serve', 0)
    step(by)
    site.clock.advance(21 * second)
    await daemon.runs('serve', 1)
  })

  test('a clock step does not keep the next daemon from ending an adopted run at its timeout', async () => {
    const text = 'tasks: {long: {schedule: "* * * * * *", timeout: 30s, command: exec sleep 600}}'
    const { site, daemon } = await newDaemon(text)
    await daemon.begun('long')
    site.clock.set(site.clock.now() + by)
    const next = await site.daemon()
    site.clock.advance(31 * second)
    // An adopted run is no child: if the kernel's event is lost, only the poll sees its end.
    await until(() => {
      site.clock.advance(100)
      return next.rows().some(timedOut)
    }, 'the timeout')
  })
})

describe('retention', () => {
  const text = (schedule: string) =>
    `tasks: {job: {schedule: "${schedule}", command: "true", output: {keep_runs: 3}}}`
  const kept = (site: { home: string }) =>
    fs.readdirSync(path.join(site.home, 'runs/job')).toSorted()

  test('a run is not removed for its age while the clock is wrong for some minutes', async () => {
    const { site, daemon, step } = await newDaemon(text('1 50 10 * * *'))
    await daemon.runs('job', 0)
    const [first] = kept(site)
    step(10 * year)
    await daemon.runs('job', 0)
    expect(kept(site)).toHaveLength(2)
    site.clock.advance(10 * minute)
    step(-10 * year)
    expect(kept(site)).toContain(first)
    expect(daemon.rows().some(({ run }) => run === first)).toBe(true)
  })

  test('the runs that are kept are the last ones, even if older runs have dates in the future', async () => {
    const { site, daemon } = await newDaemon(text('0-10 50 10 * * *'))
    site.clock.set(site.clock.now() + year)
    daemon.seconds(5)
    await daemon.runs('job', 0)
    site.clock.set(site.clock.now() - year)
    for (let n = 0; n < 4; n++) {
      daemon.seconds(1)
      await daemon.runs('job', 0)
    }
    // A run whose output is still collected is not counted yet.
    await until(() => {
      site.clock.advance(minute)
      return kept(site).length === 3
    }, 'three runs that are left')
    expect(kept(site).filter((run) => !run.startsWith('20260310'))).toEqual([])
  })
})
