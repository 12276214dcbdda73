import { randomUUID } from 'node:crypto'

const randomDigits = 6

/** A run id: sorts by time to the millisecond, `20261121T071700.123-4f2a9c`. */
export function newRunId(nowMs: number): string {
  // The first digits of one of these are random; and they are made many at a time, which is faster.
  return `${runStamp(nowMs)}-${randomUUID().slice(0, randomDigits)}`
}

/** What a run id begins with: ids of before that time are less, later ones are greater. */
export function runStamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:Z]/g, '')
}

/** Whether a word looks like a run id, and not like a task. */
export function isRunId(word: string): boolean {
  return /^\d{8}T\d{6}\.\d{3}-[0-9a-f]{6}$/.test(word)
}

/** Whether a word looks like the first part of a run id, at least its day: no name of a task does. */
export function beginsRunId(word: string): boolean {
  return /^\d{8}T[\d.]*(-[0-9a-f]*)?$/.test(word)
}

/** When the run of an id was started, in milliseconds since the epoch. */
export function startOfRun(run: string): number {
  const [, day = '', hour = '', minute = '', second = ''] =
    /^(\d{8})T(\d\d)(\d\d)(\d\d\.\d{3})/.exec(run) ?? []
  const date = day.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
  return Date.parse(`${date}T${hour}:${minute}:${second}Z`)
}

/** A second since the epoch, as slots are written: `2026-11-21T07:17:00Z`. */
export function secondText(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000', '')
}
