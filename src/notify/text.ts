import { digestText, parseDigestText, type Room } from '../plan/notify/digest-text.ts'
import { counted } from '../text/plural.ts'
import { plainLine, plainText } from '../text/sanitize.ts'
import { utcTimes } from '../text/utc-time.ts'
import type { Message, MessageKind } from './message.ts'

/** What happened, on one line: the subject of a mail. */
export function titleOf({ kind, task, host, count }: Message): string {
  const who = plainLine(task ?? 'torch')
  const where = `on ${plainLine(host)}`
  const words: Readonly<Record<MessageKind, string>> = {
    failed: `${who} failed ${where}`,
    recovered:
      task === null ? `the tasks file is good again ${where}` : `${who} is ok again ${where}`,
    missed:
      task === null
        ? `torch was down ${where} and missed ${counted(count, 'start')}`
        : `${who} missed ${count > 1 ? counted(count, 'start') : 'a start'} ${where}`,
    skipped: `${who} skipped ${count > 1 ? counted(count, 'start') : 'a start'} ${where}`,
    late: `${who} is late ${where}`,
    stuck: `${who} has been running for too long ${where}`,
    no_success_for: `${who} has not succeeded for too long ${where}`,
    'gave-up': `${who} was given up ${where}`,
    paused: `${who} is paused ${where}`,
    resumed: `${who} is no longer paused ${where}`,
    refused: `the tasks file was refused ${where}`,
    'daemon-started-after-crash': `the torch daemon started after a crash ${where}`,
    digest: `${counted(count, 'message')} from torch ${where}`,
    test: `test message from torch ${where}`,
  }
  // A later version of torch may have put it into the outbox.
  return Object.hasOwn(words, kind) ? words[kind] : `${who}: ${plainLine(kind)} ${where}`
}

/** The facts of a message as names and values, in the order in which people want them. */
export function factsOf(message: Message): (readonly [string, string])[] {
  const { at, since, exitCode, signal, reason, run, more, url, kind, description } = message
  const facts: readonly (readonly [string, string | null])[] = [
    ['description', description && description.trim().replace(/\s+/g, ' ')],
    ['when', utcTimes(at)],
    ['since', since === null || since === at ? null : utcTimes(since)],
    ['exit code', exitCode === null ? null : String(exitCode)],
    ['signal', signal],
    ['reason', kind === 'digest' ? null : reason && utcTimes(reason)],
    ['run', run],
    ['see more', more],
    ['page', url],
  ]
  return facts.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [[name, plainLine(value)] as const],
  )
}

/** The lines of a digest that have room, with how many more messages there are. Empty for all others. */
export function digestLines({ kind, reason }: Message, room?: Room): string[] {
  if (kind !== 'digest' || reason === null) return []
  const { lines, more } = parseDigestText(plainText(reason))
  return digestText(lines, more, room).split('\n')
}

/** The end of the output, without colours; undefined if there is none. */
export function outputOf({ output }: Message): string | undefined {
  const text = plainText((output ?? '').replaceAll('\r\n', '\n').replace(escapes, '')).trimEnd()
  return text.trim() === '' ? undefined : text
}

/** Everything as plain text: for mail and commands. It ends with a newline. */
export function textOf(message: Message): string {
  const facts = factsOf(message)
  const width = Math.max(...facts.map(([name]) => name.length))
  const output = outputOf(message)
  const lines = [
    titleOf(message),
    '',
    ...digestLines(message),
    ...(message.kind === 'digest' ? [''] : []),
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...(output === undefined ? [] : ['', 'the last lines of its output:', '', output]),
  ]
  return `${lines.join('\n')}\n`
}

/** Colours and other escape sequences of a terminal (ECMA-48). */
// oxlint-disable-next-line no-control-regex
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g
