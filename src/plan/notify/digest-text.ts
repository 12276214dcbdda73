import { shortened } from '../../text/sanitize.ts'
import { utcTime, utcTimes } from '../../text/utc-time.ts'
import type { Notice } from './notice.ts'

/** Lines of a digest. It says how many more messages there are. */
export const maxLines = 50
/** Characters of the text of a digest. */
export const maxDigestLength = 8_000
/** Characters of a reason in a digest: it is an overview. */
const maxReasonLength = 300

/** A line of a digest. */
export interface DigestLine {
  readonly text: string
  /** How many messages it stands for. */
  readonly count: number
}

/** How much room the text of a digest has. */
export interface Room {
  readonly size: number
  /** What a line takes of it, with its line break. */
  readonly sizeOf: (line: string) => number
}

const ownRoom: Room = { size: maxDigestLength, sizeOf: (line) => line.length + 1 }

/**
 * The text of a digest: its lines, the oldest first, and then how many more messages there are. If not all lines have
 * room, those about what is over go first. Then the lines of a task about the same become one. Then the oldest go.
 * `more`: messages that have no line.
 */
export function digestText(lines: readonly DigestLine[], more: number, room = ownRoom): string {
  const all = more + countOf(lines)
  const left: Room = { ...room, size: room.size - room.sizeOf(moreText(all)) }
  const current = withoutOldest(lines, ({ text }) => endOf(text).isOver, left)
  const shown = withoutOldest(haveRoom(current, left) ? current : merged(current), () => true, left)
  const hidden = all - countOf(shown)
  return [...shown.map(({ text }) => text), ...(hidden > 0 ? [moreText(hidden)] : [])].join('\n')
}

/** What digestText() wrote. An older version may have cut it. */
export function parseDigestText(text: string): {
  readonly lines: readonly DigestLine[]
  readonly more: number
} {
  const lines = text.split('\n').filter((line) => line !== '')
  const more = /^and (\d+) more$/.exec(lines.at(-1) ?? '')?.[1]
  if (more === undefined) return { lines: lines.map(digestLine), more: 0 }
  return { lines: lines.slice(0, -1).map(digestLine), more: Number(more) }
}

/** A message as a line of a digest. */
export function lineOf({
  kind,
  task,
  reason,
  exitCode,
  atMs,
}: Pick<Notice, 'task' | 'reason' | 'exitCode' | 'atMs'> & { readonly kind: string }): string {
  const why = reason ?? (exitCode === null ? null : `exit code ${exitCode}`)
  const who = task ?? 'torch'
  const what = `${who}: ${kind.replaceAll('_', ' ')}`
  if (why === null) return `${utcTime(atMs)} ${what}`
  const short = shortened(utcTimes(why.replace(/\s*\n\s*/g, ' ')), maxReasonLength)
  return `${utcTime(atMs)} ${what} (${short})`
}

/** The line of a trouble that is over since then. */
export function overSince(line: string, atMs: number): string {
  return `${line}, over since ${utcTime(atMs)}`
}

/** A line with the number of messages that it stands for: a line of what is over also stands for the recovery. */
export function digestLine(text: string): DigestLine {
  const { times, isOver } = endOf(text)
  return { text, count: times + (isOver ? 1 : 0) }
}

const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`
const startPattern = new RegExp(String.raw`^(${time}) (\S+: [a-z -]*[a-z])`)
const endPattern = new RegExp(`(?:, (\\d+) times since (${time}))?(, over since ${time})?$`)

/** When it was, and the task with what happened to it. undefined: another version wrote the line. */
function startOf(
  text: string,
): { readonly at: string | undefined; readonly what: string | undefined } | undefined {
  const [, at, what] = startPattern.exec(text) ?? []
  return what === undefined ? undefined : { at, what }
}

function endOf(text: string) {
  const [end = '', times = '1', since, over] = endPattern.exec(text) ?? []
  return { length: end.length, times: Number(times), since, isOver: over !== undefined }
}

function moreText(count: number): string {
  return `and ${count} more`
}

function countOf(lines: readonly DigestLine[]): number {
  return lines.reduce((sum, { count }) => sum + count, 0)
}

function haveRoom(lines: readonly DigestLine[], room: Room): boolean {
  return lines.length <= maxLines && sizeOf(lines, room) <= room.size
}

function sizeOf(lines: readonly DigestLine[], room: Room): number {
  return lines.reduce((sum, { text }) => sum + room.sizeOf(text), 0)
}

/** Without the oldest of those that may go, until the others have room. */
function withoutOldest(
  lines: readonly DigestLine[],
  mayGo: (line: DigestLine) => boolean,
  room: Room,
): readonly DigestLine[] {
  let number = lines.length
  let size = sizeOf(lines, room)
  return lines.filter((line) => {
    if ((number <= maxLines && size <= room.size) || !mayGo(line)) return true
    number -= 1
    size -= room.sizeOf(line.text)
    return false
  })
}

/** Of the lines of a task about the same only the newest, which says how often it was, and since when. */
function merged(lines: readonly DigestLine[]): readonly DigestLine[] {
  const newest = new Map<string, DigestLine>()
  for (const [index, line] of lines.entries()) {
    const what = startOf(line.text)?.what ?? String(index)
    const before = newest.get(what)
    newest.delete(what)
    newest.set(what, before === undefined ? line : both(before, line))
  }
  return [...newest.values()]
}

function both(before: DigestLine, line: DigestLine): DigestLine {
  const { length } = endOf(line.text)
  const count = before.count + line.count
  const since = endOf(before.text).since ?? startOf(before.text)?.at ?? ''
  const text = line.text.slice(0, line.text.length - length)
  return { text: `${text}, ${count} times since ${since}`, count }
}
