import { expect, test } from 'vitest'
import { messageChanges } from '../../../src/tasks/compare/changes.ts'
import { good } from '../../support/tasks.ts'

function changes(before: string, after: string): string[] {
  const [old, now] = [before, after].map((top) => good(`${top}\ntasks: {}\n`).notify)
  if (old === undefined || now === undefined) return []
  return messageChanges(old, now).map(
    (each) => `${each.key}: ${JSON.stringify(each.old)} -> ${JSON.stringify(each.new)}`,
  )
}

test.each<[string, string, string, string[]]>([
  [
    'the same in other words',
    'notify: { ops: { webhook: "https://x.example/T0K" } }\nheartbeat: https://h.example/T0K',
    'notify:\n  ops:\n    format: json\n    webhook: https://x.example/T0K\nheartbeat: { url: https://h.example/T0K, every: 60s }',
    [],
  ],
  [
    'a secret part of a URL',
    'notify: { ops: { webhook: "https://x.example/T0K" } }',
    'notify: { ops: { webhook: "https://x.example/T0K2" } }',
    ['notify.ops.webhook: "https://x.example/…" -> "https://x.example/…"'],
  ],
  [
    'a new target, and one that is gone',
    'notify: { ops: { command: [logger, -t, torch] } }',
    'notify: { web: { webhook: { env: URL }, format: slack } }',
    [
      'notify.web.webhook: null -> "$URL"',
      'notify.web.format: null -> "slack"',
      'notify.ops.command: ["logger","-t","torch"] -> null',
    ],
  ],
  [
    'a mail with a password',
    'notify: { ops: { mail: a@b.example, smtp: "smtp://me@m.example:587", password: T0K } }',
    'notify: { ops: { mail: [a@b.example, c@d.example], from: t@b.example, smtp: "smtps://me@m.example", password: T0K2 } }',
    [
      'notify.ops.mail: ["a@b.example"] -> ["a@b.example","c@d.example"]',
      'notify.ops.from: null -> "t@b.example"',
      'notify.ops.smtp: "smtp://m.example:587/…" -> "smtps://m.example/…"',
      'notify.ops.password: "…" -> "…"',
    ],
  ],
  [
    'who gets messages about the daemon, a heartbeat and a page',
    'notify: { ops: { mail: root } }',
    'notify: { ops: { mail: root } }\ndefaults: { notify: { to: ops, on: [refused] } }\nheartbeat: https://h.example/T0K\nweb_url: https://t.example/',
    [
      'defaults.notify.to: null -> ["ops"]',
      'defaults.notify.on: null -> ["refused"]',
      'heartbeat.url: null -> "https://h.example/…"',
      'heartbeat.every: null -> "1m"',
      'web_url: null -> "https://t.example"',
    ],
  ],
])('%s', (_, before, after, expected) => {
  const found = changes(before, after)
  expect(found).toEqual(expected)
  expect(found.join()).not.toContain('T0K')
})
