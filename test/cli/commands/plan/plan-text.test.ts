import { describe, expect, test } from 'vitest'
import type { PlanView } from '../../../../src/cli/commands/plan/plan-block.ts'
import { filePlan, hostPlan, planHost } from '../../../../src/cli/commands/plan/plan-text.ts'
import { hostFacts } from '../../../../src/tasks/hosts.ts'
import { good } from '../../../support/tasks.ts'
import { at } from '../../../support/plan.ts'

const from = at('2026-11-21T10:17:30Z')

const file = good(`
timezone: Europe/Berlin
hosts:
  web: [10.0.1.0/24]
  db: [db1.example.com]
tasks:
  poll: { schedule: "*/10 8-17 * * *", command: x, jitter: 30s }
  tidy: { schedule: "H 4 * * *", command: x }
  boot: { schedule: "@reboot", command: x, hosts: ["!db"] }
  render-the-thumbnails-of-new-pictures: { schedule: "*/5 * * * * *", command: x, hosts: [web, "!10.0.1.9"] }
  worker: { type: daemon, command: x, max: 4, hosts: [web] }
  dump: { schedule: ["30 2 * * *", "15 12 * * *"], command: x, timeout: 12h, hosts: [db] }
  moon: { schedule: "0 0 30 2 *", command: x, hosts: [db] }
  yearly: { schedule: "@yearly", command: x, enabled: false }
`)

function view(width: number, more: Partial<PlanView> = {}): PlanView {
  return { paint: (_, text) => text, isUnicode: true, width, zone: 'Europe/Berlin', ...more }
}

function planOf(width: number, more: Partial<PlanView> = {}): string {
  return shown(filePlan(view(width, more), file, from))
}

function shown(parts: Iterable<string>): string {
  return [...parts].filter((part) => part !== '').join('\n\n')
}

test('the plan of a file in 100 columns', () => {
  expect(planOf(100)).toMatchInlineSnapshot(`
    "everywhere
    3 tasks, 61 starts in 24 h
    TASK                   NEXT                         24H   12 14 16  18 20 22  00 02 04  06 08 10
    poll                  ~2026-11-21T11:20:28+01:00     60  43443434434.......................243443
    tidy                  ~2026-11-22T04:27:00+01:00      1  ............................1...........
    boot                   at boot                        0  ........................................
    total                                                61  █▆██▆█▆██▆█.................▂.....▄█▆██▆

    web, 10.0.1.0/24
    2 tasks and the 3 that run everywhere, 17341 starts in 24 h, at most about 2 in one second:
      2026-11-22T04:03:00+01:00
    TASK                   NEXT                         24H   12 14 16  18 20 22  00 02 04  06 08 10
    render-th…-pictures*   2026-11-21T11:17:35+01:00  17280  ++++++++++++++++++++++++++++++++++++++++
    worker                 always 4
    total                                             17341  ████████████████████████████████████████

    db, db1.example.com
    2 tasks and 2 of the 3 that run everywhere, 63 starts in 24 h
    without boot, which runs everywhere else
    TASK                   NEXT                         24H   12 14 16  18 20 22  00 02 04  06 08 10
    dump                   2026-11-21T12:15:00+01:00      2  .1.......................1..............
    moon                   never                          0  ........................................
    total                                                63  ████▆█▆██▆█..............▂..▂.....▄█▆██▆

    10.0.1.9
    1 task and the 3 that run everywhere, 61 starts in 24 h
    TASK                   NEXT                         24H   12 14 16  18 20 22  00 02 04  06 08 10
    worker                 always 4
    total                                                61  █▆██▆█▆██▆█..................▂....▄█▆██▆

    not enabled: yearly

    ~ the time differs between machines (H or jitter); shown for a machine named like its block
    * runs on some of these machines only

    warning: moon: never starts: there is no such date
    hint: L is the last day of a month; try a schedule with: torch next --schedule "0 0 L 2 *"
    warning: render-the-thumbnails-of-new-pictures: starts in the same second on every machine of web
    hint: "H/5 * * * * *" instead of "*/5 * * * * *" in render-the-thumbnails-of-new-pictures, or
      jitter: 2s, gives each its own time
    warning: dump: 02:30 does not exist on 2027-03-28 in Europe/Berlin: fires once at 03:00:00+02:00
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: 02:30 comes twice on 2027-10-31 in Europe/Berlin: fires the first time only
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: timeout: 12h is longer than the time between slots (9h45m): while runs take that
      long, slots are skipped
    hint: timeout: 9h45m, or a greater max if runs may overlap"
  `)
})

test('the plan of a file in 200 columns', () => {
  expect(planOf(200)).toMatchInlineSnapshot(`
    "everywhere
    3 tasks, 61 starts in 24 h
    TASK                                     NEXT                         24H     12   13   14   15   16   17   18   19   20   21   22   23   00   01   02   03   04   05   06   07   08   09   10   11
    poll                                    ~2026-11-21T11:20:28+01:00     60  121111211112111121111211112111121......................................................................11121111211112111
    tidy                                    ~2026-11-22T04:27:00+01:00      1  .....................................................................................1..................................
    boot                                     at boot                        0  ........................................................................................................................
    total                                                                  61  ▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄....................................................▄.................▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄

    web, 10.0.1.0/24
    2 tasks and the 3 that run everywhere, 17341 starts in 24 h, at most about 2 in one second: 2026-11-22T04:03:00+01:00
    TASK                                     NEXT                         24H     12   13   14   15   16   17   18   19   20   21   22   23   00   01   02   03   04   05   06   07   08   09   10   11
    render-the-thumbnails-of-new-pictures*   2026-11-21T11:17:35+01:00  17280  ++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++
    worker                                   always 4
    total                                                               17341  ████████████████████████████████████████████████████████████████████████████████████████████████████████████████████████

    db, db1.example.com
    2 tasks and 2 of the 3 that run everywhere, 63 starts in 24 h
    without boot, which runs everywhere else
    TASK                                     NEXT                         24H     12   13   14   15   16   17   18   19   20   21   22   23   00   01   02   03   04   05   06   07   08   09   10   11
    dump                                     2026-11-21T12:15:00+01:00      2  ....1.......................................................................1...........................................
    moon                                     never                          0  ........................................................................................................................
    total                                                                  63  ▄█▄▄█▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄...........................................▄.........▄................▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄

    10.0.1.9
    1 task and the 3 that run everywhere, 61 starts in 24 h
    TASK                                     NEXT                         24H     12   13   14   15   16   17   18   19   20   21   22   23   00   01   02   03   04   05   06   07   08   09   10   11
    worker                                   always 4
    total                                                                  61  ▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄▄█▄.......................................................▄..............▄▄▄█▄▄▄▄█▄▄▄▄█▄▄▄

    not enabled: yearly

    ~ the time differs between machines (H or jitter); shown for a machine named like its block
    * runs on some of these machines only

    warning: moon: never starts: there is no such date
    hint: L is the last day of a month; try a schedule with: torch next --schedule "0 0 L 2 *"
    warning: render-the-thumbnails-of-new-pictures: starts in the same second on every machine of web
    hint: "H/5 * * * * *" instead of "*/5 * * * * *" in render-the-thumbnails-of-new-pictures, or jitter: 2s, gives each its own time
    warning: dump: 02:30 does not exist on 2027-03-28 in Europe/Berlin: fires once at 03:00:00+02:00
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: 02:30 comes twice on 2027-10-31 in Europe/Berlin: fires the first time only
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: timeout: 12h is longer than the time between slots (9h45m): while runs take that long, slots are skipped
    hint: timeout: 9h45m, or a greater max if runs may overlap"
  `)
})

test('the plan of one machine', () => {
  const facts = hostFacts('10.0.1.9', ['10.0.1.9'])
  const planned = planHost(file, '10.0.1.9', facts, { from, zone: 'Europe/Berlin' })
  expect(shown(hostPlan(view(100), planned))).toMatchInlineSnapshot(`
    "10.0.1.9
    4 tasks, 61 starts in 24 h
    TASK     NEXT                         24H   12  14  16  18  20  22  00  02  04  06  08  10
    poll    ~2026-11-21T11:20:10+01:00     60  33333333333331...........................2333333
    tidy    ~2026-11-22T04:54:00+01:00      1  ...................................1............
    boot     at boot                        0  ................................................
    worker   always 4
    total                                  61  █████████████▃.....................▃.....▆██████

    NOT HERE                               WHY
    render-the-thumbnails-of-new-pictures  excluded by "!10.0.1.9"
    dump                                   runs on db
    moon                                   runs on db
    yearly                                 not enabled

    ~ the time differs between machines (H or jitter); shown for a machine named like its block"
  `)
})

test('the plan of one machine whose name is known has no ~', () => {
  const facts = hostFacts('db1.example.com', [])
  const planned = planHost(file, 'db1.example.com', facts, { from, zone: 'Europe/Berlin' })
  expect(shown(hostPlan(view(100, { isUnicode: false }), planned))).toMatchInlineSnapshot(`
    "db1.example.com
    4 tasks, 63 starts in 24 h, never two in one second
    TASK    NEXT                         24H   12  14  16  18  20  22  00  02  04  06  08  10
    poll    2026-11-21T11:20:20+01:00     60  33333333333331...........................2333333
    tidy    2026-11-22T04:48:00+01:00      1  ...................................1............
    dump    2026-11-21T12:15:00+01:00      2  .1............................1.................
    moon    never                          0  ................................................
    total                                 63  79777777777773................3....3.....5777777

    NOT HERE                               WHY
    boot                                   excluded by "!db"
    render-the-thumbnails-of-new-pictures  runs on web
    worker                                 runs on web
    yearly                                 not enabled

    warning: moon: never starts: there is no such date
    hint: L is the last day of a month; try a schedule with: torch next --schedule "0 0 L 2 *"
    warning: dump: 02:30 does not exist on 2027-03-28 in Europe/Berlin: fires once at 03:00:00+02:00
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: 02:30 comes twice on 2027-10-31 in Europe/Berlin: fires the first time only
    hint: choose a time outside 02:00-03:00, or set timezone: UTC
    warning: dump: timeout: 12h is longer than the time between slots (9h45m): while runs take that
      long, slots are skipped
    hint: timeout: 9h45m, or a greater max if runs may overlap"
  `)
})

describe('The width of a plan', () => {
  test.each([60, 72, 80, 100, 133, 200, 250])(
    'no line of a plan is longer than %d columns',
    (width) => {
      const lines = planOf(width).split('\n')
      expect(lines.filter((line) => line.length > width)).toEqual([])
      expect(lines.filter((line) => line.endsWith(' '))).toEqual([])
    },
  )

  test('a plan for a narrow terminal has no timeline', () => {
    expect(planOf(50)).not.toContain('.....')
    expect(planOf(50)).toContain('always 4')
  })
})

test('a plan in colours has the same text as without', () => {
  const painted = planOf(100, { paint: (style, text) => `<${String(style)}>${text}</>` })
  expect(painted).toContain('<bold>everywhere</>')
  expect(painted.replaceAll(/<[/a-z]*>/g, '')).toBe(planOf(100))
})

test('the columns of all blocks are aligned', () => {
  const starts = planOf(120)
    .split('\n')
    .flatMap((line) => (line.startsWith('TASK') ? [line.indexOf('24H')] : []))
  expect(starts.length).toBeGreaterThan(2)
  expect(new Set(starts).size).toBe(1)
})

test('the plan of a file without tasks says "no tasks"', () => {
  expect(shown(filePlan(view(100), good('tasks: {}'), from))).toBe('everywhere\nno tasks')
})

test('many hosts with the same tasks share one line', () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}`)
  const many = good(
    JSON.stringify({
      tasks: { a: { schedule: 'H 6 * * *', command: 'x', hosts } },
    }),
  )
  expect(shown(filePlan(view(200), many, from))).toContain(
    '\n10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7 and 32 more\n1 task, ',
  )
})

test('a plan warns of many starts in one second, also with jitter if the name of the machine is known', () => {
  const both = (schedule: string, jitter: string, host: string) =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `${host.slice(0, 2)}-${index}`,
        { schedule, jitter, command: 'x', hosts: [host] },
      ]),
    )
  const herds = good(
    JSON.stringify({
      tasks: {
        ...both('0 6 * * *', '2s', 'db1.example.com'),
        ...both('0 7 * * *', '2s', '10.0.1.5'),
        ...both('0 8 * * *', '0s', 'web-*'),
      },
    }),
  )
  const text = shown(filePlan(view(200), herds, from))
  const warnings = text.split('\n').filter((line) => line.startsWith('warning: '))
  expect(warnings.map((line) => line.replaceAll(/.*more: /g, ''))).toEqual([
    expect.stringMatching(
      /^1\d tasks start in one second on db1.example.com, at 2026-11-22T07:00:0[01]\+01:00$/,
    ),
    '20 tasks start in one second on web-*, at 2026-11-22T09:00:00+01:00',
  ])
})

test('a pattern that is only excluded has no block, and a line says what it does not run', () => {
  const excluding = good(`
hosts: { web: [web-1, 10.0.2.0/24] }
tasks:
  one: { schedule: "@daily", command: x, hosts: ["!web-9*", "!10.0.3.0/24", "!10.0.1.9"] }
  two: { schedule: "@daily", command: x, hosts: [web, "!web-9*", "!10.0.3.0/24", "!10.0.2.0/24"] }
  three: { schedule: "@daily", command: x, hosts: ["db-*"] }
  four: { schedule: "@daily", command: x, hosts: ["!db-*"] }
  off: { schedule: "@daily", command: x, hosts: ["!old-*"], enabled: false }
`)
  const parts = shown(filePlan(view(100), excluding, from)).split('\n\n')
  expect(parts.map((part) => part.split('\n')[0])).toEqual([
    'everywhere, 10.0.2.0/24',
    'web',
    'web-1',
    '10.0.1.9',
    'db-*',
    'not on web-9*, 10.0.3.0/24: one, two',
    'not enabled: off',
    '* runs on some of these machines only',
    expect.stringMatching(/^warning: /),
  ])
})

test('a timeline is shown once for each task', () => {
  const many = good(`
tasks:
  shared: { schedule: "@hourly", command: x, hosts: [a.example.com, b.example.com, c.example.com] }
  b: { schedule: "@daily", command: x, hosts: [b.example.com] }
  c: { schedule: "@daily", command: x, hosts: [c.example.com] }
`)
  const text = shown(filePlan(view(100), many, from))
  expect(text.match(/shared .*1\.1\.1/g)).toHaveLength(1)
  expect(text.match(/shared .* 24 {2}as above/g)).toHaveLength(2)
})

test('a plan shows what starts by hand, where a script comes from, and where a task listens', () => {
  const sum = '3b1f'.padEnd(64, '0')
  const other = good(`
sources: { ops: "https://git.example.com/ops/%s" }
tasks:
  console: { type: manual, command: bash, input: live }
  resize: { type: manual, command: x, input: queue }
  report: { schedule: "0 6 * * *", script: { url: "ops:report", sha256: ${sum} } }
  sync: { type: manual, script: { url: "ops:sync", update: 1h } }
  web: { type: daemon, command: [x], max: 2, listen: { web: "0.0.0.0:80", admin: "unix:/run/a" } }
`)
  const lines = shown(filePlan(view(50, { zone: 'UTC' }), other, from)).split('\n')
  expect(lines.slice(2)).toEqual([
    'TASK      NEXT                         24H',
    'console   by hand',
    'resize    by hand or message',
    'report    2026-11-22T06:00:00+00:00      1',
    'sync      by hand',
    'web       always 2',
    'total                                    1',
    'report: script https://git.example.com/ops/report,',
    '  sha256',
    `  ${sum}`,
    'sync: script https://git.example.com/ops/sync,',
    '  without sha256',
    'web: listens 0.0.0.0:80 (web), unix:/run/a (admin)',
  ])
})

test('the plan of a file and of a machine say who gets messages about which task', () => {
  const told = good(`
notify: { ops: { mail: root }, oncall: { command: [x] } }
defaults: { notify: ops }
tasks:
  a: { schedule: "@daily", command: x }
  b: { schedule: "@daily", command: x, notify: [ops, oncall] }
  c: { schedule: "@daily", command: x }
  d: { schedule: "@daily", command: x, notify: [] }
`)
  const lines = ['messages to ops: a, c', 'messages to ops, oncall: b'].join('\n')
  expect(shown(filePlan(view(80), told, from))).toContain(lines)
  const planned = planHost(told, 'web1', hostFacts('web1', []), { from, zone: 'UTC' })
  expect(shown(hostPlan(view(80), planned))).toContain(lines)
})

test('a plan says which machines share a task of the fleet, and which of them come first', () => {
  const shared = good(`
timezone: UTC
hosts: { web: [web1, web2, web3], db: [db1] }
defaults: { scope: fleet, hosts: [web] }
tasks:
  dump: { schedule: "H 6 * * *", jitter: 10m, command: x }
  report: { schedule: "0 6 * * *", command: x }
  consumer: { type: daemon, command: [x], max: 2, prefer: [web2, db], hosts: [web, db, "!web3"] }
  sync: { schedule: "@hourly", command: x, hosts: ["!db"] }
  plain: { schedule: "@hourly", command: x, scope: host }
  off: { schedule: "@hourly", command: x, enabled: false }
`)
  const lines = shown(filePlan(view(100, { zone: 'UTC' }), shared, from)).split('\n')
  expect(lines.filter((line) => line.startsWith('fleet'))).toEqual([
    'fleet: one of web1 web2 web3: dump, report',
    'fleet: 2 of web1 web2 web3 db1 except web3, first web2, then db: consumer',
    'fleet: one of all machines except db1: sync',
  ])
  expect(lines.some((line) => /^consumer\*? +always 2 in the fleet$/.test(line))).toBe(true)
  // H and jitter are the same on all machines.
  expect(lines.join('\n')).not.toContain('~')

  const host = planHost(shared, 'db1', { names: ['db1'], addresses: [] }, { from, zone: 'UTC' })
  const one = shown(hostPlan(view(100, { zone: 'UTC' }), host)).split('\n')
  expect(one.filter((line) => line.startsWith('fleet'))).toEqual([
    'fleet: 2 of web1 web2 web3 db1 except web3, first web2, then db: consumer',
  ])
})

test('a plan shows after which tasks another one starts, in place of a time', () => {
  const chain = good(`
tasks:
  extract: { schedule: "0 6 * * *", command: x }
  load: { command: x, after: extract }
  alarm: { command: x, after: { tasks: [extract, load], outcome: failed } }
`)
  const plan = filePlan(view(60, { zone: 'UTC' }), chain, from)
  expect(shown(plan).split('\n').slice(2, 6)).toEqual([
    'TASK      NEXT                         24H   12  18  00  06',
    'extract   2026-11-22T06:00:00+00:00      1  .............1..',
    'load      after extract',
    'alarm     after extract, load (fai…',
  ])
  expect(shown(plan)).not.toContain('never')
})
