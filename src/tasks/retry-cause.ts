import type { RetryCause } from './task.ts'

/** As it is written in the tasks file: `75`, `100..110`, `timeout`. */
export function causeText(cause: RetryCause): string {
  if (typeof cause === 'string') return cause
  return cause.from === cause.to ? String(cause.from) : `${cause.from}..${cause.to}`
}
