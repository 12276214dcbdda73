import { describe, expect, test } from 'vitest'
import { bodyFor } from '../../src/notify/formats.ts'
import { digestOf } from '../../src/notify/digest.ts'
import type { MessageKind } from '../../src/notify/message.ts'
import { textOf, titleOf } from '../../src/notify/text.ts'
import { messageOf } from '../support/notify.ts'

const hostile = messageOf({
  task: 'a*b_<!channel>@everyone',
  reason: '<https://evil.example|click> [x](https://evil.example) & @here',
  output: 'a\u001b[31mred\u001b[0m\r\n```\n@everyone <!here>\u202e\u0007\n',
})

describe('text', () => {
  test('a message says what, where, when, why, the output and how to see more', () => {
    const message = messageOf({
      since: '2026-03-09T12:00:00.000Z',
      url: 'https://torch.example.com/#/runs/1',
    })
    expect(textOf(message)).toBe(`dump failed on db1

when       2026-03-10 12:00:05 UTC
since      2026-03-09 12:00:00 UTC
exit code  3
reason     exit code 3
run        20260310T120000.000-0a1b
see more   torch history 20260310T120000.000-0a1b
page       https://torch.example.com/#/runs/1

the last lines of its output:

cannot connect
bye
`)
  })

  test('the description of the task comes before the facts', () => {
    expect(textOf(messageOf({ description: 'Dumps the shop.\nDaily.' })).split('\n')[2]).toBe(
      'description  Dumps the shop. Daily.',
    )
  })

  test.each<[MessageKind, number, string]>([
    ['recovered', 1, 'dump is ok again on db1'],
    ['missed', 1, 'dump missed a start on db1'],
    ['missed', 3, 'dump missed 3 starts on db1'],
    ['skipped', 2, 'dump skipped 2 starts on db1'],
    ['late', 1, 'dump is late on db1'],
    ['stuck', 1, 'dump has been running for too long on db1'],
    ['no_success_for', 1, 'dump has not succeeded for too long on db1'],
    ['refused', 1, 'the tasks file was refused on db1'],
    ['daemon-started-after-crash', 1, 'the torch daemon started after a crash on db1'],
    ['digest', 12, '12 messages from torch on db1'],
    ['test', 1, 'test message from torch on db1'],
  ])('the title of %s, %i times', (kind, count, title) => {
    expect(titleOf(messageOf({ kind, count }))).toBe(title)
  })

  test('the titles of messages about an outage and about the tasks file name no task', () => {
    const message = messageOf({ kind: 'missed', task: null, count: 3 })
    expect(titleOf(message)).toBe('torch was down on db1 and missed 3 starts')
    expect(titleOf({ ...message, kind: 'recovered' })).toBe('the tasks file is good again on db1')
  })

  test('a digest has a line for each of its messages', () => {
    const digest = messageOf({
      kind: 'digest',
      count: 2,
      reason: 'a failed\nb failed',
      output: null,
    })
    expect(textOf(digest)).toContain('2 messages from torch on db1\n\na failed\nb failed\n\nwhen')
  })

  test('escape sequences and characters that hide text do not reach a person', () => {
    const text = textOf(hostile)
    expect(text).toContain('ared\n```\n@everyone <!here>\ufffd\ufffd\n')
    for (const bad of ['\u001b', '\r', '\u202e', '\u0007']) expect(text).not.toContain(bad)
  })
})

describe('formats', () => {
  test('json has all facts, a title and the text', () => {
    const message = messageOf()
    expect(bodyFor('json', message)).toEqual({
      ...{ version: 1, ...message, title: titleOf(message), text: textOf(message) },
    })
  })

  test('Slack gets text in which nothing names people or makes a link', () => {
    const { text } = bodyFor('slack', hostile) as { text: string }
    expect(text.replaceAll('&amp;', '').replaceAll('&lt;', '').replaceAll('&gt;', '')).not.toMatch(
      /[<>&]/,
    )
    expect(text).toContain('*a∗b_&lt;!channel&gt;@everyone failed on db1*')
    expect(text.match(/```/g)).toHaveLength(2)
  })

  test('Discord gets an embed with escaped Markdown, and names nobody', () => {
    const body = bodyFor('discord', hostile) as { embeds: { title: string; description: string }[] }
    expect(body).toMatchObject({ allowed_mentions: { parse: [] } })
    const [embed] = body.embeds
    expect(embed?.title).toBe('a\\*b\\_\\<!channel\\>\\@everyone failed on db1')
    expect(embed?.description).toContain('\\[x\\]\\(https\\://evil.example\\)')
    expect(embed?.description.match(/```/g)).toHaveLength(2)
  })

  test('Teams gets a card whose texts are not Markdown', () => {
    const text = JSON.stringify(bodyFor('teams', hostile))
    expect(text).toContain('application/vnd.microsoft.card.adaptive')
    expect(text).not.toContain('"TextBlock"')
    expect(text).toContain('[x](https://evil.example)')
  })

  test.each(['x', '(-)', '<&>', '世', '😀'])(
    'a digest with %s has whole lines, how many more there are, and its link in each format',
    (letters) => {
      const reason = letters.repeat(Math.floor(100 / letters.length))
      const many = Array.from({ length: 80 }, (_, n) =>
        messageOf({ task: `nightly-dump-${n}`, reason, at: '2026-03-10T12:00:00.000Z' }),
      )
      const link = { more: 'torch status --home /srv/torch', url: 'https://torch.example.com' }
      const digest = digestOf(many, link, 'db1', Date.parse('2026-03-10T13:00:00Z'))
      const bodies = { slack: 40_000, discord: 10_000, teams: 28_000 }
      for (const [format, most] of Object.entries(bodies)) {
        const body = JSON.stringify(bodyFor(format as keyof typeof bodies, digest))
        expect(Buffer.byteLength(body)).toBeLessThan(most)
        const shown = body.match(/failed \(|failed \\\\\(/g)?.length ?? 0
        expect(body.match(/UTC nightly/g)).toHaveLength(shown)
        expect(shown).toBeGreaterThan(format === 'teams' ? 35 : 10)
        expect(body).toContain(`and ${80 - shown} more`)
        expect(body).toMatch(/see more: .*page: /)
      }
    },
  )

  test('long texts stay within the limits of each service, and characters stay whole', () => {
    const long = messageOf({
      ...{ kind: 'digest', count: 500, task: '😀'.repeat(600) },
      reason: '😀*_'.repeat(3_000),
      output: `${'x'.repeat(101)}${'😀'.repeat(2_000)}`,
    })
    const discord = bodyFor('discord', long) as { embeds: { title: string; description: string }[] }
    expect(discord.embeds[0]?.title.length).toBeLessThanOrEqual(256)
    expect(discord.embeds[0]?.description.length).toBeLessThanOrEqual(4_096)
    const slack = bodyFor('slack', long) as { text: string }
    expect(slack.text.length).toBeLessThan(40_000)
    expect(JSON.stringify(bodyFor('teams', long)).length).toBeLessThan(28_000)
    for (const format of ['slack', 'discord', 'teams'] as const)
      expect(JSON.stringify(bodyFor(format, long))).not.toMatch(/\\ud[89a-f]/)
  })
})
