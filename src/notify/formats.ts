import type { WebhookTarget } from '../tasks/notify.ts'
import type { Message, MessageKind } from './message.ts'
import { shortened } from '../text/sanitize.ts'
import { digestLines, factsOf, outputOf, textOf, titleOf } from './text.ts'

/**
 * The JSON that a webhook gets. Nothing in a message can name people or make links in a chat: each service has
 * its own way to write plain text.
 */
export function bodyFor(format: WebhookTarget['format'], message: Message): object {
  return makers[format](message)
}

const makers: Readonly<Record<WebhookTarget['format'], (message: Message) => object>> = {
  json: (message) => ({
    version: 1,
    ...message,
    title: titleOf(message),
    text: textOf(message),
  }),
  slack: slackBody,
  teams: teamsBody,
  discord: discordBody,
}

/** Slack shortens a text with more characters than this. https://docs.slack.dev/changelog/2018-truncating-really-long-messages */
const maxSlackLength = 12_000

/** https://docs.slack.dev/messaging/formatting-message-text: only these three characters have to be escaped. */
function slackBody(message: Message): object {
  const escape = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const title = `${symbolOf(message.kind)} *${escape(titleOf(message)).replaceAll('*', '∗')}*`
  const facts = factsOf(message).map(([name, value]) => `${name}: ${escape(value)}`)
  const size = maxSlackLength - [title, ...facts].join('\n').length - 1
  const lines = digestLines(message, { size, sizeOf: (line) => escape(line).length + 1 })
  const text = [title, ...lines.map(escape), ...facts].join('\n')
  const output = outputOf(message)
  const block = output === undefined ? '' : `\n${fenced(escape(output))}`
  return { text: shortened(text, maxSlackLength) + block }
}

/** The limits of an embed: https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const maxDiscordTitle = 256
const maxDiscordText = 1_700
/** A digest has no output. */
const maxDiscordDigest = 4_000
const maxDiscordOutput = 2_000

function discordBody(message: Message): object {
  const escape = (text: string): string => text.replace(/[\\*_~|`>#[\]()<@:-]/g, '\\$&')
  const facts = factsOf(message).map(([name, value]) => `${name}: ${escape(value)}`)
  const size = maxDiscordDigest - facts.join('\n').length
  const lines = digestLines(message, { size, sizeOf: (line) => escape(line).length + 1 })
  const text = [...lines.map(escape), ...facts].join('\n')
  const output = outputOf(message)
  const block =
    output === undefined
      ? ''
      : `\n${fenced(output.slice(-maxDiscordOutput).replace(/^[\udc00-\udfff]/, ''))}`
  const title = shortened(escape(titleOf(message)), maxDiscordTitle)
  const maxText = message.kind === 'digest' ? maxDiscordDigest : maxDiscordText
  return {
    embeds: [
      {
        title,
        description: shortened(text, maxText) + block,
        color: colourOf(message.kind),
        timestamp: message.at,
      },
    ],
    // Nobody is named, whatever the text says.
    allowed_mentions: { parse: [] },
  }
}

/** Teams refuses more than 28 KB. */
const maxTeamsText = 8_000
/** Bytes of the lines of a digest, as JSON. The rest is for its title and facts. */
const maxTeamsDigest = 20_000

/** An Adaptive Card for a workflow of Teams. A TextRun shows its text as it is, a TextBlock would be Markdown. */
function teamsBody(message: Message): object {
  const block = (text: string, look: object = {}): object => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: shortened(text, maxTeamsText), ...look }],
  })
  const output = outputOf(message)
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`)
  const sizeOf = (line: string): number => Buffer.byteLength(JSON.stringify(block(line))) + 1
  const lines = digestLines(message, { size: maxTeamsDigest, sizeOf })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(titleOf(message), { weight: 'Bolder', size: 'Medium' }),
            ...[...lines, ...facts].map((line) => block(line)),
            ...(output === undefined ? [] : [block(output, { fontType: 'Monospace' })]),
          ],
        },
      },
    ],
  }
}

/** As a block of code. Three backticks in the text would end it. */
function fenced(text: string): string {
  return `\`\`\`\n${text.replaceAll('```', "'''")}\n\`\`\``
}

const good: readonly MessageKind[] = ['recovered', 'test']

function symbolOf(kind: MessageKind): string {
  return good.includes(kind) ? ':white_check_mark:' : ':red_circle:'
}

function colourOf(kind: MessageKind): number {
  return good.includes(kind) ? 0x2e_7d_32 : 0xc6_28_28
}
