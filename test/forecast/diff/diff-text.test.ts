import { describe, expect, test } from 'vitest'
import { compared, textOf } from './compared.ts'

const head = 'tasks.yaml: HEAD (4f2a91c03b1e) -> working copy\n'

const before = `
hosts: { web: [10.0.1.0/24], db: [db1] }
defaults: { timeout: 1h }
tasks:
  rotate: { schedule: "*/10 * * * *", command: php rotate.php, hosts: [web] }
  dump: { schedule: "30 2 * * *", command: "set -e\\ncd /backup\\npg_dump app > app.sql\\ngzip app.sql\\n", hosts: [db] }
  report: { schedule: "H 6 * * *", command: report, hosts: [web], timeout: 5m }
  old: { schedule: "@daily", command: old, hosts: [db], timeout: 5m }
  consumer: { type: daemon, command: [node, consumer.js], hosts: [web], timeout: 5m }
  sweep: { schedule: "@daily", command: sweep, hosts: [db] }
`
const after = before
  .replace('timeout: 1h', 'timeout: 2h')
  .replace('pg_dump app > app.sql\\ngzip app.sql', 'pg_dump app | gzip > app.sql.gz')
  .replace('  report:', '  daily-report:')
  .replace(/ {2}old:.*\n/, '')
  .replace('consumer.js]', 'consumer.js, --fast], description: "Takes what is queued"')
  .replace('*/10 * * * *', '*/5 * * * *')
  .concat(
    '  new: { schedule: [@hourly], command: "a\\nb", hosts: [web, "!10.0.1.9"], retry: { attempts: 3 } }\n',
  )
  .replace('[@hourly]', '["@hourly"]')

const whole = `${head}1 task added, 1 removed, 1 renamed, 4 changed

+ new
    schedule: @hourly
    command:
      a
      b
    hosts: [web, "!10.0.1.9"]
    timeout: 2h
    retry.attempts: 3
- old
~ report -> daily-report (renamed; start times move: H depends on the name)
~ timeout: 1h -> 2h in 3 tasks: rotate, dump, sweep
~ rotate
    schedule: */10 * * * * -> */5 * * * *
~ dump
    command:
      set -e
      cd /backup
    - pg_dump app > app.sql
    - gzip app.sql
    + pg_dump app | gzip > app.sql.gz
~ consumer
    command: [node, consumer.js] -> [node, consumer.js, --fast]
    description: none -> Takes what is queued

on web, 10.0.1.0/24: + new (some machines)
on db, db1: - old

starts in 24 h on web, 10.0.1.0/24: ~145 -> ~313 (+168)
    busiest second: 1 at 00:10:00 -> 2 at 01:00:00
starts in 24 h on db, db1: 3 -> 2 (-1), busiest second: 2 at 00:00:00 -> 1 at 02:30:00
starts in 24 h on 10.0.1.9: ~145 -> ~289 (+144)
daemon tasks that restart: consumer`

test('the text of a comparison shows every kind of change', () => {
  expect(textOf(compared(before, after))).toBe(whole)
})

const one = (more = '', hosts = '{ web: [web1, web2] }') =>
  `hosts: ${hosts}\ntasks:\n  a: { schedule: "@daily", command: a${more} }\n`

const two = '{ web: [10.0.0.1, 10.0.0.2] }'

describe('The text of a comparison', () => {
  test.each([
    ['a new comment only', one(), `# A comment.\n${one()}`, 'no change in meaning'],
    [
      'other entries in a host group',
      one(', hosts: [web]'),
      one(', hosts: [web]', '{ web: [web1, web3] }'),
      `1 host group changed

group web: + web3, - web2
on web3: + a
on web2: - a

starts in 24 h on web3: 0 -> 1 (+1)
starts in 24 h on web2: 1 -> 0 (-1)`,
    ],
    [
      'the same change in two tasks, shown for each',
      `${one(', hosts: [web]')}  b: { type: daemon, command: b, hosts: [web] }\n`,
      `${one(', hosts: [web], nice: 1')}  b: { type: daemon, command: b, hosts: [web], nice: 1 }\n`,
      `2 tasks changed

~ a
    nice: 0 -> 1
~ b
    nice: 0 -> 1

daemon tasks that restart: b`,
    ],
    [
      'a task that moves to the second of another',
      `${one(', schedule: "0 2 * * *"').replace('schedule: "@daily", ', '')}  b: { schedule: "0 3 * * *", command: b }\n`,
      `${one(', schedule: "0 3 * * *"').replace('schedule: "@daily", ', '')}  b: { schedule: "0 3 * * *", command: b }\n`,
      `1 task changed

~ a
    schedule: 0 2 * * * -> 0 3 * * *

starts in 24 h everywhere, web, web1, web2: 2, busiest second: 1 at 02:00:00 -> 2 at 03:00:00`,
    ],
    [
      'tasks that run on more or fewer machines of a group',
      `${one(', hosts: [web]', two)}  b: { type: daemon, command: b, hosts: [web, "!10.0.0.2"] }\n`,
      `${one(', hosts: [web, "!10.0.0.2"]', two)}  b: { type: daemon, command: b, hosts: [web] }\n`,
      `2 tasks changed

~ a
    hosts: [web] -> [web, "!10.0.0.2"]
~ b
    hosts: [web, "!10.0.0.2"] -> [web]

on web: + b (some machines), - a (some machines)
on 10.0.0.2: + b, - a

starts in 24 h on 10.0.0.2: 1 -> 0 (-1)
daemon tasks that restart: b`,
    ],
    [
      'a deleted file',
      one(),
      undefined,
      `tasks.yaml does not exist in the working copy: compared as empty
1 task removed, 1 host group changed

- a

group web: - web1, - web2
everywhere, web, web1, web2: - a

starts in 24 h everywhere, web, web1, web2: 1 -> 0 (-1)`,
    ],
    [
      'a new file',
      undefined,
      'tasks: { a: { type: daemon, command: a, timezone: Asia/Tokyo, restart: { delay: 2s } } }',
      `tasks.yaml does not exist in HEAD: compared as empty
1 task added

+ a
    command: a
    type: daemon
    restart.delay: 2s

everywhere: + a`,
    ],
    [
      'a task that is no longer valid',
      `${one()}  b: { schedule: "@daily", command: b }\n`,
      `${one(', max: x')}  b: { schedule: "@daily", command: b, nice: 1 }\n`,
      `tasks.yaml is not valid in the working copy
not compared because of problems in the file: a
1 task changed

~ b
    nice: 0 -> 1`,
    ],
    [
      'a file that was not valid',
      one(', max: x'),
      one(),
      `tasks.yaml is not valid in HEAD
not compared because of problems in the file: a
no change in the tasks that are valid on both sides`,
    ],
    [
      'a file that is not YAML',
      one(),
      'tasks: [',
      `tasks.yaml is not valid in the working copy
not compared because of problems in the file: a
nothing could be compared`,
    ],
  ])('the text of a comparison with %s', (_what, old, now, expected) => {
    expect(textOf(compared(old, now))).toBe(head + expected)
  })
})

test('the text of a comparison names the hosts whose starts are not counted', () => {
  const comparison = compared(one(), one().replace('@daily', '@hourly'))
  const [first, ...others] = comparison.hosts.map((host) => ({ ...host, starts: undefined }))
  if (first === undefined) throw new Error('no host')
  const { hosts } = { hosts: [first, ...comparison.hosts.slice(1)] }
  expect(others).toHaveLength(3)
  expect(
    textOf({ ...comparison, hosts })
      .split('\n')
      .slice(-2),
  ).toEqual([
    'starts in 24 h on web, web1, web2: 1 -> 24 (+23)',
    'starts not counted (too many tasks with H or jitter): everywhere',
  ])
})

describe('A changed value', () => {
  const long = (text: string) => one(`, description: "${text}"`)
  const lines = (old: string, now: string, columns: number) =>
    textOf(compared(long(old), long(now)), { columns })
      .split('\n')
      .slice(3)
      .join('\n')

  test.each([
    [
      'is on one line if it fits',
      [
        'x'.repeat(30),
        'y'.repeat(30),
        100,
        `~ a\n    description: ${'x'.repeat(30)} -> ${'y'.repeat(30)}`,
      ],
    ],
    [
      'is on lines of its own if it does not fit on one',
      [
        'x'.repeat(30),
        'y'.repeat(30),
        80,
        `~ a\n    description:\n    - ${'x'.repeat(30)}\n    + ${'y'.repeat(30)}`,
      ],
    ],
    [
      'has no control characters',
      ['\\e[31mred', 'a\\u202eb', 80, '~ a\n    description: \ufffd[31mred -> a\ufffdb'],
    ],
    [
      'has quotes if it looks like a list or like "none"',
      ['none', '[a, b]', 80, '~ a\n    description: "none" -> "[a, b]"'],
    ],
    ['has quotes if it is empty', ['', ' x', 80, '~ a\n    description: "" -> " x"']],
  ] as [string, [string, string, number, string]][])(
    'a changed value %s',
    (_what, [old, now, columns, expected]) => {
      expect(lines(old, now, columns)).toBe(expected)
    },
  )

  test('changed keys and names of tasks have no control characters', () => {
    const odd = 'labels: { "\\e[1m": x }'
    expect(textOf(compared(one(), one(`, ${odd}`)))).toContain('labels.\ufffd[1m: none -> x')
    const bad = `${one()}  "\\e[1m": { command: b, ${odd} }\n`
    expect(textOf(compared(one(), bad))).toContain('in the file: \ufffd[1m\n')
  })

  test('tasks that a host gains are green and tasks that it loses are red', () => {
    const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
    const now = `${one().replace('  a:', '  b:').replace('command: a', 'command: b')}  c: { type: daemon, command: c, hosts: [web] }\n`
    const [, , hosts] = textOf(compared(one(), now), { paint }).split('\n\n')
    expect(hosts).toBe(
      'everywhere: <green>+ b</>, <red>- a</>\non web, web1, web2: <green>+ b, + c</>, <red>- a</>',
    )
    const gone = textOf(compared(one(), 'tasks: {}'), { paint }).split('\n\n')[2]
    expect(gone?.split('\n').at(-1)).toBe('everywhere, web, web1, web2: <red>- a</>')
  })

  test('the text of a comparison has colours, and long lists end with a count', () => {
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`)
    const file = (nice: number) =>
      `tasks:\n${names.map((name) => `  ${name}: { type: daemon, command: x, nice: ${nice} }\n`).join('')}`
    const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
    const [first, , third] = textOf(compared(file(1), file(2)), { paint }).split('\n\n')
    expect(first).toBe('<bold>tasks.yaml: HEAD (4f2a91c03b1e) -> working copy</>\n20 tasks changed')
    expect(textOf(compared(file(1), file(2)), { paint }).split('\n\n')[1]).toBe(
      `<yellow>~ </>nice: <red>1</> -> <green>2</> in 20 tasks: ${names.slice(0, 12).join(', ')} and 8 more`,
    )
    expect(third).toBe(`daemon tasks that restart: ${names.slice(0, 12).join(', ')} and 8 more`)
  })
})

test('names and labels in a comparison have no control characters', () => {
  const old = 'tasks: { "x\\e[31m": { schedule: "@daily", command: x } }'
  const now = 'tasks: { a: { schedule: "@daily", command: x, labels: { "b\\e[31m": c } } }'
  const label = (value: string) => now.replace(': c', `: ${value}`)
  expect(textOf(compared(old, now))).toContain('in the file: x\ufffd[31m\n')
  expect(textOf(compared('tasks: {}', now))).toContain('    labels.b\ufffd[31m: c\n')
  expect(textOf(compared(now, label('d')))).toContain('    labels.b\ufffd[31m: c -> d')
})

describe('scripts, input and sockets', () => {
  const task = (keys: string) => `tasks:\n  web: { type: daemon, command: [x], ${keys} }\n`
  const sum = (digit: string) => digit.repeat(64)

  test('changed parts of a script are shown, and only its place and sum restart a task', () => {
    const from = compared(
      task(`script: { url: "https://x.example/a", sha256: ${sum('1')} }`),
      task(`script: { url: "https://x.example/b", sha256: ${sum('2')}, timeout: 5s }`),
    )
    expect(textOf(from, { columns: 200 })).toContain(
      [
        '~ web',
        '    script.url: https://x.example/a -> https://x.example/b',
        `    script.sha256: ${sum('1')} -> ${sum('2')}`,
        '    script.timeout: 30s -> 5s',
        '',
        'daemon tasks that restart: web',
      ].join('\n'),
    )
    const update = compared(
      task('script: { url: "https://x.example/a", update: 1h }'),
      task('script: { url: "https://x.example/a", update: 2h }'),
    )
    expect(update.restarts).toEqual([])
    expect(textOf(update)).toContain('script.update: 1h -> 2h')
  })

  test('a source that moves is a changed URL of its tasks', () => {
    const file = (version: string) =>
      `sources: { ops: "https://x.example/${version}/%s" }\n${task('script: "ops:a"')}`
    expect(textOf(compared(file('v1'), file('v2')))).toContain(
      'script.url: https://x.example/v1/a -> https://x.example/v2/a',
    )
    const moved = file('v1').replace('ops:a', 'https://x.example/v1/a')
    expect(textOf(compared(file('v1'), moved))).toContain('no change in meaning')
  })

  test('a task that moves to the fleet is shown with the keys that count there', () => {
    const to = 'scope: fleet, max: 2, max_per_host: 2, prefer: [10.0.0.1, 10.0.0.2]'
    expect(textOf(compared(task('max: 2'), task(to)))).toContain(
      [
        '~ web',
        '    scope: host -> fleet',
        '    prefer: none -> [10.0.0.1, 10.0.0.2]',
        '    max_per_host: 1 -> 2',
        '    fence: off -> 30s',
      ].join('\n'),
    )
    expect(textOf(compared(task(to), task(`${to}, fence: 30s`)))).toContain('no change in meaning')
  })

  test('input, listen and ready are shown with their parts', () => {
    const from = task('input: live, listen: 80')
    const to = task(
      'input: { mode: queue, format: json }, listen: { web: "0.0.0.0:80", adm: 81 }, ready: { line: up }',
    )
    expect(textOf(compared(from, to))).toContain(
      [
        '~ web',
        '    listen: 80 -> ["web: 0.0.0.0:80", "adm: 81"]',
        '    input.mode: live -> queue',
        '    input.format: text -> json',
        '    ready.line: none -> up',
        '    ready.after: 1s -> none',
        '    ready.timeout: none -> 30s',
      ].join('\n'),
    )
  })

  test('a changed address of which only a part is shown says that it changed, and no more', () => {
    const ping = (path: string): string => task(`ping: "https://hc.example/${path}"`)
    expect(textOf(compared(ping('one'), ping('two')))).toContain(
      '~ web\n    ping.url: changed (the values are secret)',
    )
  })

  test.each([
    ['max: 2, listen: 80', 'max: 1, listen: 80', true],
    ['listen: 80', 'listen: 81', true],
    ['listen: [80, 81]', 'listen: [81, 80]', true],
    ['listen: "0.0.0.0:80"', 'listen: "127.0.0.1:80"', false],
    ['listen: 80', 'max: 1', false],
    ['max: 1', 'listen: 80', false],
  ])('from %s to %s a task is replaced without a gap: %s', (from, to, isGapless) => {
    const comparison = compared(task(from), task(to))
    expect(comparison).toMatchObject({ restarts: ['web'], withoutGap: isGapless ? ['web'] : [] })
    expect(textOf(comparison)).toContain(
      `daemon tasks that restart: web${isGapless ? ' (replaced without a gap)' : ''}`,
    )
  })
})

test('changed targets and the heartbeat are shown by themselves, without secrets', () => {
  const top = (path: string, more = '') =>
    `notify: { ops: { webhook: "https://x.example/${path}" } }\n${more}tasks: {}\n`
  const comparison = compared(top('T0K'), top('T0K2', 'heartbeat: https://h.example/T0K\n'))
  expect(textOf(comparison)).toBe(`${head}3 keys of messages changed

~ notify.ops.webhook: changed (the values are secret)
~ heartbeat.url: none -> https://h.example/…
~ heartbeat.every: none -> 1m`)
  expect(comparison.isChanged).toBe(true)
  const broken = top('T0K2').replace('tasks: {}', 'tasks: { a: 1 }')
  expect(textOf(compared(top('T0K'), broken))).not.toContain('notify.ops')
})
