import { parseField } from '../../schedule/parse-field.ts'
import { fields } from '../../schedule/field.ts'
import { showValue } from '../../tasks/file/expected.ts'
import type { Note } from '../imported.ts'
import type { CronLine } from './cron-lines.ts'

/*
 * What people write into the commands of a crontab because cron cannot do it. Such a command is imported as it is, and a
 * note says which key of torch does the same.
 */

/**
 * `flock [OPTIONS] FILE COMMAND`. A number in place of the file is a descriptor that the shell has opened. Options may
 * have a number behind them.
 */
const flock =
  /(?<![^\s;&|(])(?:\/(?:usr\/)?bin\/)?flock((?:[ \t]+-\S+(?:[ \t]+[\d.]+(?=[ \t]))?)*)[ \t]+(?!-)("[^"]+"|'[^']+'|[^\s;&|<>()"']+)[ \t]/

/** Only the beginning of a command is searched. */
const maxSearchedChars = 2000

/** The notes on jobs that take turns by a lock: at the first job of each file, if it has several. */
export function lockNotes(lines: readonly CronLine[]): ReadonlyMap<number, Note> {
  const jobs = new Map<string, number[]>()
  for (const line of lines) {
    const file = line.kind === 'entry' ? lockFile(line.rest) : undefined
    if (file === undefined) continue
    const known = jobs.get(file)
    if (known === undefined) jobs.set(file, [line.line])
    else known.push(line.line)
  }
  const notes = new Map<number, Note>()
  for (const [file, [first = 0, ...others]] of jobs)
    if (others.length > 0) notes.set(first, { message: lockMessage(file, others.length + 1) })
  return notes
}

function lockMessage(file: string, jobs: number): string {
  const now = `${jobs} jobs lock ${showValue(file)} with flock, so only one of them runs at a time`
  return `${now}; a pool with one place does the same, and torch status shows what waits: see the keys pool and overlap`
}

function lockFile(command: string): string | undefined {
  const [, options = '', written = ''] = flock.exec(command.slice(0, maxSearchedChars)) ?? []
  const file = written.replace(/^(["'])(.*)\1$/s, '$2')
  // Several jobs may have a shared lock at the same time.
  const isShared = /[ \t]-(?:-shared|[a-z]*s[a-z]*)(?![^ \t])/.test(options)
  return file === '' || /^\d+$/.test(file) || isShared ? undefined : file
}

/** `$(date -d tomorrow +%d)` compared with 01: on the last day of a month. */
const lastDayTest =
  /(?:\$\(|`)[ \t]*date\b(?=[^)`]*\btomorrow\b)(?=[^)`]*\+["']?%-?d\b)[^)`]*[)`]"?[ \t]*(?:==?|-eq)[ \t]*["']?0?1\b/

/** The note on a job that tests in its command whether this is the last day of the month. */
export function lastDayNote(when: readonly string[], command: string): Note[] {
  const [minute, hour, day = '', month, weekday] = when
  if (weekday !== '*' || !lastDayTest.test(command.slice(0, maxSearchedChars))) return []
  if (!hasAllLastDays(day)) return []
  const better = showValue([minute, hour, 'L', month, weekday].join(' '))
  const message = `the command tests for the last day of the month; the schedule ${better} is due only on that day`
  return [{ message }]
}

function hasAllLastDays(text: string): boolean {
  const day = fields.find(({ name }) => name === 'day')
  const parsed = day && parseField(day, text, '')
  return (
    parsed?.ok === true && ['28', '29', '30', '31'].every((each) => parsed.values.includes(each))
  )
}
