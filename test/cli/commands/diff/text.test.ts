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
~ report -> daily-report (renamed; at other times: its name decides H)
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

on web, 10.0.1.0/24: + new (on part of it)
on db, db1: - old

starts in 24 h on web, 10.0.1.0/24: ~145 -> ~313 (+168)
    busiest second: 1 at 00:10:00 -> 2 at 01:00:00
starts in 24 h on db, db1: 3 -> 2 (-1), busiest second: 2 at 00:00:00 -> 1 at 02:30:00
starts in 24 h on 10.0.1.9: ~145 -> ~289 (+144)
ended and started anew, as daemon tasks that changed: consumer`

test('a comparison, with most of what there can be in one', () => {
  expect(textOf(compared(before, after))).toBe(whole)
})

const one = (more = '', hosts = '{ web: [web1, web2] }') =>
  `hosts: ${hosts}\ntasks:\n  a: { schedule: "@daily", command: a${more} }\n`

const two = '{ web: [10.0.0.1, 10.0.0.2] }'

describe('what else there may be to say', () => {
  test.each([
    ['nothing', one(), `# A comment.\n${one()}`, 'no change in meaning'],
    [
      'a group',
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
      'the same of two tasks, which is told of each',
      `${one(', hosts: [web]')}  b: { type: daemon, command: b, hosts: [web] }\n`,
      `${one(', hosts: [web], nice: 1')}  b: { type: daemon, command: b, hosts: [web], nice: 1 }\n`,
      `2 tasks changed

~ a
    nice: 0 -> 1
~ b
    nice: 0 -> 1

ended and started anew, as daemon tasks that changed: b`,
    ],
    [
      'a task that comes to another in its second',
      `${one(', schedule: "0 2 * * *"').replace('schedule: "@daily", ', '')}  b: { schedule: "0 3 * * *", command: b }\n`,
      `${one(', schedule: "0 3 * * *"').replace('schedule: "@daily", ', '')}  b: { schedule: "0 3 * * *", command: b }\n`,
      `1 task changed

~ a
    schedule: 0 2 * * * -> 0 3 * * *

starts in 24 h everywhere, web, web1, web2: 2, busiest second: 1 at 02:00:00 -> 2 at 03:00:00`,
    ],
    [
      'more and fewer machines of a group',
      `${one(', hosts: [web]', two)}  b: { type: daemon, command: b, hosts: [web, "!10.0.0.2"] }\n`,
      `${one(', hosts: [web, "!10.0.0.2"]', two)}  b: { type: daemon, command: b, hosts: [web] }\n`,
      `2 tasks changed

~ a
    hosts: [web] -> [web, "!10.0.0.2"]
~ b
    hosts: [web, "!10.0.0.2"] -> [web]

on web: + b (on part of it), - a (on part of it)
on 10.0.0.2: + b, - a

starts in 24 h on 10.0.0.2: 1 -> 0 (-1)
ended and started anew, as daemon tasks that changed: b`,
    ],
    [
      'a file that is not there any more',
      one(),
      undefined,
      `tasks.yaml is not in the working copy: taken for a file without tasks
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
      `tasks.yaml is not in HEAD: taken for a file without tasks
1 task added

+ a
    command: a
    type: daemon
    restart.delay: 2s

everywhere: + a`,
    ],
    [
      'a task that is wrong now',
      `${one()}  b: { schedule: "@daily", command: b }\n`,
      `${one(', max: x')}  b: { schedule: "@daily", command: b, nice: 1 }\n`,
      `tasks.yaml is not valid in the working copy
not compared, for what is wrong there: a
1 task changed

~ b
    nice: 0 -> 1`,
    ],
    [
      'a file that was wrong',
      one(', max: x'),
      one(),
      `tasks.yaml is not valid in HEAD
not compared, for what is wrong there: a
no change in what can be read of both`,
    ],
    [
      'a file that is no YAML',
      one(),
      'tasks: [',
      `tasks.yaml is not valid in the working copy
not compared, for what is wrong there: a
nothing can be compared`,
    ],
  ])('%s', (_what, old, now, expected) => {
    expect(textOf(compared(old, now))).toBe(head + expected)
  })
})

test('hosts whose starts are not counted are named', () => {
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
    'starts not counted, as H and jitter take too long: everywhere',
  ])
})

describe('how it is shown', () => {
  const long = (text: string) => one(`, description: "${text}"`)
  const lines = (old: string, now: string, columns: number) =>
    textOf(compared(long(old), long(now)), { columns })
      .split('\n')
      .slice(3)
      .join('\n')

  test.each([
    [
      'on one line where it fits',
      [
        'x'.repeat(30),
        'y'.repeat(30),
        100,
        `~ a\n    description: ${'x'.repeat(30)} -> ${'y'.repeat(30)}`,
      ],
    ],
    [
      'else on lines of its own',
      [
        'x'.repeat(30),
        'y'.repeat(30),
        80,
        `~ a\n    description:\n    - ${'x'.repeat(30)}\n    + ${'y'.repeat(30)}`,
      ],
    ],
    [
      'without what a terminal would obey',
      ['\\e[31mred', 'a\\u202eb', 80, '~ a\n    description: \ufffd[31mred -> a\ufffdb'],
    ],
    [
      'what looks like another thing in quotes',
      ['none', '[a, b]', 80, '~ a\n    description: "none" -> "[a, b]"'],
    ],
    ['empty text in quotes', ['', ' x', 80, '~ a\n    description: "" -> " x"']],
  ] as [string, [string, string, number, string]][])(
    '%s',
    (_what, [old, now, columns, expected]) => {
      expect(lines(old, now, columns)).toBe(expected)
    },
  )

  test('keys and names too without what a terminal would obey', () => {
    const odd = 'labels: { "\\e[1m": x }'
    expect(textOf(compared(one(), one(`, ${odd}`)))).toContain('labels.\ufffd[1m: none -> x')
    const bad = `${one()}  "\\e[1m": { command: b, ${odd} }\n`
    expect(textOf(compared(one(), bad))).toContain('wrong there: \ufffd[1m\n')
  })

  test('in colours: of hosts what comes and what goes', () => {
    const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
    const now = `${one().replace('  a:', '  b:').replace('command: a', 'command: b')}  c: { type: daemon, command: c, hosts: [web] }\n`
    const [, , hosts] = textOf(compared(one(), now), { paint }).split('\n\n')
    expect(hosts).toBe(
      'everywhere: <green>+ b</>, <red>- a</>\non web, web1, web2: <green>+ b, + c</>, <red>- a</>',
    )
    const gone = textOf(compared(one(), 'tasks: {}'), { paint }).split('\n\n')[2]
    expect(gone?.split('\n').at(-1)).toBe('everywhere, web, web1, web2: <red>- a</>')
  })

  test('in colours where there are any, and long lists with their count', () => {
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`)
    const file = (nice: number) =>
      `tasks:\n${names.map((name) => `  ${name}: { type: daemon, command: x, nice: ${nice} }\n`).join('')}`
    const paint = (style: unknown, text: string) => `<${String(style)}>${text}</>`
    const [first, , third] = textOf(compared(file(1), file(2)), { paint }).split('\n\n')
    expect(first).toBe('<bold>tasks.yaml: HEAD (4f2a91c03b1e) -> working copy</>\n20 tasks changed')
    expect(textOf(compared(file(1), file(2)), { paint }).split('\n\n')[1]).toBe(
      `<yellow>~ </>nice: <red>1</> -> <green>2</> in 20 tasks: ${names.slice(0, 12).join(', ')} and 8 more`,
    )
    expect(third).toBe(
      `ended and started anew, as daemon tasks that changed: ${names.slice(0, 12).join(', ')} and 8 more`,
    )
  })
})

test('no name gives a terminal anything to obey', () => {
  const old = 'tasks: { "x\\e[31m": { schedule: "@daily", command: x } }'
  const now = 'tasks: { a: { schedule: "@daily", command: x, labels: { "b\\e[31m": c } } }'
  const label = (value: string) => now.replace(': c', `: ${value}`)
  expect(textOf(compared(old, now))).toContain('wrong there: x\ufffd[31m\n')
  expect(textOf(compared('tasks: {}', now))).toContain('    labels.b\ufffd[31m: c\n')
  expect(textOf(compared(now, label('d')))).toContain('    labels.b\ufffd[31m: c -> d')
})
