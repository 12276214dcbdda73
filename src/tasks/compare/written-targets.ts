import { formatDuration } from '../../text/duration.ts'
import type { FileNotify, Secret, Target } from '../notify.ts'

/** A value of the file as it is shown; null if there is none. */
type Shown = string | readonly string[] | null

/** A key of the file, with what is shown of its value, and with all that it means. */
export interface FileKey {
  readonly key: string
  readonly shown: Shown
  readonly meaning: string
}

/** The keys of a file about messages that are outside of its tasks: `notify.ops.webhook`, `heartbeat.url`, `web_url`. */
export function fileKeys({ targets, daemon, heartbeat, webUrl }: FileNotify): FileKey[] {
  const keys = [
    ...targets.flatMap((target) =>
      targetKeys(target).map(([key, value]) => [`notify.${target.name}.${key}`, value] as const),
    ),
    // Who gets messages about the daemon, and about which of its events.
    ['defaults.notify.to', daemon.to.length === 0 ? null : daemon.to],
    ['defaults.notify.on', daemon.to.length === 0 ? null : daemon.on],
    ['heartbeat.url', heartbeat?.url ?? null],
    ['heartbeat.every', heartbeat === undefined ? null : formatDuration(heartbeat.everyMs)],
    ['web_url', webUrl ?? null],
  ] as const
  return keys.flatMap(([key, value]) => {
    if (value === null) return []
    const isSecret = secretKeys.test(key)
    const shown = typeof value === 'string' && !isSecret ? value : shownValue(value)
    return [{ key, shown, meaning: JSON.stringify(value) }]
  })
}

const secretKeys = /\.(?:url|webhook|smtp|password)$/

type Value = Secret | readonly string[] | null

function targetKeys(target: Target): (readonly [string, Value])[] {
  switch (target.kind) {
    case 'webhook':
      return [
        ['webhook', target.url],
        ['format', target.format],
      ]
    case 'mail':
      return [
        ['mail', target.to],
        ['from', target.from],
        ['smtp', target.smtp],
        ['password', target.password],
      ]
    case 'command':
      return [['command', target.command]]
  }
}

function shownValue(value: Exclude<Value, null>): Shown {
  return typeof value === 'object' && !('file' in value) && !('env' in value)
    ? value
    : shownSecret(value)
}

/** Whoever has the URL of a ping or a target can use it, so only its host is shown. A password is not shown at all. */
export function shownSecret(secret: Secret): string {
  if (typeof secret !== 'string') return 'file' in secret ? secret.file : `$${secret.env}`
  if (!URL.canParse(secret)) return '…'
  const { protocol, host } = new URL(secret)
  return `${protocol}//${host}/…`
}
