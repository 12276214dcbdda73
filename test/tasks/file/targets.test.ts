import { describe, expect, test } from 'vitest'
import { noNotify } from '../../../src/tasks/notify.ts'
import type { TasksFile } from '../../../src/tasks/task.ts'
import { good, oneLine, problemsOf } from '../../support/tasks.ts'

const ops = 'ops: { webhook: "https://x.example/T0K" }'

/** A file with these lines at its top, and one task with these keys. */
function file(top: string, own = ''): string {
  return `${top}\ntasks:\n  a: { schedule: "@daily", command: run${own} }\n`
}

function targetsOf(...targets: readonly string[]): TasksFile['notify']['targets'] {
  return good(file(`notify:\n${targets.map((line) => `  ${line}`).join('\n')}`)).notify.targets
}

function problems(text: string): string[] {
  return problemsOf(text).map(oneLine)
}

describe('a good target', () => {
  test.each<[string, string, object]>([
    ['a webhook', ops, { kind: 'webhook', url: 'https://x.example/T0K', format: 'json' }],
    [
      'a webhook whose URL is in a file beside the tasks file',
      'ops: { webhook: { file: slack-url }, format: slack }',
      { url: { file: '/srv/slack-url' }, format: 'slack' },
    ],
    [
      'a webhook whose URL is in a variable',
      'ops: { webhook: { env: URL_1 } }',
      { url: { env: 'URL_1' } },
    ],
    [
      'a mail by sendmail',
      'ops: { mail: root }',
      { kind: 'mail', to: ['root'], from: null, smtp: null, password: null },
    ],
    [
      'a mail by a server',
      'ops: { mail: [a@b.example, c+d@b.example], from: "torch <t@b.example>", smtp: "smtps://u@m.example:465", password_file: /etc/pw }',
      {
        to: ['a@b.example', 'c+d@b.example'],
        from: 'torch <t@b.example>',
        smtp: 'smtps://u@m.example:465',
        password: { file: '/etc/pw' },
      },
    ],
    [
      'a command of words',
      'ops: { command: [logger, -t, torch] }',
      { command: ['logger', '-t', 'torch'] },
    ],
    [
      'a command for the shell',
      'ops: { command: logger -t x }',
      { command: ['/bin/sh', '-c', 'logger -t x'] },
    ],
  ])('%s', (_, line, expected) => {
    expect(targetsOf(line)).toMatchObject([{ name: 'ops', ...expected }])
  })
})

test('targets, a heartbeat and the page may be in several files, and a second one is an error', () => {
  const top = `notify: { ${ops} }\nheartbeat: { url: { env: HB }, every: 30s }\nweb_url: https://t.example/x/\n`
  expect(good(file(top)).notify).toMatchObject({
    heartbeat: { url: { env: 'HB' }, everyMs: 30_000 },
    webUrl: 'https://t.example/x',
    daemon: noNotify,
  })
  expect(good(file('heartbeat: https://hc.example/1')).notify.heartbeat?.everyMs).toBe(60_000)
})

describe('a wrong value at the top of the file', () => {
  test.each<[string, string, string[]]>([
    [
      'no kind',
      'notify: { ops: { format: slack } }',
      ['notify.ops: expected webhook, mail or command; got none of them'],
    ],
    [
      'two kinds',
      'notify: { ops: { mail: a@b.example, command: x } }',
      [
        'notify.ops: expected webhook, mail or command; got mail and command (write a target of its own for each)',
      ],
    ],
    [
      'a misspelt kind',
      'notify: { ops: { webhok: x } }',
      ['notify.ops.webhok: unknown key "webhok" (did you mean "webhook"?)'],
    ],
    [
      'a key of another kind',
      'notify: { ops: { command: x, from: a@b.example } }',
      ['notify.ops.from: only a mail has from'],
    ],
    [
      'a URL without a scheme, which is not shown',
      'notify: { ops: { webhook: x.example/T0K } }',
      ['notify.ops.webhook: expected an http or https URL; got text (begin it with https://)'],
    ],
    [
      'a URL in place of a target, which is not shown',
      'notify: { ops: "https://x.example/T0K" }',
      [
        'notify.ops: expected a map; got text (write { webhook: URL }, { mail: ADDRESS } or { command: WORDS })',
      ],
    ],
    [
      'a URL in place of all targets, which is not shown',
      'notify: "https://x.example/T0K"',
      ['notify: expected a map; got text (write names with targets: { ops: { webhook: URL } })'],
    ],
    [
      'a key of other programs',
      'notify: { ops: { url: "https://x.example/T0K" } }',
      ['notify.ops.url: unknown key "url" (did you mean "webhook"?)'],
    ],
    [
      'a port that is too large',
      'notify: { ops: { webhook: "https://x.example:99999/T0K" } }',
      [
        'notify.ops.webhook: expected an http or https URL; got text (a port is a number from 1 to 65535)',
      ],
    ],
    [
      'the port 0',
      'notify: { ops: { webhook: "https://x.example:0/T0K" } }',
      [
        'notify.ops.webhook: expected an http or https URL; got one with the port 0 (a port is a number from 1 to 65535)',
      ],
    ],
    [
      'a space in a URL',
      'notify: { ops: { webhook: "https://x.example/T0K b" } }',
      [
        'notify.ops.webhook: expected an http or https URL; got text (a URL has no spaces: write %20 for one)',
      ],
    ],
    [
      'another scheme',
      'notify: { ops: { webhook: "ftp://x.example/T0K" } }',
      ['notify.ops.webhook: expected an http or https URL; got text (begin it with https://)'],
    ],
    [
      'a variable as in a shell',
      'notify: { ops: { webhook: $SLACK_URL } }',
      [
        'notify.ops.webhook: expected an http or https URL; got text (write { env: SLACK_URL } for a variable of the daemon)',
      ],
    ],
    [
      'an empty URL',
      'notify: { ops: { webhook: "" } }',
      ['notify.ops.webhook: expected a URL, or a map with file or env; got an empty text'],
    ],
    [
      'a mail server without a scheme',
      'notify: { ops: { mail: a@b.example, smtp: "m.example:25" } }',
      [
        'notify.ops.smtp: expected an smtp or smtps URL; got text (begin it with smtps://, or with smtp:// for STARTTLS)',
      ],
    ],
    [
      'two addresses in one text',
      'notify: { ops: { mail: "a@b.example, c@d.example" } }',
      [
        'notify.ops.mail: expected a mail address, or a list of 1 to 50; got "a@b.example, c@d.example" (write a list of addresses)',
      ],
    ],
    [
      'a ping for all tasks',
      'defaults: { ping: "https://x.example/T0K" }',
      ['defaults.ping: unknown key "ping" (write it in each task that needs it)'],
    ],
    [
      'a user and a password in a URL',
      'notify: { ops: { webhook: "https://u:p@x.example" } }',
      ['notify.ops.webhook: expected a URL without a user name and password'],
    ],
    [
      'a password in the URL of the server',
      'notify: { ops: { mail: a@b.example, smtp: "smtp://u:T0K@m.example" } }',
      [
        'notify.ops.smtp: expected a URL without a password (write it into a file: password_file: /etc/torch/mail-password)',
      ],
    ],
    [
      'a password for everybody to see',
      'notify: { ops: { mail: a@b.example, smtp: "smtp://u@m.example", password: T0K } }',
      [
        'warning: notify.ops.password: everybody who can read this file knows the password (write password_file: /etc/torch/mail-password, or password: { env: NAME })',
      ],
    ],
    [
      'a secret of two places',
      'notify: { ops: { webhook: { file: a, env: B } } }',
      ['notify.ops.webhook: expected file or env; got both'],
    ],
    [
      'an empty secret',
      'notify: { ops: { webhook: {} } }',
      ['notify.ops.webhook: expected file or env; got none of them'],
    ],
    [
      'a list as a secret',
      'notify: { ops: { webhook: [T0K] } }',
      ['notify.ops.webhook: expected a URL, or a map with file or env; got a list'],
    ],
    [
      'no mail address',
      'notify: { ops: { mail: [a@b.example, "x y"] } }',
      ['notify.ops.mail[1]: expected a mail address, such as ops@example.com; got "x y"'],
    ],
    [
      'a sender of two lines',
      'notify: { ops: { mail: a, from: "a@b.example\\nBcc: c@d.example" } }',
      [
        'notify.ops.from: expected a mail address, or "Name <address>"; got "a@b.example\\nBcc: c@d.example"',
      ],
    ],
    [
      'an unknown format',
      'notify: { ops: { webhook: https://x.example, format: slak } }',
      [
        'notify.ops.format: expected "json", "slack", "teams" or "discord"; got "slak" (did you mean "slack"?)',
      ],
    ],
    ['a wrong name', 'notify: { "a b": { mail: root } }', ['notify["a b"]']],
    [
      'a fast heartbeat',
      'heartbeat: { url: https://x.example, every: 1s }',
      ['heartbeat.every: expected a duration of at least 10s, such as 1m; got "1s"'],
    ],
    [
      'a heartbeat without a URL',
      'heartbeat: { every: 1m }',
      ['heartbeat: expected a URL; got nothing'],
    ],
    [
      'a page that is no URL',
      'web_url: torch.example.com',
      ['web_url: expected an http or https URL; got text (begin it with https://)'],
    ],
    [
      'a list in place of targets',
      'notify: [ops]',
      ['notify: expected a map; got a list (write names with targets: { ops: { webhook: URL } })'],
    ],
  ])('%s', (_, top, expected) => {
    const found = problems(file(top))
    if (expected[0] === 'notify["a b"]') expect(found).toHaveLength(1)
    else expect(found).toEqual(expected)
    expect(found.join()).not.toContain('T0K')
  })
})

describe('who gets the messages of a task', () => {
  const top = `notify: { ${ops}, oncall: { mail: root } }`
  const notifyOf = (own: string, defaults = '') =>
    good(file(`${top}\n${defaults}`, own)).tasks[0]?.notify

  test('nobody, unless the file says so', () => {
    expect(notifyOf('')).toEqual(noNotify)
    expect(noNotify.on).not.toContain('skipped')
  })

  test('one target, several, or a map; each key comes from the defaults unless the task has it', () => {
    expect(notifyOf(', notify: ops')).toEqual({ ...noNotify, to: ['ops'] })
    expect(notifyOf(', notify: [ops, oncall]')).toEqual({ ...noNotify, to: ['ops', 'oncall'] })
    const defaults = 'defaults: { notify: { to: [ops], on: [failed, refused], repeat: 4h } }'
    expect(notifyOf(', notify: { to: [], stuck_after: 2h, on: [stuck] }', defaults)).toEqual({
      ...{ to: [], on: ['stuck'], repeatMs: 4 * 3_600_000 },
      ...{ lateAfterMs: undefined, stuckAfterMs: 2 * 3_600_000, noSuccessForMs: undefined },
    })
    expect(good(file(`${top}\n${defaults}`)).notify.daemon).toMatchObject({
      on: ['failed', 'refused'],
    })
  })

  test.each<[string, string, string[]]>([
    [
      'a URL, which is not shown',
      'notify: "https://x.example/T0K"',
      [
        'tasks.a.notify: expected names of targets, or a map with to and on; got text (write it at the top of the file, notify: { ops: { webhook: URL } }, and its name here)',
      ],
    ],
    [
      'no event',
      'notify: { to: ops, on: [] }',
      [
        'warning: tasks.a.notify.on: nobody gets messages: expected events; got an empty list (leave on out for all events except skipped, or write to: [] for nobody)',
      ],
    ],
    [
      'an event without a list',
      'notify: { to: ops, on: failed }',
      [
        'tasks.a.notify.on: expected a list of events, such as [failed, missed]; got "failed" (did you mean [failed]?)',
      ],
    ],
    [
      'a time of 0',
      'notify: { to: ops, repeat: 0 }',
      [
        'tasks.a.notify.repeat: expected a duration of more than 0, such as 30s, 5m or 1h30m; got 0 (write a long time, such as 365d, if a message need not be sent again)',
      ],
    ],
    [
      'a heartbeat of a task',
      'heartbeat: "https://x.example"',
      ['tasks.a.heartbeat: unknown key "heartbeat" (write it at the top of the file)'],
    ],
    [
      'an unknown name',
      'notify: [ops, oncal]',
      ['tasks.a.notify[1]: unknown target "oncal" (did you mean "oncall"?)'],
    ],
    [
      'an unknown name in a map',
      'notify: { to: xyz }',
      [
        'tasks.a.notify.to: unknown target "xyz" (name it at the top of the file: notify: { xyz: { webhook: URL } })',
      ],
    ],
    [
      'no target, as people write it',
      'notify: off',
      ['tasks.a.notify: unknown target "off" (for no messages: notify: { to: [] })'],
    ],
    [
      'an unknown event',
      'notify: { to: ops, on: [fail] }',
      [
        'tasks.a.notify.on[0]: expected "failed", "recovered", "missed", "skipped", "late", "stuck", "no_success_for", "gave-up", "paused" or "resumed", or in defaults "refused" or "daemon-started-after-crash"; got "fail" (did you mean "failed"?)',
      ],
    ],
    [
      'an event of the daemon',
      'notify: { to: ops, on: [refused] }',
      [
        'warning: tasks.a.notify.on[0]: refused is about the daemon: it has no effect in a task (write it in defaults)',
      ],
    ],
    [
      'late without a time',
      'notify: { to: ops, on: [late] }',
      [
        'warning: tasks.a.notify.on[0]: late has no effect without late_after (write late_after: 10m, or another duration)',
      ],
    ],
    [
      'a time without its event',
      'notify: { to: ops, on: [failed], stuck_after: 1h }',
      ['warning: tasks.a.notify.stuck_after: has no effect: stuck is not in on'],
    ],
    [
      'nobody to tell',
      'notify: { on: [failed] }',
      ['warning: tasks.a.notify: nobody gets these messages: expected to; got nothing'],
    ],
    [
      'a number',
      'notify: 5',
      ['tasks.a.notify: expected names of targets, or a map with to and on; got 5'],
    ],
    [
      'false',
      'notify: false',
      [
        'tasks.a.notify: expected names of targets, or a map with to and on; got false (write [] if nobody gets messages)',
      ],
    ],
    [
      'a key of notify in the task',
      'repeat: 4h',
      ['tasks.a.repeat: unknown key "repeat" (write it within notify)'],
    ],
    ['mailto', 'mailto: ops', ['tasks.a.mailto: unknown key "mailto" (did you mean "notify"?)']],
  ])('%s is reported', (_, own, expected) => {
    expect(problems(file(top, `, ${own}`))).toEqual(expected)
  })

  test('the example of the documentation has no warning', () => {
    const own =
      ', notify: { to: [ops], on: [failed, late, stuck], late_after: 10m, stuck_after: 2h, no_success_for: 26h, repeat: 4h }'
    expect(problems(file(top, own))).toEqual([])
  })
})

describe('a ping', () => {
  const pingOf = (written: string) => good(file('', `, ping: ${written}`)).tasks[0]?.ping
  const all = ['start', 'ok', 'failed']

  test.each([
    ['https://hc.example/1', { url: 'https://hc.example/1', form: 'healthchecks', on: all }],
    ['{ file: p }', { url: { file: '/srv/p' }, form: 'healthchecks', on: all }],
    ['{ url: { env: P }, on: [ok] }', { url: { env: 'P' }, form: 'plain', on: ['ok'] }],
  ])('%s', (written, expected) => {
    expect(pingOf(written)).toEqual(expected)
  })

  test.each([
    [
      'hc.example/1',
      'tasks.a.ping: expected an http or https URL; got text (begin it with https://)',
    ],
    [
      '{ on: [ok] }',
      'tasks.a.ping: expected a URL; got nothing (write { url: URL, on: [start, ok, failed] })',
    ],
    [
      '{ url: "https://x.example", on: [fail] }',
      'tasks.a.ping.on[0]: expected "start", "ok" or "failed"; got "fail" (did you mean "failed"?)',
    ],
    [
      '{ url: "https://x.example", file: x }',
      'tasks.a.ping: expected url, file or env; got more than one of them',
    ],
  ])('%s is reported', (written, expected) => {
    expect(problems(file('', `, ping: ${written}`))).toEqual([expected])
  })
})

test('messages and pings are no part of the definition: a change of them restarts nothing', () => {
  const [plain] = good(file('')).tasks
  const [other] = good(file(`notify: { ${ops} }`, ', notify: ops, ping: "https://x.example"')).tasks
  expect(other?.definition).toBe(plain?.definition)
})
