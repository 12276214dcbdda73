import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { quietly } from '../../host/system-error.ts'
import type { Message } from '../../notify/message.ts'
import type { TargetWindow } from '../../plan/notify/digest.ts'
import { digestText, lineOf } from '../../plan/notify/digest-text.ts'
import { cutBehindValues, hiddenValues, withoutValues } from '../../plan/notify/hidden-values.ts'
import type { Notice } from '../../plan/notify/notice.ts'
import { timeText } from '../../record/history/rows.ts'
import { runDirectory } from '../../run/directory.ts'
import { readEnvFileBytes } from '../../run/env-file-bytes.ts'
import { parseEnvFile } from '../../tasks/file/env-file.ts'
import type { Task } from '../../tasks/task.ts'
import { shellQuoted } from '../../text/shell-quote.ts'
import { defaultHome } from '../settings.ts'

/** How much of an output a message has. */
const maxOutputBytes = 4096
const maxOutputLines = 20
/** How much more is read because of long values. */
const maxLookBackBytes = 64 * 1024

export interface MessagePlace {
  readonly host: Host
  readonly home: string
  readonly hostName: string
  /** Where people find the page. */
  readonly webUrl: string | undefined
}

/** The message for people about a notice. `task` is what the tasks file says of its task. */
export function messageOf(place: MessagePlace, notice: Notice, task: Task | undefined): Message {
  const { kind, run, exitCode, signal, outcome, reason, count } = notice
  const hidden = hiddenOf(place, task)
  return {
    id: idOf(place.hostName, notice.key),
    kind,
    host: place.hostName,
    task: notice.task,
    description: task?.description === undefined ? null : withoutValues(task.description, hidden),
    run,
    at: timeText(notice.atMs),
    since: notice.sinceMs === null ? null : timeText(notice.sinceMs),
    ...{ exitCode, signal, reason: reason && withoutValues(reason, hidden), outcome },
    output: outputOf(place, notice, hidden),
    more: commandFor(place, moreOf(notice)),
    url: urlOf(place, notice),
    ...{ count, ids: null },
  }
}

/** A message that is one of many, as a line. */
export function digestLine(place: MessagePlace, notice: Notice, task: Task | undefined): string {
  const { reason } = notice
  if (reason === null) return lineOf(notice)
  return lineOf({ ...notice, reason: withoutValues(reason, hiddenOf(place, task)) })
}

/** The message that stands for many. */
export function digestMessage(
  place: MessagePlace,
  target: string,
  { startMs, held, lines }: TargetWindow,
  nowMs: number,
): Message {
  return {
    id: idOf(place.hostName, `digest/${target}/${startMs}`),
    ...{ kind: 'digest', host: place.hostName, task: null, description: null, run: null },
    ...{ at: timeText(nowMs), since: timeText(startMs), exitCode: null, signal: null },
    reason: digestText(
      lines.map((text) => ({ text, count: 1 })),
      held - lines.length,
    ),
    ...{ outcome: null, output: null },
    ...statusLink(place),
    ...{ count: held, ids: null },
  }
}

/** Where a digest says that there is more. */
export function statusLink(
  place: Pick<MessagePlace, 'host' | 'home' | 'webUrl'>,
): Pick<Message, 'more' | 'url'> {
  return { more: commandFor(place, 'torch status'), url: place.webUrl ?? null }
}

/** Plain letters, because it becomes part of headers and file names. */
function idOf(hostName: string, key: string): string {
  return createHash('sha256').update(`${hostName}\n${key}`).digest('hex').slice(0, 32)
}

function moreOf({ kind, task, run }: Notice): string {
  if (run !== null && run !== '') return `torch history ${run}`
  if (kind === 'refused') return 'torch validate'
  if (kind === 'missed' && task === null) return 'torch history --outcome missed'
  if (kind === 'missed' || kind === 'skipped') return `torch history ${task}`
  return task === null ? 'torch status' : `torch status ${task}`
}

/** With the home, unless the user of the daemon gets this one without naming it. */
function commandFor({ host, home }: Pick<MessagePlace, 'host' | 'home'>, words: string): string {
  return home === defaultHome(host) ? words : `${words} --home ${shellQuoted(home)}`
}

function urlOf({ webUrl }: MessagePlace, { task, run }: Notice): string | null {
  if (webUrl === undefined) return null
  const fields = new URLSearchParams({ ...(task !== null && { task }), ...(run && { run }) })
  return fields.size === 0 ? webUrl : `${webUrl}/?${String(fields)}`
}

/** The last lines of a run that is in trouble. */
function outputOf(
  place: MessagePlace,
  { kind, task, run }: Notice,
  hidden: readonly string[],
): string | null {
  if (task === null || run === null || run === '' || (kind !== 'failed' && kind !== 'stuck'))
    return null
  const { files } = place.host
  const file = path.join(runDirectory(place.home, task, run), 'output')
  // As bytes: a cut may be within a character.
  const values = hidden.map((value) => Buffer.from(value).toString('latin1'))
  const bytes = quietly(() => {
    const size = files.facts(file)?.size ?? 0
    // A value that begins before the cut must be seen whole.
    const most = maxOutputBytes + Math.min(values[0]?.length ?? 0, maxLookBackBytes)
    const tail = files.readBytes(file, Math.max(0, size - most), most).toString('latin1')
    const at = Math.max(0, tail.length - maxOutputBytes)
    return Buffer.from(tail.slice(cutBehindValues(tail, at, values)), 'latin1')
  })
  if (bytes === undefined || bytes.length === 0) return null
  const text = bytes.toString('utf8').replace(/^\ufffd+/, '')
  const lines = text.trimEnd().split('\n').slice(-maxOutputLines)
  return withoutValues(lines.join('\n'), hidden)
}

/** What the environment of the task has: messages leave the machine. */
function hiddenOf(place: MessagePlace, task: Task | undefined): readonly string[] {
  if (task === undefined) return []
  return hiddenValues([...Object.entries(task.env), ...envFileValues(place, task)])
}

/** An env_file that cannot be read now gives nothing. */
function envFileValues({ host }: MessagePlace, { envFile, user }: Task): [string, string][] {
  if (envFile === undefined) return []
  const read = quietly(() => {
    const account = user === undefined ? undefined : host.accounts.user(user)
    return readEnvFileBytes(host, envFile, account)?.toString('utf8')
  })
  return [...parseEnvFile(read ?? '').values]
}
