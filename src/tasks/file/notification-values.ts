import { z } from 'zod'
import { daemonEvents, pingEvents, taskEvents, webhookFormats } from '../notify.ts'
import { expected } from './expected.ts'
import { maxAddressChars, maxMailAddresses, maxTextChars } from './limits.ts'
import * as value from './schema-values.ts'
import { key } from './schema-values.ts'

/** The values of a tasks file about messages and pings. What needs two of them is checked in targets.ts. */

const outside = {
  file: key(value.path, 'a file whose first line has it; nobody else may read it'),
  env: key(value.variableName, 'a variable of the daemon that has it'),
}
const outsideForm = z.strictObject(outside)
const secretUrl = z
  .union([plainUrl(expected.secretUrl), outsideForm], { error: expected.secretUrl })
  .meta({ title: 'URL, or { file } or { env }' })
const secretText = z
  .union([value.text, outsideForm], { error: expected.secretText })
  .meta({ title: 'text, or { file } or { env }' })

const mailAddress = z
  .string({ error: expected.mailAddress })
  .regex(/^[^\s@<>,;:"()[\]\\-][^\s@<>,;:"()[\]\\]*(?:@[^\s@<>,;:"()[\]\\]+)?$/, {
    error: expected.mailAddress,
  })
  .max(maxAddressChars, { error: expected.mailAddress })
const mailAddresses = z
  .union(
    [
      mailAddress.transform((one) => [one]),
      z
        .array(mailAddress)
        .min(1, { error: expected.mailAddresses })
        .max(maxMailAddresses, { error: expected.mailAddresses }),
    ],
    { error: expected.mailAddresses },
  )
  .meta({ title: 'address, or a list of addresses' })

/** `torch <torch@example.com>`, or only the address. It becomes a line of the mail. */
const sender = z
  .string({ error: expected.sender })
  // oxlint-disable-next-line no-control-regex
  .regex(/^(?:[^\0-\x1f\x7f<>",]* <)?[^\s<>,;"]+@[^\s<>,;"]+>?$/, { error: expected.sender })
  .max(maxAddressChars, { error: expected.sender })
  .meta({ title: 'address' })

/** The keys of a target. */
export const target = z
  .strictObject({
    webhook: key(secretUrl, 'a URL that gets each message by POST'),
    format: key(
      z.enum(webhookFormats),
      'of a webhook: what it gets: `json` has all facts, the others are for chat services',
      'json',
    ),
    mail: key(mailAddresses, 'who gets each message by mail'),
    from: key(sender, 'of a mail: its sender'),
    smtp: key(
      secretUrl,
      'of a mail: the server, `smtps://USER@HOST` or `smtp://HOST:PORT`; default: the sendmail of the machine',
    ),
    password: key(secretText, 'of a mail: the password for the server'),
    password_file: key(
      value.path,
      'of a mail: a file with the password; the same as `password: { file }`',
    ),
    command: key(
      value.command,
      'a command that gets the text of each message on its standard input, and the facts as variables',
    ),
  })
  .meta({ anyOf: ['webhook', 'mail', 'command'].map((kind) => ({ required: [kind] })) })

const targetNames = { error: expected.targetNames }
const toTargets = z
  .union(
    [
      value.ownName.transform((one) => [one]),
      z.array(value.ownName.meta({ title: 'name of a target' })),
    ],
    targetNames,
  )
  .meta({ title: 'name, or a list of names' })

const notifyMap = z.strictObject({
  to: key(toTargets, 'names of targets; `[]`: nobody'),
  on: key(
    z
      .array(z.enum([...taskEvents, ...daemonEvents], { error: expected.notifyEvent }), {
        error: expected.notifyEvents,
      })
      .meta({ title: 'list of events' }),
    '`failed`, `recovered`, `missed`, `skipped`, `late`, `stuck`, `gave-up`, `paused`, `resumed`; in `defaults` also `refused` and `daemon-started-after-crash`, which are about the daemon; default: all except `skipped`, `paused` and `resumed`',
  ),
  late_after: key(value.longDuration, 'a start that waits longer than this is `late`'),
  stuck_after: key(value.longDuration, 'a run that takes longer than this is `stuck`'),
  no_success_for: key(value.longDuration, 'send a message if no run has ended `ok` for this long'),
  repeat: key(
    value.longDuration,
    'send a message about the same trouble again after this time',
    '24h',
  ),
})

/** `notify` of a task: names of targets, or a map. */
export const taskNotify = z
  .union([toTargets, notifyMap], { error: expected.notify })
  .transform((written) => (Array.isArray(written) ? { to: written } : written))
  .meta({ title: 'names of targets, or a map' })

const pingMap = z.strictObject({
  url: key(secretUrl, 'the URL'),
  on: key(
    z
      .array(z.enum(pingEvents), { error: expected.pingEvents })
      .min(1, { error: expected.pingEvents }),
    'call the URL as it is after these events; default: as healthchecks.io wants it, with `/start` and `/fail`',
  ),
  ...outside,
})

/** `ping` of a task: the URL, or a map. */
export const ping = z
  .union([plainUrl(expected.ping), pingMap], { error: expected.ping })
  .transform((written) => (typeof written === 'string' ? { url: written } : written))
  .meta({ title: 'URL; or a map' })

const heartbeatMap = z.strictObject({
  url: key(secretUrl, 'the URL'),
  every: key(value.heartbeatPeriod, 'how often it is called', '1m'),
})

export const heartbeat = z
  .union([plainUrl(expected.heartbeat), heartbeatMap], { error: expected.heartbeat })
  .transform((written) => (typeof written === 'string' ? { url: written } : written))
  .meta({ title: 'URL; or a map' })

export const pageUrl = plainUrl(expected.pageUrl).meta({ title: 'URL' })

/** The known keys of a map about messages or pings, for "did you mean"; undefined for another map. */
export function messageKeysAt(path: readonly PropertyKey[]): readonly string[] | undefined {
  const [top, , third] = path
  const own = top === 'tasks' ? path.slice(2) : top === 'defaults' ? path.slice(1) : []
  const secret = Object.keys(outside)
  if (own[0] === 'notify') return own.length === 1 ? Object.keys(notifyMap.shape) : []
  if (own[0] === 'ping') return own.length === 1 ? Object.keys(pingMap.shape) : secret
  if (top === 'heartbeat') return path.length === 1 ? Object.keys(heartbeatMap.shape) : secret
  if (top !== 'notify') return undefined
  if (path.length === 2) return Object.keys(target.shape)
  return third === undefined ? [] : secret
}

export type SecretInput = z.output<typeof secretUrl>
export type TargetInput = z.output<typeof target>
export type TaskNotifyInput = z.output<typeof taskNotify>
export type PingInput = z.output<typeof ping>
export type HeartbeatInput = z.output<typeof heartbeat>

function plainUrl(error: string) {
  return z.string({ error }).regex(/\S/, { error }).max(maxTextChars, { error: expected.shortText })
}
