import { maxTextChars } from './limits.ts'

/**
 * What a value should be, in torch's own words: `expected <one of these>; got "three"`. The schema
 * gives them to its parts, and hints.ts recognises them.
 */
export const expected = {
  shortText: `text of at most ${maxTextChars} characters`,
  map: 'a map',
  list: 'a list',
  text: 'text that is not empty',
  flag: 'true or false',
  duration: 'a duration with a unit, such as 30s, 5m or 1h30m',
  longDuration: 'a duration of more than 0, such as 30s, 5m or 1h30m',
  size: 'a size with a unit, such as 512kB, 10MB or 1GiB',
  seconds: 'a whole number of seconds of at least 1, or a duration such as 5m',
  max: 'a whole number of at least 1, or "unlimited"',
  input: '"none", "live" or "queue", or a map with mode and format',
  url: 'a URL, or a path within a source such as ops:bin/report',
  script: 'a URL, or a path within a source such as ops:bin/report, or a map with url',
  sha256: 'a SHA-256 sum of 64 hexadecimal digits',
  update: '"never", "always", or a duration of at least 1m',
  scriptSize: 'a size from 1B to 100MB',
  secretUrl: 'a URL, or a map with file or env',
  secretText: 'text, or a map with file or env',
  ping: 'a URL, or a map with url and on',
  pingEvents: 'a list of "start", "ok" and "failed"',
  heartbeat: 'a URL, or a map with url and every',
  heartbeatPeriod: 'a duration of at least 10s, such as 1m',
  pageUrl: 'a URL, such as https://torch.example.com',
  mailAddress: 'a mail address, such as ops@example.com',
  mailAddresses: 'a mail address, or a list of 1 to 50',
  sender: 'a mail address, or "Name <address>"',
  targetNames: 'the name of a target, or a list of names',
  notify: 'names of targets, or a map with to and on',
  notifyEvent:
    '"failed", "recovered", "missed", "skipped", "late", "stuck", "no_success_for", "gave-up", "paused" or "resumed", or in defaults "refused" or "daemon-started-after-crash"',
  notifyEvents: 'a list of events, such as [failed, missed]',
  fence: 'a duration of at least 15s, or "off"',
  startWithin: 'a duration from 5s to 10m',
  listen:
    'an address such as 80, "0.0.0.0:80", "[::1]:80" or "unix:/run/app.sock", or a list or map of at most three',
  address: 'an address such as 80, "0.0.0.0:80", "[::1]:80" or "unix:/run/app.sock"',
  addresses: 'one to three addresses',
  port: 'a port from 1 to 65535',
  oneLine: 'text without line breaks and control characters',
  ownName: 'a name of letters, digits, ".", "_" and "-" that begins with a letter',
  sourceUrl: 'a URL with one %s for the path, such as https://git.example.com/ops/%s',
  moment: 'a date such as 2026-12-01, or a time such as 2026-12-01T08:00',
  date: 'a date such as 2026-01-05',
  cycle: 'a map such as { weeks: 2, from: 2026-01-05 }',
  calendarNames: 'the name of a calendar, or a list of names',
  calendar: 'a list of dates and ranges, or a map with file',
  calendarEntry: 'a date such as 2026-12-25 or 12-25, or a range such as 2026-12-24..2027-01-01',
  after: 'the name of a task, or a list of names, or a map with tasks and outcome',
  poolNames: 'the name of a pool, or a list of names',
  command: 'a command: text for the shell, or a list of words',
  program: 'a list of words that begins with the program',
  schedule: 'a schedule such as "30 2 * * *", or a list of schedules',
  shell: 'an absolute path, such as /bin/bash',
  umask: 'octal digits from 0 to 0777, such as 022',
  account: 'a name or a number',
  envName: 'a name of letters, digits and _ that does not begin with a digit',
  envOwn: 'a name that does not begin with TORCH_: torch sets those itself',
  scalar: 'text, a number, true or false',
  labelName: 'a name without spaces and =',
  taskName:
    'a name of at most 100 letters, digits, ".", "_" and "-" that begins with a letter or digit',
  groupName: 'a name of letters, digits, "_" and "-"',
  entries: 'a list of at least one group, address, CIDR block, host name or pattern',
  entry: 'a group, address, CIDR block, host name or pattern',
  network: 'an address, or a CIDR block with a prefix of at most 32 (IPv6: 128)',
  codes: 'a list of at least one exit code',
  code: 'an exit code from 0 to 255',
  retryCauses: 'a list such as [75, 100..110, timeout, signal, spawn-failed]',
  retryCause:
    'an exit code from 0 to 255, a range of them such as 100..110, "timeout", "signal" or "spawn-failed"',
} as const

/** `"skip", "queue" or "replace"` */
export function listOf(choices: readonly string[]): string {
  return choices.length < 2
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

/** A longer value is cut when it is shown. */
const maxShownChars = 60

/** A found value in a message: text in quotes, maps and lists only by their kind. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value)
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`
}

/** Only the kind of a value, for values that may be secret. */
export function showKind(value: unknown): string {
  if (value === '') return 'an empty text'
  if (typeof value === 'string') return 'text'
  return typeof value === 'number' ? 'a number' : showValue(value)
}
